"""Tests of save and load: round trips, errors, trust and versions."""

import subprocess
import sys
from pathlib import Path
from threading import Lock

import keras
import numpy as np
import pandas as pd
import pytest
from dateutil.tz import tzoffset
from forged_files import json_node, read_schema, write_schema
from instances import CLASSIFIERS, ENSEMBLES, REGRESSORS, TRANSFORMERS
from numpy.testing import assert_array_equal
from scipy import stats
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestRegressor, StackingRegressor, VotingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TimeSeriesSplit,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skcnnlstm import (
    CNNClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    FlattenWindows,
    HorizonSplit,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    SlidingWindow,
    forecast_scorer,
    load,
    save,
)
from skcnnlstm.datasets import load_airline
from skcnnlstm.metrics import smape

TINY = {"filters": 4, "lstm_units": 4, "epochs": 2, "random_state": 0}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a model"


def save_and_load(estimator, path, **settings):
    save(estimator, path)
    return load(path, **settings)


# --------------------------------------------------------------------- round trips


@pytest.mark.parametrize(
    "estimator", [*REGRESSORS, *CLASSIFIERS], ids=lambda e: type(e).__name__
)
def test_loaded_networks_are_bit_identical(estimator, windows, path, thorough):
    if not (thorough or isinstance(estimator, CNNLSTMRegressor)):
        pytest.skip("traces a program for each estimator: run with --all-estimators")
    X, y = windows
    is_classifier = hasattr(estimator, "predict_proba")
    fitted = clone(estimator).fit(X, y > 0 if is_classifier else y)
    method = "predict_proba" if is_classifier else "predict"
    loaded = save_and_load(fitted, path)
    assert_array_equal(getattr(loaded, method)(X), getattr(fitted, method)(X))
    assert loaded.get_params() == fitted.get_params()
    assert loaded.history_ == fitted.history_
    one, other = fitted.partial_fit(X, y > 0 if is_classifier else y), loaded
    other.partial_fit(X, y > 0 if is_classifier else y)
    assert_array_equal(getattr(other, method)(X), getattr(one, method)(X))


@pytest.mark.parametrize("estimator", ENSEMBLES, ids=lambda e: type(e).__name__)
def test_loaded_ensembles_are_bit_identical(estimator, windows, path):
    X, y = windows
    is_classifier = hasattr(estimator, "predict_proba")
    fitted = clone(estimator).fit(X, y > 0 if is_classifier else y)
    assert_array_equal(save_and_load(fitted, path).predict(X), fitted.predict(X))


@pytest.mark.parametrize(
    "estimator",
    [*REGRESSORS[:1], *TRANSFORMERS, SeriesForecaster(REGRESSORS[0])],
    ids=lambda e: type(e).__name__,
)
def test_unfitted_estimators_can_be_save_and_load(estimator, path):
    assert repr(save_and_load(estimator, path)) == repr(estimator)


def ridge(**params):
    estimator = make_pipeline(FlattenWindows(), Ridge())
    return SeriesForecaster(estimator, window_length=6, horizon=2, **params)


def a_series(index=None, **settings):
    values = 50 + np.cumsum(np.sin(np.arange(60.0)))
    return pd.Series(values, index=index, **settings)


DAYS = pd.date_range("2020-01-01", periods=60, freq="D")
INDEXES = {
    "array": None,
    "range": pd.RangeIndex(5, 125, 2),
    "months": pd.date_range("2020-01-31", periods=60, freq="ME", name="month"),
    "zone": pd.date_range("2020-03-01", periods=60, freq="h", tz="Europe/Berlin"),
    "periods": pd.period_range("2001Q1", periods=60, freq="Q"),
    "business": pd.bdate_range("2020-01-01", periods=60),
    "deltas": pd.timedelta_range("1h", periods=60, freq="15min"),
    "irregular": DAYS[[*range(30), *range(31, 59), 59]].insert(5, DAYS[4] + DAYS.freq),
    "text": pd.Index([f"row {n}" for n in range(60)]),
    "intervals": pd.interval_range(pd.Timestamp("2020-01-01"), periods=60),
}


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
@pytest.mark.filterwarnings("ignore:.* for training:skcnnlstm.MistakeWarning")
@pytest.mark.parametrize("name", INDEXES)
def test_loaded_forecasters_continue_every_kind_of_index(name, path):
    index = INDEXES[name]
    series = a_series(None if index is None else index[:60], name=("a", 1))
    series = series.to_numpy() if index is None else series[~series.index.duplicated()]
    fitted = ridge(transformer="log").fit(series[:-8])
    loaded = save_and_load(fitted, path)
    for forecaster in (fitted, loaded):
        forecaster.update(series[-8:-2])
    if name in ("text", "intervals"):  # these have no order in time
        series = series.to_numpy()
    assert_array_equal(loaded.predict(series[-2:]), fitted.predict(series[-2:]))
    if name in ("irregular", "text", "intervals"):  # no labels follow these
        return
    one, other = fitted.forecast(3), loaded.forecast(3)
    if index is None:
        assert_array_equal(one, other)
    else:
        pd.testing.assert_series_equal(one, other, check_freq=True)


