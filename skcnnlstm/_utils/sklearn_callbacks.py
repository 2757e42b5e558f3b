"""scikit-learn's callbacks (since 1.9), and what a fit of this package tells them.

With an older scikit-learn there are none: `set_callbacks` is not there, and what a fit
tells goes nowhere.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import Any, TypeVar

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class _NoTask:
        """A task that nobody hears of."""

        def subcontext(self, **about):
            """Return a part of this task."""
            return self

        def call_on_fit_task_begin(self, **about):
            """Tell nobody."""

        def call_on_fit_task_end(self, **about):
            """Tell nobody; do not stop."""
            return False

        def propagate_callback_context(self, estimator):
            """Pass nothing on."""
            return nullcontext()

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in the place of scikit-learn's."""

        def _init_callback_context(self, **about):
            return _NoTask()

    def with_callbacks(method):
        """Wrap the method as scikit-learn does: a warning counts the frames."""

        @wraps(method)
        def unmanaged(estimator, *args, **kwargs):
            return method(estimator, *args, **kwargs)

        return unmanaged


__all__ = [
    "CallbackSupportMixin",
    "FitTasks",
    "as_one_task",
    "epoch_tasks",
    "with_callbacks",
]

Fit = TypeVar("Fit", bound=Any)


def as_one_task(fit: Fit) -> Fit:
    """Decorate the `fit` of a transformer, which is one task without parts."""

    @wraps(fit)
    def told(self, X, y=None):
        task = self._init_callback_context()
        task.call_on_fit_task_begin(estimator=self, X=X, y=y)
        fit(self, X, y)
        task.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    return with_callbacks(told)


class FitTasks:
    """The fits inside a meta-estimator's fit, each a task of its own.

    Parameters
    ----------
    owner : estimator
        The meta-estimator; its `fit` is decorated by `with_callbacks`.
    n_fits : int
        How many fits there will be.
    X, y : array-like or None
        What the meta-estimator was given.
    """

    def __init__(self, owner, n_fits, X=None, y=None):
        self._owner, self._about = owner, {"X": X, "y": y}
        self._task = owner._init_callback_context(
            max_subtasks=n_fits, sequential_subtasks=False
        )
        self._task.call_on_fit_task_begin(estimator=owner, **self._about)

    @contextmanager
    def fit(self, estimator, number, name):
        """Pass callbacks on to an estimator while it is fitted.

        As scikit-learn has it, those pass that say so (`ProgressBar`), down to their
        depth; an estimator that takes none is left out, with a warning.
        """
        task = self._task.subcontext(task_name=name, task_id=number)
        with task.propagate_callback_context(estimator):
            task.call_on_fit_task_begin(estimator=self._owner, **self._about)
            yield
            task.call_on_fit_task_end(estimator=self._owner, **self._about)

    def end(self):
        """Tell that all of them are done."""
        self._task.call_on_fit_task_end(estimator=self._owner, **self._about)


def epoch_tasks(estimator, n_epochs):
    """Return the tasks of a network's fit, None where the network has no callbacks.

    Its epochs are no tasks then: a search keeps each of those.
    """
    tasks = EpochTasks(estimator, n_epochs)
    return tasks if hasattr(estimator, "_skl_callbacks") else None


class EpochTasks:
    """The epochs of a network's fit, each a task of its own.

    Parameters
    ----------
    estimator : estimator
        The network; its `fit` is decorated by `with_callbacks`.
    n_epochs : int
        How many there will be at most.
    """

    def __init__(self, estimator, n_epochs):
        self._estimator, self._about = estimator, {}
        self._task = estimator._init_callback_context(max_subtasks=n_epochs)
        self._epoch = None

    def begin(self, X, y, sample_weight, attributes):
        """Tell that training begins.

        Parameters
        ----------
        X, y : callable
            Return the training samples, where somebody asks for them.
        sample_weight : ndarray or None
            Their weights, if they were given any.
        attributes : callable
            Returns the fitted attributes of what training has made so far.
        """
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        self._about = {"X": X, "y": y, "metadata": weights}
        self._attributes = attributes
        self._task.call_on_fit_task_begin(estimator=self._estimator, **self._about)

    def begin_epoch(self):
        """Tell that an epoch begins."""
        self._epoch = self._task.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(estimator=self._estimator, **self._about)

    def end_epoch(self, trained):
        """Tell that an epoch has ended; return whether a callback wants no more.

        `trained()` returns what training has made so far: it is called if a callback
        asks for the fitted estimator.
        """
        return self._epoch.call_on_fit_task_end(
            estimator=self._estimator,
            reconstruction_attributes=lambda: self._attributes(trained()),
            **self._about,
        )

    def end(self, attributes):
        """Tell that training has ended, with the fitted attributes."""
        self._task.call_on_fit_task_end(
            estimator=self._estimator,
            reconstruction_attributes=attributes,
            **self._about,
        )
