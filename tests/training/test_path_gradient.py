"""Tests of gradients along a path."""

import keras
import numpy as np
from numpy.testing import assert_allclose

from skcnnlstm.training import PathGradient
from skcnnlstm.training.path_gradient import NODES, WEIGHTS

rng = np.random.default_rng(0)
START, DIFFERENCE = rng.normal(size=(2, 5, 4, 3))
LEFT, RIGHT = np.array([0, 0, 0.5, 0.25, 0]), np.array([1, 0.5, 1, 0.75, 1])


def at(position):
    return START + position[:, np.newaxis, np.newaxis] * DIFFERENCE


def test_quadrature_is_exact_for_polynomials():
    for power in range(7):
        assert_allclose(np.dot(WEIGHTS, np.power(NODES, power)), 1 / (power + 1))


def test_the_gradient_of_one_output_is_averaged_over_a_part_of_the_path():
    def run(windows):  # two outputs: the sum of squares and the sum of cubes
        flat = keras.ops.reshape(windows, (-1, 12))
        powers = [keras.ops.sum(flat**power, axis=1) for power in (2, 3)]
        return keras.ops.stack(powers, axis=1)

    gradient = PathGradient(run, (4, 3), (2,))
    squares, values = gradient(START, DIFFERENCE, LEFT, RIGHT, 0)
    assert squares.dtype == np.float32
    assert_allclose(squares, at(LEFT) + at(RIGHT), rtol=1e-4, atol=1e-5)
    assert_allclose(values, (at(RIGHT) ** 2).sum(axis=(1, 2)), rtol=1e-5)
    cubes, _ = gradient(START, DIFFERENCE, LEFT, RIGHT, 1)
    left, right = at(LEFT), at(RIGHT)
    mean = left**2 + left * right + right**2
    assert_allclose(cubes, mean, rtol=1e-4, atol=1e-5)


def test_any_number_of_windows_uses_the_same_trace():
    traces = []

    def run(windows):
        traces.append(1)
        return keras.ops.sum(windows, axis=(1, 2))

    gradient = PathGradient(run, (4, 3), ())
    for n in (1, 5):
        ones, values = gradient(START[:n], DIFFERENCE[:n], LEFT[:n], RIGHT[:n], 0)
        assert_allclose(ones, np.ones((n, 4, 3)), rtol=1e-6)
        assert values.shape == (n,)
    assert len(traces) == 1
