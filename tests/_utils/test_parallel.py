"""Serial and parallel calls of a function."""

from operator import add  # workers import no test file

import joblib
import pytest
import sklearn
from user_errors import assert_error

from skcnnlstm._utils.parallel import run_parallel


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_results_are_in_the_order_of_the_calls(n_jobs):
    calls = ((i, 10 * i) for i in range(6))
    results = run_parallel(n_jobs, add, calls, backend="threading")
    assert results == [0, 11, 22, 33, 44, 55]


def test_options_are_passed_to_joblib():
    results = run_parallel(1, add, [(1, 2)], return_as="generator")
    assert next(results) == 3


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_workers_use_the_configuration_of_the_caller(backend, own_workers):
    with (
        sklearn.config_context(assume_finite=True),
        joblib.parallel_config(backend),
    ):
        # A worker imports scikit-learn, but no test file.
        configs = run_parallel(2, sklearn.get_config, [(), ()])
    assert [config["assume_finite"] for config in configs] == [True, True]
    assert not sklearn.get_config()["assume_finite"]


@pytest.mark.parametrize(
    ("n_jobs", "error"), [(0, ValueError), (1.0, TypeError), (True, TypeError)]
)
def test_n_jobs_must_be_an_integer_other_than_zero(n_jobs, error):
    message = (
        f"n_jobs must be None or an integer other than 0: got n_jobs={n_jobs!r}. Use 1 "
        "for serial computation, or -1 for all cores."
    )
    assert_error(lambda: run_parallel(n_jobs, add, []), error, message)
