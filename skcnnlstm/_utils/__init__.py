"""Helpers that depend on no model."""
