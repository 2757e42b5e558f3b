"""Tests of gradients along a path."""

import keras
import numpy as np
from numpy.testing import assert_allclose

from skcnnlstm.training import PathGradient

rng = np.random.default_rng(0)
START, DIFFERENCE = rng.normal(size=(2, 5, 4, 3))


def test_the_gradient_of_one_output_is_averaged_over_the_nodes():
    def run(windows):  # two outputs: the sum of squares and the sum of cubes
        flat = keras.ops.reshape(windows, (-1, 12))
        powers = [keras.ops.sum(flat**power, axis=1) for power in (2, 3)]
        return keras.ops.stack(powers, axis=1)

    gradient = PathGradient(run, (4, 3), (2,))
    nodes, weights = np.array([0.0, 0.5, 1.0]), np.array([0.25, 0.5, 0.25])
    squares = gradient(START, DIFFERENCE, nodes, weights, 0)
    assert squares.dtype == np.float32
    assert_allclose(squares, 2 * (START + DIFFERENCE / 2), rtol=1e-5)
    cubes = sum(
        weight * 3 * (START + node * DIFFERENCE) ** 2
        for node, weight in zip(nodes, weights, strict=True)
    )
    assert_allclose(gradient(START, DIFFERENCE, nodes, weights, 1), cubes, rtol=1e-4)


def test_any_number_of_windows_and_nodes_uses_the_same_trace():
    traces = []

    def run(windows):
        traces.append(1)
        return keras.ops.sum(windows, axis=(1, 2))

    gradient = PathGradient(run, (4, 3), ())
    for n, n_nodes in ((1, 2), (5, 8)):
        weights = np.full(n_nodes, 1 / n_nodes)
        ones = gradient(START[:n], DIFFERENCE[:n], weights, weights, 0)
        assert_allclose(ones, np.ones((n, 4, 3)), rtol=1e-6)
    assert len(traces) == 1
