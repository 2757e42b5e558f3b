"""Average the gradient of an output with respect to the window, along a path."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training._tensorflow_path_gradient import path_gradient_function
from skcnnlstm.training.network_config import building_layers


def _gauss_radau(n_nodes: int) -> tuple[list[float], list[float]]:
    """Return nodes and weights of a quadrature between 0 and 1; the last node is 1.

    The quadrature is exact for polynomials of degree ``2 * n_nodes - 2`` [1]_.

    References
    ----------
    .. [1] Abramowitz, M. and Stegun, I. A. (1964). Handbook of mathematical functions,
       formula 25.4.31.
    """
    legendre = np.polynomial.legendre
    both = [*[0] * (n_nodes - 1), 1, 1]  # P_{n-1} + P_n, which is zero at -1
    x = np.sort(legendre.legroots(both).real)[1:]
    last = legendre.legval(x, [*[0] * (n_nodes - 1), 1])
    weights = (1 - x) / (n_nodes * last) ** 2
    nodes = [*((1 - x[::-1]) / 2), 1.0]
    return nodes, [*(weights[::-1] / 2), 1 / n_nodes**2]


# The right end of a part is a node, so the outputs there need no separate computation.
# The left end is not a node, because it may be a constant window, a common baseline. In
# a constant window, all values of a max pooling are equal, and the gradient differs
# from the gradient at every other point of the path.
NODES, WEIGHTS = _gauss_radau(4)


class PathGradient:
    """Compute the gradient of one output, averaged along parts of straight paths.

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
        """Return the mean gradients and the outputs at the right ends.

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
            Mean gradient of each path part.
        values : ndarray of shape (n,), float32
            Output at the right end of each path part.
        """
        one_hot = np.zeros(self._n_outputs)
        one_hot[output] = 1
        arrays = start, difference, left, right, one_hot
        tensors = [backend.tensor(np.asarray(a, np.float32)) for a in arrays]
        gradients, values = self._average(*tensors)
        return backend.array(gradients), backend.array(values)
