"""Report the progress of a fit to scikit-learn's callbacks (version 1.9 and later).

In older versions of scikit-learn, `set_callbacks` does not exist. The functions and
classes of this module then report nothing.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import Any, TypeVar

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class _NullContext:
        """Stand-in for scikit-learn's callback context, without callbacks."""

        def subcontext(self, **kwargs):
            """Return the context of a subtask."""
            return self

        def call_on_fit_task_begin(self, **kwargs):
            """Do nothing."""

        def call_on_fit_task_end(self, **kwargs):
            """Return False: do not stop the fit."""
            return False

        def propagate_callback_context(self, estimator):
            """Return a context manager that does nothing."""
            return nullcontext()

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stand-in for scikit-learn's mixin."""

        def _init_callback_context(self, **kwargs):
            return _NullContext()

    def with_callbacks(method):
        """Return `method` unchanged."""
        return method


__all__ = [
    "CallbackSupportMixin",
    "EpochReporter",
    "InnerFitReporter",
    "epoch_reporter",
    "report_as_one_task",
    "with_callbacks",
]

Fit = TypeVar("Fit", bound=Any)


def report_as_one_task(fit: Fit) -> Fit:
    """Decorate the `fit` of a transformer to report it as one task without subtasks."""

    @wraps(fit)
    def reported(self, X, y=None):
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        fit(self, X, y)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    return with_callbacks(reported)


class InnerFitReporter:
    """Report each fit inside the fit of a meta-estimator as a task.

    Parameters
    ----------
    owner : estimator
        The meta-estimator. Its `fit` must be decorated with `with_callbacks`.
    n_fits : int
        Number of inner fits.
    X, y : array-like or None
        The data given to the meta-estimator.
    """

    def __init__(self, owner, n_fits, X=None, y=None):
        self._owner, self._data = owner, {"X": X, "y": y}
        self._context = owner._init_callback_context(
            max_subtasks=n_fits, sequential_subtasks=False
        )
        self._context.call_on_fit_task_begin(estimator=owner, **self._data)

    @contextmanager
    def fit(self, estimator, number, name):
        """Return a context manager for one inner fit.

        It propagates callbacks to `estimator`, if the callbacks support this, as
        `ProgressBar` does. scikit-learn warns if `estimator` does not support
        callbacks.
        """
        context = self._context.subcontext(task_name=name, task_id=number)
        with context.propagate_callback_context(estimator):
            context.call_on_fit_task_begin(estimator=self._owner, **self._data)
            yield
            context.call_on_fit_task_end(estimator=self._owner, **self._data)

    def end(self):
        """Report the end of the meta-estimator's fit."""
        self._context.call_on_fit_task_end(estimator=self._owner, **self._data)


def epoch_reporter(estimator, n_epochs):
    """Return a reporter for the fit of a network, or None if there are no callbacks."""
    # scikit-learn keeps a context for each epoch. Without callbacks, create none.
    reporter = EpochReporter(estimator, n_epochs)
    return reporter if hasattr(estimator, "_skl_callbacks") else None


class EpochReporter:
    """Report each epoch of a network's fit as a task.

    Parameters
    ----------
    estimator : estimator
        The network. Its `fit` must be decorated with `with_callbacks`.
    n_epochs : int
        Maximum number of epochs.
    """

    def __init__(self, estimator, n_epochs):
        self._estimator, self._data = estimator, {}
        self._context = estimator._init_callback_context(max_subtasks=n_epochs)
        self._epoch = None

    def begin(self, X, y, sample_weight, attributes):
        """Report the start of training.

        Parameters
        ----------
        X, y : callable
            Functions that return the training samples. They are called only if a
            callback needs the samples.
        sample_weight : ndarray or None
            Weights of these samples. None if `fit` got no weights.
        attributes : callable
            ``attributes(state)`` returns the fitted attributes for a state of training.
        """
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        self._data = {"X": X, "y": y, "metadata": metadata}
        self._attributes = attributes
        self._context.call_on_fit_task_begin(estimator=self._estimator, **self._data)

    def begin_epoch(self):
        """Report the start of an epoch."""
        self._epoch = self._context.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(estimator=self._estimator, **self._data)

    def end_epoch(self, trained):
        """Report the end of an epoch; return whether a callback stops the fit.

        `trained()` returns the current state of training. It is called only if a
        callback needs the fitted estimator.
        """
        return self._epoch.call_on_fit_task_end(
            estimator=self._estimator,
            reconstruction_attributes=lambda: self._attributes(trained()),
            **self._data,
        )

    def end(self, attributes):
        """Report the end of training; `attributes` is the dict of fitted attributes."""
        self._context.call_on_fit_task_end(
            estimator=self._estimator,
            reconstruction_attributes=attributes,
            **self._data,
        )
