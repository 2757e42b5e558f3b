"""Calls of a function, one after the other or many at once, by joblib."""

from __future__ import annotations

import joblib
from sklearn import config_context, get_config


def in_parallel(n_jobs, function, calls, **how):
    """Return `function(*arguments)` for all `arguments` in `calls`, in order.

    Workers begin with scikit-learn's default configuration, so the caller's is passed
    on. That is what scikit-learn's own Parallel adds to joblib's; but it also enters
    `warnings.catch_warnings` in each thread, which belongs to the whole process: where
    two overlap, the filters stay changed after both.

    Parameters
    ----------
    n_jobs : int or None
        As for `joblib.Parallel`: None means one, or what `parallel_config` says.
    function : callable
        What is called.
    calls : iterable of tuple
        Its arguments. The same object in several of them is sent once, where joblib's
        backend can.
    **how : dict
        Of `joblib.Parallel`.
    """
    config = get_config()
    return joblib.Parallel(n_jobs=n_jobs, **how)(
        joblib.delayed(_call)(config, function, *arguments) for arguments in calls
    )


def _call(config, function, *arguments):
    with config_context(**config):
        return function(*arguments)
