"""Tests of gradients with respect to windows."""

import keras
import numpy as np
from numpy.testing import assert_allclose

from skcnnlstm.training import WindowGradient

WINDOWS = np.random.default_rng(0).normal(size=(5, 4, 3))


def test_the_gradient_of_one_output():
    def run(windows):  # two outputs: the sum of squares and the sum of cubes
        flat = keras.ops.reshape(windows, (-1, 12))
        powers = [keras.ops.sum(flat**power, axis=1) for power in (2, 3)]
        return keras.ops.stack(powers, axis=1)

    gradient = WindowGradient(run, (4, 3), (2,))
    for position, power in enumerate((2, 3)):
        found, values = gradient(WINDOWS, position)
        assert found.dtype == values.dtype == np.float32
        assert_allclose(found, power * WINDOWS ** (power - 1), rtol=1e-5)
        assert_allclose(values, (WINDOWS**power).sum(axis=(1, 2)), rtol=1e-5)


def test_any_number_of_windows_uses_the_same_trace():
    traces = []

    def run(windows):
        traces.append(1)
        return keras.ops.sum(windows, axis=(1, 2))

    gradient = WindowGradient(run, (4, 3), ())
    for n in (1, 5):
        ones, values = gradient(WINDOWS[:n], 0)
        assert_allclose(ones, np.ones((n, 4, 3)))
        assert values.shape == (n,)
    assert len(traces) == 1
