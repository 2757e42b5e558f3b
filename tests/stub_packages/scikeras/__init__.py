"""A stub of scikeras for tests/test_without_scikeras.py."""
