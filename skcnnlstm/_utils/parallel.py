"""Call a function many times, serially or in parallel with joblib."""

from __future__ import annotations

from numbers import Integral

import joblib
from sklearn import config_context, get_config


def run_parallel(n_jobs, function, calls, **options):
    """Return the results of `function` for several sets of arguments, in order.

    Workers start with the default configuration of scikit-learn. This function passes
    the configuration of the caller to them, as `sklearn.utils.parallel.Parallel` does.
    That class cannot be used here. In each thread, it enters `warnings.catch_warnings`,
    which changes the warning filters of the process. If threads overlap, the filters
    stay changed afterwards.

    Parameters
    ----------
    n_jobs : int or None
        Number of jobs of `joblib.Parallel`. None means 1, or the value of
        `joblib.parallel_config`.
    function : callable
        The function to call.
    calls : iterable of tuple
        The positional arguments of each call. If several calls share an object,
        joblib sends it only once, provided that its backend supports this.
    **options : dict
        Further parameters of `joblib.Parallel`.

    Returns
    -------
    results : list or generator
        The results. The type depends on the option `return_as` of `joblib.Parallel`.

    Raises
    ------
    TypeError, ValueError
        If `n_jobs` is 0, or is neither None nor an integer.
    """
    is_integer = isinstance(n_jobs, Integral) and not isinstance(n_jobs, bool)
    if n_jobs is not None and not (is_integer and n_jobs):
        raise (ValueError if is_integer else TypeError)(
            f"n_jobs must be None or an integer other than 0: got n_jobs={n_jobs!r}. "
            "Use 1 for serial computation, or -1 for all cores."
        )
    config = get_config()
    return joblib.Parallel(n_jobs=n_jobs, **options)(
        joblib.delayed(_call_with_config)(config, function, *arguments)
        for arguments in calls
    )


# Arguments are passed one by one, not as a tuple: Dask recognizes repeated objects only
# among the arguments of a call.
def _call_with_config(config, function, *arguments):
    with config_context(**config):
        return function(*arguments)
