"""Layers and blocks of layers: functions and classes from tensor to tensor."""
