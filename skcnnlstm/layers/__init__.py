"""Keras layers, and blocks of layers, that architectures share."""
