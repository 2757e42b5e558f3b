"""Helpers for tests of networks: shapes, parameter counts and rejected parameters."""

import re

import pytest


def class_name(estimator):
    """Return the name of an estimator's class, as the id of a parametrized test."""
    return type(estimator).__name__


def layer_shapes(model):
    """Return the output shape of each layer of a network, without the batch axis.

    For a layer with several outputs, it is the shape of the first one.
    """
    outputs = {layer.name: layer.output for layer in model.layers}
    return {
        name: tuple((out[0] if isinstance(out, list | tuple) else out).shape[1:])
        for name, out in outputs.items()
    }


def count_conv(kernel_size, channels, filters):
    """Count the parameters of a convolution."""
    return (kernel_size * channels + 1) * filters


def count_lstm(n_features, units):
    """Count the parameters of an LSTM layer."""
    return 4 * units * (n_features + units + 1)


def count_dense(n_features, units):
    """Count the parameters of a dense layer."""
    return (n_features + 1) * units


def check_fit_raises(estimator, error, message, X, y):
    """Check that `fit` raises an error whose text contains `message`.

    The error must leave the estimator unchanged.
    """
    with pytest.raises(error, match=re.escape(message)):
        estimator.fit(X, y)
    assert vars(estimator) == estimator.get_params()
