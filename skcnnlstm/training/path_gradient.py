"""Average the gradient of an output with respect to windows along a path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training._tensorflow_path import path_gradient_function
from skcnnlstm.training.network_config import building_layers


class PathGradient:
    """The gradient of one output of a graph, averaged between two windows.

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
        self._n_outputs = int(np.prod(output_shape))
        with building_layers():
            self._average = path_gradient_function(run, shape, output_shape)

    def __call__(
        self,
        start: np.ndarray,
        difference: np.ndarray,
        nodes: np.ndarray,
        weights: np.ndarray,
        output: int,
    ) -> np.ndarray:
        """Return the gradients between ``start`` and ``start + difference``.

        Parameters
        ----------
        start, difference : ndarray of shape (n, *shape)
        nodes, weights : ndarray of shape (n_nodes,)
            Positions between 0 and 1, and the weights of the gradients there.
        output : int
            Position of the output among all outputs, in C order.

        Returns
        -------
        gradients : ndarray of shape (n, *shape), float32
        """
        one_hot = np.zeros(self._n_outputs)
        one_hot[output] = 1
        arrays = start, difference, nodes, weights, one_hot
        tensors = [backend.tensor(np.asarray(a, np.float32)) for a in arrays]
        return backend.array(self._average(*tensors))