def test_loaded_panels_keep_covariates_and_calibrations(path):
    rng = np.random.default_rng(0)
    many = {key: rng.normal(size=(60, 2)).cumsum(axis=0) for key in ("a", "b", 3)}
    exog = {key: rng.normal(size=(64, 1)) for key in many}
    fitted = ridge(
        calibration_fraction=0.4, transformer=MinMaxScaler(), target_columns=[1]
    ).fit(many, exog={key: values[:60] for key, values in exog.items()})
    loaded = save_and_load(fitted, path)
    ahead = {key: values[60:62] for key, values in exog.items()}
    one, other = (f.forecast_interval(exog=ahead) for f in (fitted, loaded))
    assert list(one) == list(other) == ["a", "b", 3]
    for key, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[key])
    frames = [pd.DataFrame({"y": a_series(DAYS), "id": key}) for key in "ab"]
    for dtype in ("category", object, "string"):
        fitted = ridge(id_column="id").fit(pd.concat(frames).astype({"id": dtype}))
        one, other = fitted.forecast(), save_and_load(fitted, path).forecast()
        pd.testing.assert_frame_equal(one, other)


def test_pipelines_and_searches_can_be_save_and_load(path):
    rows = pd.DataFrame({"a": a_series(DAYS), "b": a_series(DAYS) ** 2})
    scaler = StandardScaler().set_output(transform="pandas")
    forest = RandomForestRegressor(3, random_state=0)
    pipeline = make_pipeline(
        scaler, SlidingWindow(4), FlattenWindows(), TransformedTargetRegressor(forest)
    )
    pipeline.fit(rows[4:50], rows["a"].to_numpy()[4:50])
    save(pipeline, path)
    with pytest.raises(ValueError, match=r"holds sklearn.tree._tree.Tree\. If"):
        load(path)
    loaded = load(path, trusted=["sklearn.tree._tree.Tree"])
    assert_array_equal(loaded.predict(rows[50:]), pipeline.predict(rows[50:]))

    recorded = rows.assign(unit=["p"] * 30 + ["q"] * (len(rows) - 30))
    pipeline = make_pipeline(
        SlidingWindow(4, id_column="unit"), FlattenWindows(), Ridge()
    ).fit(recorded[:50], rows["a"][:50])
    loaded = save_and_load(pipeline, path)
    expected = pipeline.predict(recorded[50:])
    assert_array_equal(loaded.predict(recorded[50:]), expected)

    search = GridSearchCV(
        ridge(transformer=None),
        {"window_length": [3, 4], "estimator__ridge": [Ridge(), Ridge(alpha=9)]},
        cv=TimeSeriesSplit(2),
        scoring=forecast_scorer("r2"),
    ).fit(rows)
    loaded = save_and_load(search, path)
    one, other = (each.best_estimator_.forecast() for each in (search, loaded))
    pd.testing.assert_frame_equal(one, other)
    assert loaded.score(rows) == search.score(rows)
    for key, values in search.cv_results_.items():
        assert repr(loaded.cv_results_[key]) == repr(values)
    assert clone(loaded).fit(rows).best_score_ == search.best_score_


def fit_search(X, y, cv, **fit):
    return GridSearchCV(Ridge(), {"alpha": [1, 9]}, cv=cv).fit(X, y, **fit)


def fit_panel_search(X, y):
    return fit_search(X, y, PanelTimeSeriesSplit(2), groups=np.arange(len(X)) % 2)


def fit_search_with_metric(X, y):
    scoring = make_scorer(smape, greater_is_better=False)
    return GridSearchCV(Ridge(), {"alpha": [1, 9]}, scoring=scoring).fit(X, y)


def fit_halving_search(X, y):
    search = HalvingGridSearchCV(Ridge(), {"alpha": [1, 9]}, cv=2, min_resources=20)
    return search.fit(X, y)


