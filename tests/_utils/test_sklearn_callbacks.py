"""scikit-learn's callbacks: the tasks that are reported, and unchanged results."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

import skcnnlstm as s

callbacks = pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")

TINY = {"filters": 4, "epochs": 3, "random_state": 0}


class Recorder:
    """Record each reported task and its estimator."""

    def __init__(self, stop_after=None):
        self.events, self.fitted, self.data = [], [], []
        self.stop_after = stop_after

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"begin {context.estimator_name} {context.task_name}")

    def on_fit_task_end(
        self, estimator, context, *, X, y, metadata=None, fitted_estimator=None
    ):
        self.events.append(f"end {context.estimator_name} {context.task_name}")
        self.fitted.append(fitted_estimator)
        self.data.append((X, y, metadata))
        return context.task_name == "epoch" and context.task_id == self.stop_after


class PropagatingRecorder(Recorder):
    """Record the tasks of inner estimators, too."""

    max_propagation_depth = None


def begun_tasks(recorder):
    return [line for line in recorder.events if line.startswith("begin")]


def test_each_epoch_is_a_task(windows):
    recorder = Recorder()
    s.CNNRegressor(**TINY).set_callbacks(recorder).fit(*windows)
    epoch = ["begin CNNRegressor epoch", "end CNNRegressor epoch"]
    assert recorder.events == [
        "setup",
        "begin CNNRegressor fit",
        *epoch * 3,
        "end CNNRegressor fit",
        "teardown",
    ]


def test_callbacks_do_not_change_the_results(windows):
    plain = s.ParallelCNNLSTMRegressor(
        filters=(4, 4), lstm_units=4, epochs=3, random_state=0
    )
    observed = clone(plain).set_callbacks(Recorder())
    plain.fit(*windows), observed.fit(*windows)
    assert plain.history_ == observed.history_
    X, _ = windows
    np.testing.assert_array_equal(plain.predict(X), observed.predict(X))


def test_the_estimator_of_an_epoch_equals_one_trained_for_as_many_epochs(windows):
    X, y = windows
    recorder = Recorder()
    network = s.ParallelCNNLSTMRegressor(
        filters=(4, 4), lstm_units=4, epochs=3, random_state=0
    )
    clone(network).set_callbacks(recorder).fit(X, y)
    for n_epochs, fitted in enumerate(recorder.fitted[:3], start=1):
        shorter = clone(network).set_params(epochs=n_epochs).fit(X, y)
        assert fitted.n_epochs_ == n_epochs
        assert fitted.history_ == shorter.history_
        np.testing.assert_array_equal(fitted.predict(X), shorter.predict(X))


def test_a_callback_can_stop_the_fit(windows):
    network = s.CNNRegressor(**TINY).set_callbacks(Recorder(stop_after=1))
    assert network.fit(*windows).n_epochs_ == 2


def test_callbacks_get_the_samples_used_in_training(windows):
    X, y = windows
    recorder, weight = Recorder(), np.ones(len(X))
    weight[:5] = 0
    s.CNNRegressor(**TINY).set_callbacks(recorder).fit(X, y, weight)
    used_X, used_y, metadata = recorder.data[0]
    np.testing.assert_array_equal(used_X, X[5:])
    np.testing.assert_array_equal(used_y, y[5:])
    np.testing.assert_array_equal(metadata["sample_weight"], weight[5:])


def test_after_an_error_callbacks_are_torn_down_and_the_network_is_unchanged(windows):
    X, y = windows
    recorder = Recorder()
    network = s.CNNRegressor(**TINY).fit(X, y).set_callbacks(recorder)
    before = network.predict(X)
    with pytest.raises(ValueError, match="same number of samples"):
        network.fit(X, y[:-1])
    assert recorder.events == []  # the number of epochs depends on valid data
    network.set_params(learning_rate=1e30)
    with pytest.raises(ValueError, match="loss must stay finite"):
        network.fit(X, y)
    assert recorder.events[0] == "setup"
    assert recorder.events[-1] == "teardown"
    np.testing.assert_array_equal(network.predict(X), before)


def test_without_callbacks_no_epoch_is_reported(windows, monkeypatch):
    def fail(self):
        raise AssertionError("an epoch was reported")

    monkeypatch.setattr(
        "skcnnlstm._utils.sklearn_callbacks.EpochReporter.begin_epoch", fail
    )
    s.CNNRegressor(**TINY).fit(*windows)
    with pytest.raises(AssertionError, match="an epoch was reported"):
        s.CNNRegressor(**TINY).set_callbacks(Recorder()).fit(*windows)


def test_a_fit_leaves_no_attributes_of_callbacks(windows):
    network = s.CNNRegressor(**TINY)
    plain = set(vars(clone(network).fit(*windows)))
    observed = clone(network).set_callbacks(Recorder()).fit(*windows)
    assert set(vars(observed)) - plain == {"_skl_callbacks"}
    assert set(vars(observed.set_callbacks())) == plain


def test_epochs_are_reported_inside_a_search_over_a_pipeline(windows):
    recorder = PropagatingRecorder()
    pipeline = make_pipeline(s.SubsequenceReshaper(2), s.CNNLSTMRegressor(**TINY))
    GridSearchCV(
        pipeline, {"cnnlstmregressor__filters": [4]}, cv=TimeSeriesSplit(2)
    ).set_callbacks(recorder).fit(*windows)
    epochs = [
        line for line in begun_tasks(recorder) if line.endswith("Regressor epoch")
    ]
    assert len(epochs) == 3 * 3  # two folds and the refit
    assert "begin SubsequenceReshaper fit" in recorder.events


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.heavy)])
def test_a_scoring_monitor_logs_each_epoch_of_each_fit(windows, n_jobs, request):
    if n_jobs > 1:
        request.getfixturevalue("own_workers")
    monitor = callbacks.ScoringMonitor(scoring="r2")
    network = s.CNNRegressor(**TINY).set_callbacks(monitor)
    search = GridSearchCV(
        network, {"filters": [2, 4]}, cv=TimeSeriesSplit(2), n_jobs=n_jobs
    ).fit(*windows)
    log = monitor.get_logs().data_as_pandas
    epochs = log[log["task_name"] == "epoch"]
    assert len(epochs) == 3 * (2 * 2 + 1)
    assert np.isfinite(epochs["r2"]).all()
    assert monitor.get_logs().estimator_name == "GridSearchCV"
    copy = pickle.loads(pickle.dumps(search))
    X, y = windows
    assert copy.score(X, y) == search.score(X, y)


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.heavy)])
def test_a_progress_bar_shows_epochs_inside_a_search(windows, n_jobs, capfd, request):
    if n_jobs > 1:
        request.getfixturevalue("own_workers")
    pytest.importorskip("rich", reason="ProgressBar needs rich")
    bar = callbacks.ProgressBar(max_propagation_depth=None)
    GridSearchCV(
        s.CNNRegressor(**TINY),
        {"filters": [4]},
        cv=TimeSeriesSplit(2),
        n_jobs=n_jobs,
    ).set_callbacks(bar).fit(*windows)
    output = capfd.readouterr().out
    assert output.count("CNNRegressor - fit") == 3
    assert "100%" in output


class RecordsNumberOfEpochs(Recorder):
    """Record how many subtasks a fit has at most."""

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "fit":
            self.n_epochs = context.max_subtasks


def test_callbacks_know_the_number_of_epochs_of_the_recipe(windows):
    recorder = RecordsNumberOfEpochs()
    network = s.CNNRegressor(filters=4, batch_size=-1, early_stopping=False)
    network.set_callbacks(recorder).fit(*windows)
    assert recorder.n_epochs == network.n_epochs_


def test_a_forecaster_and_an_ensemble_propagate_callbacks():
    recorder = PropagatingRecorder()
    ensemble = s.HybridEnsembleRegressor(method="stack", n_splits=1, epochs=2, n_jobs=2)
    ensemble.set_params(final_estimator=s.CNNRegressor(**TINY))
    forecaster = s.SeriesForecaster(ensemble, window_length=6, horizon=2)
    forecaster.set_callbacks(recorder).fit(np.sin(np.arange(60)))
    tasks = begun_tasks(recorder)
    assert tasks[:2] == [
        "begin SeriesForecaster fit",
        "begin HybridEnsembleRegressor fit",
    ]
    assert tasks.count("begin LSTMRegressor fit") == 2
    assert tasks.count("begin LSTMRegressor epoch") == 2 * 2
    assert tasks.count("begin CNNRegressor epoch") == 2 * 2 + 3
    assert not hasattr(forecaster, "_callback_fit_ctx")
    assert not hasattr(forecaster.estimator_, "_skl_callbacks")


def test_a_forecaster_that_calibrates_reports_two_fits():
    recorder = PropagatingRecorder()
    forecaster = s.SeriesForecaster(
        make_pipeline(s.FlattenWindows(), s.CNNRegressor(**TINY)),
        calibration_fraction=0.3,
        refit_after_calibration=True,
    )
    forecaster.set_callbacks(recorder).fit(np.sin(np.arange(90)))
    assert begun_tasks(recorder).count("begin CNNRegressor fit") == 2
    assert len(forecaster.forecast_interval()) == 1


def test_an_estimator_without_callback_support_is_a_warning():
    forecaster = s.SeriesForecaster(make_pipeline(s.FlattenWindows(), Ridge()))
    forecaster.set_callbacks(PropagatingRecorder())
    with pytest.warns(UserWarning, match="Ridge does not support callbacks"):
        forecaster.fit(np.sin(np.arange(40)))
