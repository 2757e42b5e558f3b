"""Compute the gradient of an output with respect to windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training._tensorflow_window_gradient import window_gradient_function
from skcnnlstm.training.network_config import building_layers


class WindowGradient:
    """The gradient of one output of a graph with respect to the windows.

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
            self._gradient = window_gradient_function(run, shape, output_shape)

    def __call__(
        self, windows: np.ndarray, output: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient and the value of an output, for each window.

        Parameters
        ----------
        windows : ndarray of shape (n, *shape)
        output : int
            Position of the output among all outputs, in C order.

        Returns
        -------
        gradients : ndarray of shape (n, *shape), float32
        values : ndarray of shape (n,), float32
        """
        one_hot = np.zeros(self._n_outputs, np.float32)
        one_hot[output] = 1
        gradients, values = self._gradient(
            backend.tensor(np.asarray(windows, np.float32)), backend.tensor(one_hot)
        )
        return backend.array(gradients), backend.array(values)
