"""Base classes of transformers that read or return windows."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import validate_data

from skcnnlstm._utils.doc_link import DocLinkMixin
from skcnnlstm._utils.sklearn_callbacks import CallbackSupportMixin
from skcnnlstm._utils.validation import (
    check_window_shape,
    check_windows,
    count_missing_history,
    to_plain,
)


class ArrayOutputMixin:
    """Mixin for transformers that always return arrays, not tables."""

    def set_output(self, *, transform: str | None = None) -> Self:
        """Do nothing, because a table cannot hold windows of three or more dimensions.

        A Pipeline calls this method on each of its steps, so it must exist.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Ignored. The output stays an array.

        Returns
        -------
        self : estimator instance
            The transformer itself.
        """
        return self


class WindowTransformer(
    DocLinkMixin, CallbackSupportMixin, TransformerMixin, BaseEstimator
):
    """Base class of transformers of windows, with input validation and tags."""

    _max_ndim = 3
    _shape: tuple[int, ...]  # of one window seen during fit

    def _check_windows(
        self, X: Any, *, reset: bool
    ) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """Return validated windows, and the number of missing steps of each window.

        A missing step is a step at the start of a window in which every feature is NaN.
        With ``reset=False``, raise if the windows differ in shape from those of `fit`.
        """
        X = to_plain(X)
        windows = check_windows(X, estimator=self, max_ndim=self._max_ndim)
        missing = count_missing_history(windows)
        if not reset:
            validate_data(self, X, reset=False, skip_check_array=True)
            check_window_shape(self, windows, self._shape)
        return windows, missing

    def _set_fitted_shape(self, X: Any, windows: NDArray[Any]) -> None:
        """Set the fitted attributes that describe `X`.

        Call this after all checks of `fit`, so that a failed `fit` changes nothing.
        """
        validate_data(self, to_plain(X), reset=True, skip_check_array=True)
        self._shape = windows.shape[1:]

    def __sklearn_tags__(self) -> Any:
        """Return tags: 3-D input is allowed and floating types are preserved."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
