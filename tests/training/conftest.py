"""Fixtures of the tests of training."""

from collections import Counter, OrderedDict

import keras
import pytest
import tensorflow as tf

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training import cache


@pytest.fixture
def empty_cache(monkeypatch):
    """Start with an empty cache; restore the programs of other tests afterwards."""
    monkeypatch.setattr(cache, "_idle", [])
    monkeypatch.setattr(cache, "_predictions", OrderedDict())


@pytest.fixture
def traces(monkeypatch, empty_cache):
    """Count the traced functions, starting with an empty cache."""
    counts = Counter()

    def count_calls(owner, name):
        original = getattr(owner, name)

        def counted(*args, **kwargs):
            counts[name] += 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    for name in ("epoch_function", "evaluate_function", "predict_function"):
        count_calls(backend, name)
    count_calls(tf, "gradients")
    return counts


@pytest.fixture
def unregister_activation():
    """Remove the activation "bend" from Keras' registry after the test."""
    yield
    keras.saving.get_custom_objects().pop("tests>bend", None)
