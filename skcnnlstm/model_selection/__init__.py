"""Cross-validation splitters, backtests and leakage checks."""
