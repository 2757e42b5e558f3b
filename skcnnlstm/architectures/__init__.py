"""One room an architecture: its network, its hyper-parameters, its two classes."""