def fit_random_search(X, y):
    drawn = {"alpha": stats.loguniform(1e-3, 1), "max_iter": stats.randint(1, high=9)}
    return RandomizedSearchCV(Ridge(), drawn, n_iter=3, random_state=0).fit(X, y)


def fit_frozen_network(X, y):
    frozen = FrozenEstimator(CNNClassifier(filters=2, epochs=1).fit(X, y > 0))
    return CalibratedClassifierCV(frozen).fit(X, y > 0)


ROWS = np.arange(40)
BOTH = [("net", CNNRegressor(filters=2, epochs=1, random_state=0)), ("ridge", Ridge())]
# Estimators of scikit-learn that hold splitters, metrics or networks of the package.
FITTED = {
    "HorizonSplit": lambda X, y: fit_search(X, y, HorizonSplit(2)),
    "PanelTimeSeriesSplit": fit_panel_search,
    "pairs": lambda X, y: fit_search(X, y, [(ROWS[:20], ROWS[20:])]),
    "metric": fit_search_with_metric,
    "halving": fit_halving_search,
    "random": fit_random_search,
    "voting": lambda X, y: VotingRegressor(BOTH).fit(X, y),
    "stacking": lambda X, y: StackingRegressor(BOTH, cv=2).fit(X, y),
    "frozen": fit_frozen_network,
}


@pytest.mark.parametrize("name", FITTED)
def test_estimators_of_scikit_learn_can_be_save_and_load(name, windows, path):
    X, y = windows
    fitted = FITTED[name](X, y)
    loaded = save_and_load(fitted, path)
    method = "predict_proba" if name == "frozen" else "predict"
    assert_array_equal(getattr(loaded, method)(X), getattr(fitted, method)(X))
    if name == "random":
        assert clone(loaded).fit(X, y).best_params_ == fitted.best_params_
    if name == "voting":
        assert loaded.named_estimators_.net is loaded.estimators_[0]


LOADS_AND_PREDICTS = """
import sys
import numpy as np
from skcnnlstm import load

path, *names = sys.argv[1:]
X = np.load(path + "/X.npy")
predicted = {name: load(path + "/" + name).predict(X) for name in names}
np.savez(path + "/predicted.npz", **predicted)
assert "HalvingGridSearchCV" not in vars(sys.modules["sklearn.model_selection"])
"""


