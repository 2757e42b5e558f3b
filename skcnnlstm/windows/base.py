"""Base classes of the transformers of windows."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import validate_data

from skcnnlstm._utils import validation as _check
from skcnnlstm._utils.sklearn_callbacks import CallbackSupportMixin


class _KeepsArrays:
    """What transformers whose output fits no table share."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing: windows of three dimensions or more fit no table.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Ignored: the output stays an array.

        Returns
        -------
        self : estimator instance
            The transformer itself.
        """
        return self


class _ReadsWindows(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """What transformers of windows share: the check of their input, and their tags."""

    _max_ndim = 3
    _shape: tuple[int, ...]

    def _check_windows(
        self, X: Any, *, reset: bool
    ) -> tuple[NDArray[Any], NDArray[np.intp]]:
        windows = _check.check_windows(X, estimator=self, max_ndim=self._max_ndim)
        missing = _check.missing_history(windows)
        if not reset:
            validate_data(self, X, reset=False, skip_check_array=True)
            _check.check_window_shape(self, windows, self._shape)
        return windows, missing

    def _remember(self, X: Any, windows: NDArray[Any]) -> None:
        """Set what `fit` learns of its input, once nothing can fail any more."""
        validate_data(self, X, reset=True, skip_check_array=True)
        self._shape = windows.shape[1:]

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that windows of 3-D are welcome and types stay."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
