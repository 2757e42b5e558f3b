"""Calls of a function, one after the other or many at once, by joblib."""

from __future__ import annotations

from numbers import Integral

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

    Raises
    ------
    TypeError, ValueError
        Where `n_jobs` is no integer, or 0.
    """
    whole = isinstance(n_jobs, Integral) and not isinstance(n_jobs, bool)
    if n_jobs is not None and not (whole and n_jobs):
        raise (ValueError if whole else TypeError)(
            f"n_jobs must be None or an integer other than 0: got n_jobs={n_jobs!r}. "
            "Use 1 for one at a time, -1 for all cores."
        )
    config = get_config()
    return joblib.Parallel(n_jobs=n_jobs, **how)(
        joblib.delayed(_call)(config, function, *arguments) for arguments in calls
    )


def _call(config, function, *arguments):
    with config_context(**config):
        return function(*arguments)
