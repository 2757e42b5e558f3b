"""Helpers that do not depend on any model."""
