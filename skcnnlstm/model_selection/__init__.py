"""Splitters, backtests and leakage checks."""