def test_a_new_process_loads_estimators_of_scikit_learn(tmp_path, windows, thorough):
    if not thorough:
        pytest.skip("starts a process: run with --all-estimators")
    X, y = windows
    np.save(tmp_path / "X.npy", X)
    X = np.load(tmp_path / "X.npy")  # BLAS rounds by the strides, now the same in both
    fitted = {name: make(X, y) for name, make in FITTED.items()}
    for name, estimator in fitted.items():
        save(estimator, tmp_path / name)
    arguments = [sys.executable, "-c", LOADS_AND_PREDICTS, str(tmp_path), *fitted]
    process = subprocess.run(arguments, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    with np.load(tmp_path / "predicted.npz") as predicted:
        for name, estimator in fitted.items():
            assert_array_equal(predicted[name], estimator.predict(X), name)


FORECASTS = """
import sys
import numpy as np
from skcnnlstm import load
from skcnnlstm.datasets import load_airline

folder = sys.argv[1]
forecaster = load(folder + "/forecaster")
forecasts = [forecaster.forecast(30)]
forecasts.append(forecaster.update(load_airline()[120:]).forecast())
networks = [load(folder + name) for name in ("/network", "/search")]
predicted = [network.predict(np.eye(12)) for network in networks]
np.savez(folder + "/predicted.npz", *forecasts, *predicted)
print(forecasts[1].index[0])
"""


def test_predictions_in_a_new_process_are_bit_identical(tmp_path, windows, thorough):
    if not thorough:
        pytest.skip("starts a process: run with --all-estimators")
    series = load_airline()
    forecaster = SeriesForecaster(
        CNNLSTMRegressor(**TINY), horizon=12, transformer="log"
    ).fit(series[:120])
    network = CNNLSTMRegressor(**TINY).fit(*windows)
    pipeline = make_pipeline(StandardScaler(), CNNLSTMRegressor(**TINY))
    filters = {"cnnlstmregressor__filters": [2, 3]}
    search = GridSearchCV(pipeline, filters, cv=TimeSeriesSplit(2)).fit(*windows)
    save(forecaster, tmp_path / "forecaster")
    save(network, tmp_path / "network")
    save(search, tmp_path / "search")
    arguments = [sys.executable, "-c", FORECASTS, str(tmp_path)]
    process = subprocess.run(arguments, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    predicted = np.load(tmp_path / "predicted.npz")
    assert_array_equal(predicted["arr_0"], forecaster.forecast(30))
    assert_array_equal(predicted["arr_1"], forecaster.update(series[120:]).forecast())
    assert_array_equal(predicted["arr_2"], network.predict(np.eye(12)))
    assert_array_equal(predicted["arr_3"], search.predict(np.eye(12)))
    assert process.stdout.startswith("1961-01-01")


# ----------------------------------------------------------------------- parameters


def test_keras_objects_as_parameters_can_be_save_and_load(path, tmp_path):
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    estimator = CNNRegressor(
        optimizer=keras.optimizers.SGD(decay, momentum=0.5),
        loss=keras.losses.Huber(delta=2.0),
        metrics=[keras.metrics.MeanAbsoluteError(name="mine"), "mse"],
        callbacks=[keras.callbacks.EarlyStopping("loss", patience=3)],
        activation=keras.activations.gelu,
        checkpoint=tmp_path / "fits",
    )
    loaded = save_and_load(estimator, path)
    assert loaded.optimizer.get_config() == estimator.optimizer.get_config()
    assert loaded.loss(np.zeros((1, 1)), np.full((1, 1), 9.0)) == 16.0
    assert loaded.metrics[0].name == "mine" and loaded.metrics[1] == "mse"
    assert vars(loaded.callbacks[0]) == vars(estimator.callbacks[0])
    assert loaded.activation is keras.activations.gelu
    assert loaded.checkpoint == tmp_path / "fits"
    for name, value in {
        "optimizer": keras.optimizers.RMSprop,
        "loss": keras.losses.mean_absolute_error,
    }.items():
        loaded = save_and_load(CNNRegressor(**{name: value}), path)
        assert loaded.get_params()[name] is value


def nested():
    def loss(y, p):
        return y - p

    return loss


@pytest.mark.parametrize(
    "estimator, start",
    [
        (CNNRegressor(loss=lambda y, p: y - p), "loss must be an object that a file"),
        (CNNRegressor(loss=nested()), "loss must be an object that a file"),
        (
            SeriesForecaster(
                CNNRegressor(callbacks=[keras.callbacks.LambdaCallback(print)])
            ),
            r"estimator.callbacks\[0\].on_epoch_begin must be an object that a file",
        ),
        (
            make_pipeline(FlattenWindows(), Ridge(alpha=(x for x in "a"))),
            r"steps\[1\]\[1\].alpha must be an object that a file can hold: got <gen",
        ),
        (CNNRegressor(verbose=Lock()), "verbose must be an object that"),
        (CNNRegressor, "estimator must be an estimator instance: got <class"),
        ([1], r"estimator must be an estimator instance: got \[1\]"),
    ],
)
def test_a_value_that_cannot_be_saved_is_named_in_the_error(estimator, start, path):
    path.write_text("old")
    with pytest.raises(TypeError, match=f"^{start}"):
        save(estimator, path)
    assert path.read_text() == "old"
    assert len(list(path.parent.iterdir())) == 1


class Slotted:
    """A user-defined class without attributes."""

    __slots__ = ()


def seeded_distribution():
    distribution = stats.uniform(0, 1)
    distribution.random_state = 0
    return distribution


DATEUTIL = pd.date_range("2020-01-01", periods=3, tz=tzoffset(None, 3600))


@pytest.mark.parametrize(
    "value, start",
    [
        (DATEUTIL, "loss must be a pandas object that a file can hold: got Datet"),
        (Slotted(), "loss must be an object that a file can hold: got <"),
        (memoryview(b"a"), "loss must be an object that a file can hold: got <mem"),
        pytest.param(
            pd.NA,
            "estimator must hold only values that can be loaded again: got a value",
            marks=pytest.mark.skipif(
                pd.__version__ < "3",
                reason="the NA of pandas 2 can be loaded, if trusted",
            ),
        ),
        (stats.rv_histogram(([1, 1], [0, 1, 2])), "loss must be a distribution of"),
        (stats.rv_discrete(values=([1], [1]))(), "loss must be a distribution of"),
        (type(stats.norm)(a=0, name="norm"), "loss must be a distribution of"),
        (stats.uniform(np.zeros(2)), "loss must be a distribution of scipy.stats with"),
        (seeded_distribution(), "loss must be a distribution of scipy"),
    ],
)
def test_a_value_that_cannot_be_loaded_again_is_not_saved(value, start, path):
    path.write_text("old")
    with pytest.raises(TypeError, match=f"^{start}"):
        save(CNNRegressor(loss=value), path)
    assert path.read_text() == "old"


def test_dtypes_can_be_save_and_load(path):
    for dtype in map(np.dtype, ("f4", "<M8[D]", "O", "bfloat16")):
        assert save_and_load(CNNRegressor(loss=dtype), path).loss == dtype


def test_an_estimator_that_contains_itself_is_not_save_and_load(path):
    estimator = CNNRegressor()
    estimator.loss = [estimator]
    with pytest.raises(TypeError, match="must not contain itself"):
        save(estimator, path)


# -------------------------------------------------------------------------- trust


class Mine(BaseEstimator):
    """A user-defined estimator."""

    def __init__(self, of=1):
        self.of = of


def my_loss(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def test_user_defined_types_need_trusted(path):
    save(CNNRegressor(loss=my_loss, callbacks=[keras.callbacks.CSVLogger]), path)
    names = f"keras.callbacks.CSVLogger, {__name__}.my_loss"
    with pytest.raises(ValueError, match=f"holds {names}. If you trust them"):
        load(path)
    loaded = load(path, trusted=[my_loss, "keras.callbacks.CSVLogger"])
    assert loaded.loss is my_loss
    assert loaded.callbacks == [keras.callbacks.CSVLogger]
    assert isinstance(save_and_load(Mine(of=Mine()), path, trusted=[Mine]).of, Mine)
    assert load(path, trusted=[f"{__name__}.Mine"]).of.of == 1
    for wrong in (True, f"{__name__}.Mine", [3]):
        with pytest.raises(TypeError, match="trusted must"):
            load(path, trusted=wrong)


# ------------------------------------------------------------------------- versions


def test_load_warns_about_releases_that_may_compute_differently(path):
    save(CNNRegressor(), path)
    schema = read_schema(path)
    versions = schema["content"]["versions"]["content"]
    assert {"skcnnlstm", "skops", "keras", "scikit-learn", "numpy"} <= set(versions)
    versions["numpy"] = json_node("1.26.4")
    versions["keras"] = json_node("3.0.1")
    versions["scikit-learn"] = json_node("1.0")
    write_schema(path, schema)
    message = r"other releases: keras 3.0.1 \(here .*numpy 1.26.4 \(here"
    with pytest.warns(UserWarning, match=message) as record:
        assert isinstance(load(path), CNNRegressor)
    assert "scikit-learn" not in str(record[0].message)


def test_a_file_of_version_0_1_is_refused_with_a_remedy(path):
    path.write_bytes(b"skcnnlstm model 1 12 " + b"0" * 64 + b"\n" + b" " * 12)
    with pytest.raises(ValueError, match="save it with this version"):
        load(path)


def test_without_skops_the_error_names_the_extra(path, monkeypatch):
    save(CNNRegressor(), path)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    monkeypatch.setitem(sys.modules, "skops", None)
    for call in (lambda: save(CNNRegressor(), path), lambda: load(path)):
        with pytest.raises(ImportError, match=r"pip install skcnnlstm\[save\]"):
            call()


def test_a_missing_file_or_folder_is_an_error(path):
    with pytest.raises(FileNotFoundError):
        load(path)
    with pytest.raises(FileNotFoundError, match="path must be in an existing folder"):
        save(CNNRegressor(), Path(path, "no folder", "a model"))


# ---------------------------------------------------------------------- concurrency

SAVES_FOR_A_WHILE = """
import sys, time
from skcnnlstm import SlidingWindow, save

path, length, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
end = time.monotonic() + seconds
count = 0
while time.monotonic() < end:
    save(SlidingWindow(window_length=length), path)
    count += 1
print(count)
"""


@pytest.mark.heavy
def test_two_processes_can_save_to_one_path(path, tmp_path):
    # For a minute: no save fails, and no reader sees a part of a file.
    save(SlidingWindow(window_length=1), path)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", SAVES_FOR_A_WHILE, path, str(length), "60"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for length in (2, 3)
    ]
    while any(writer.poll() is None for writer in writers):
        assert load(path).window_length in (1, 2, 3)
    for writer in writers:
        assert writer.returncode == 0
        assert int(writer.communicate()[0]) > 100
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
