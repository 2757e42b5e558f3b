"""More than one machine: Dask through joblib, on two worker processes of this one.

Heavy: run with --heavy. What runs in a worker is defined inside its test, so that it is
sent by value: workers cannot import this file.
"""

import os
import signal
from itertools import chain

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_validate

import skcnnlstm as s
from skcnnlstm.datasets import load_airline

pytestmark = pytest.mark.heavy
dask = pytest.importorskip("dask", reason="the extra cluster installs it; CI does")
distributed = pytest.importorskip(
    "distributed", reason="the extra cluster installs it; CI does"
)

FOLDS = TimeSeriesSplit(3, test_size=12)


def start(n_workers, threads_per_worker):
    return distributed.LocalCluster(
        n_workers=n_workers,
        threads_per_worker=threads_per_worker,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    )


@pytest.fixture(scope="module")
def client():
    # What Dask would drop within two seconds, it drops at once: tests see it do so.
    at_once = {"distributed.scheduler.active-memory-manager.interval": "10ms"}
    with (
        dask.config.set(at_once),
        start(2, 1) as cluster,
        distributed.Client(cluster, timeout=60) as client,
    ):
        yield client


@pytest.fixture
def copies_stay(client):
    """Stop what drops copies, before anything is scattered, as the guide does."""
    client.amm.stop()
    yield
    client.amm.start()


class Counted(pd.Series):
    """A series that counts how often it is sent, and arrives as a plain one."""

    n_sent = 0

    def __reduce__(self):
        type(self).n_sent += 1
        return pd.Series, (self.to_numpy(), self.index, None, self.name)


@pytest.fixture
def airline():
    Counted.n_sent = 0
    return Counted(load_airline())


@pytest.fixture
def forecaster():
    network = s.CNNLSTMRegressor(filters=8, lstm_units=8, epochs=5, random_state=0)
    return s.SeriesForecaster(network, horizon=6)


def search_over(forecaster, **grid):
    return GridSearchCV(forecaster, grid, cv=FOLDS, error_score="raise")


def assert_same_scores(first, second):
    scores = [name for name in first if "score" in name and "time" not in name]
    assert len(scores) == 6
    for name in scores:
        np.testing.assert_array_equal(first[name], second[name])


def test_a_search_gives_the_bits_of_one_process_traces_once_and_sends_data_once(
    client, airline, forecaster
):
    def count_traces():
        from skcnnlstm.training import cache

        class Counting(cache.Program):
            made = 0

            def __init__(self, recipe):
                type(self).made += 1
                super().__init__(recipe)

        cache.Program = Counting

    def n_traced():
        from skcnnlstm.training import cache

        return cache.Program.made

    grid = {"estimator__learning_rate": np.linspace(0.001, 0.003, 8)}
    alone = search_over(forecaster, **grid).fit(airline).cv_results_
    client.run(count_traces)
    with joblib.parallel_config(backend="dask", scatter=[airline]):
        spread = search_over(forecaster, **grid).fit(airline).cv_results_
    assert_same_scores(alone, spread)
    assert sorted(client.run(n_traced).values()) == [1, 1]
    assert Counted.n_sent == 1


def test_cross_validate_gives_the_bits_of_one_process(client, airline, forecaster):
    alone = cross_validate(forecaster, airline, cv=FOLDS)
    with joblib.parallel_config(backend="dask", scatter=[airline]):
        spread = cross_validate(forecaster, airline, cv=FOLDS)
    np.testing.assert_array_equal(alone["test_score"], spread["test_score"])


@pytest.mark.parametrize("refit", [True, 2, False])
def test_a_backtest_gives_the_bits_of_one_process(client, airline, forecaster, refit):
    forecaster.set_params(calibration_fraction=0.4)
    asked = {"refit": refit, "coverage": 0.5, "verbose": 0}
    alone = s.backtest(forecaster, airline, FOLDS, **asked)
    Counted.n_sent = 0
    with joblib.parallel_config(backend="dask", scatter=[airline]):
        spread = s.backtest(forecaster, airline, FOLDS, **asked)
    pd.testing.assert_frame_equal(alone.forecasts, spread.forecasts, check_exact=True)
    pd.testing.assert_frame_equal(alone.references, spread.references)
    assert list(spread.folds["refitted"]) == list(alone.folds["refitted"])
    assert Counted.n_sent == 1


def test_an_ensemble_fits_its_members_where_it_is(client):
    X, y = s.make_windows(load_airline().to_numpy() / 100, 12)
    ensemble = s.HybridEnsembleRegressor(epochs=2, n_jobs=2, random_state=0)
    alone = ensemble.fit(X, y).predict(X)
    with joblib.parallel_config(backend="dask"):
        spread = ensemble.fit(X, y).predict(X)
        scores = cross_validate(ensemble, X, y, cv=TimeSeriesSplit(2))["test_score"]
    np.testing.assert_array_equal(alone, spread)
    assert np.isfinite(scores).all()


def test_a_killed_worker_costs_nothing_but_time(
    client, copies_stay, airline, forecaster, tmp_path
):
    victim, scored = min(client.run(os.getpid).values()), tmp_path / "scored"

    def score(fitted, rows, y=None):
        if os.getpid() == victim:
            with open(scored, "a") as tally:
                tally.write("|")
                if tally.tell() == 3:
                    os.kill(victim, signal.SIGKILL)
        return fitted.score(rows)

    # Folds as arrays: joblib leaves those that it sends by itself on one worker alone.
    folds = list(FOLDS.split(airline))
    grid = {"estimator__learning_rate": np.linspace(0.001, 0.003, 12)}
    search = search_over(forecaster, **grid).set_params(cv=folds, scoring=score)
    alone = search.fit(airline).cv_results_
    with joblib.parallel_config(backend="dask", scatter=[airline, *chain(*folds)]):
        spread = search.fit(airline).cv_results_
    client.wait_for_workers(2, timeout=60)
    assert victim not in client.run(os.getpid).values()
    assert_same_scores(alone, spread)


def test_a_worker_runs_as_many_threads_as_it_has():
    def fit_and_tell():
        import tensorflow as tf

        import skcnnlstm

        X, y = skcnnlstm.make_windows(range(20), 4)
        skcnnlstm.CNNRegressor(epochs=1).fit(X, y)
        threading = tf.config.threading
        return (
            threading.get_intra_op_parallelism_threads(),
            threading.get_inter_op_parallelism_threads(),
        )

    with start(1, 2) as cluster, distributed.Client(cluster, timeout=60) as client:
        assert client.submit(fit_and_tell).result(120) == (2, 2)
