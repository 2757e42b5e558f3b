"""Average the gradient of an output with respect to windows along a path."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training._tensorflow_path import path_gradient_function
from skcnnlstm.training.network_config import building_layers

# Gauss-Lobatto quadrature between 0 and 1, exact for polynomials of degree 7. Both ends
# are nodes, so it also computes the outputs there.
_INNER = math.sqrt(3 / 7) / 2
NODES = 0.0, 0.5 - _INNER, 0.5, 0.5 + _INNER, 1.0
WEIGHTS = 1 / 20, 49 / 180, 16 / 45, 49 / 180, 1 / 20


class PathGradient:
    """The gradient of one output of a graph, averaged along parts of straight paths.

    Parameters
    ----------
    run : callable
        Maps a float32 tensor of windows to their outputs.
    shape, output_shape : tuple of int
        Shapes of one window and of its outputs.
    """

    def __init__(
        self,
        run: Callable[[Any], Any],
        shape: tuple[int, ...],
        output_shape: tuple[int, ...],
    ):
        self._n_outputs = math.prod(output_shape)
        with building_layers():
            self._average = path_gradient_function(
                run, shape, output_shape, NODES, WEIGHTS
            )

    def __call__(
        self,
        start: np.ndarray,
        difference: np.ndarray,
        left: np.ndarray,
        right: np.ndarray,
        output: int,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean gradients and the outputs at the ends.

        Parameters
        ----------
        start, difference : ndarray of shape (n, *shape)
            The paths ``start + t * difference``.
        left, right : ndarray of shape (n,)
            The part of each path: t is between `left` and `right`.
        output : int
            Position of the output among all outputs, in C order.

        Returns
        -------
        gradients : ndarray of shape (n, *shape), float32
        ends : ndarray of shape (n, 2), float32
        """
        one_hot = np.zeros(self._n_outputs)
        one_hot[output] = 1
        arrays = start, difference, left, right, one_hot
        tensors = [backend.tensor(np.asarray(a, np.float32)) for a in arrays]
        gradients, ends = self._average(*tensors)
        return backend.array(gradients), backend.array(ends)
