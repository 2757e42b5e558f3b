"""save and load: what comes back, what is refused, and that nothing runs."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import keras
import numpy as np
import pandas as pd
import pytest
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

import skcnnlstm
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
from skcnnlstm._utils.files import read_file, write_file
from skcnnlstm.datasets import load_airline
from skcnnlstm.metrics import smape
from skcnnlstm.saving import scipy_values
from skcnnlstm.saving.names import find_safe, name_of

NEEDS_SKOPS = "what is scikit-learn's is skops' to write (extra save)"
TINY = {"filters": 4, "lstm_units": 4, "epochs": 2, "random_state": 0}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a model"


def saved(estimator, path, **settings):
    save(estimator, path)
    return load(path, **settings)


# ------------------------------------------------------------------- what comes back


@pytest.mark.parametrize(
    "estimator", [*REGRESSORS, *CLASSIFIERS], ids=lambda e: type(e).__name__
)
def test_networks_come_back_with_their_bits(estimator, windows, path, thorough):
    if not (thorough or isinstance(estimator, CNNLSTMRegressor)):
        pytest.skip("a trace each: with --all-estimators")
    X, y = windows
    is_classifier = hasattr(estimator, "predict_proba")
    fitted = clone(estimator).fit(X, y > 0 if is_classifier else y)
    ask = "predict_proba" if is_classifier else "predict"
    again = saved(fitted, path)
    assert_array_equal(getattr(again, ask)(X), getattr(fitted, ask)(X))
    assert again.get_params() == fitted.get_params()
    assert again.history_ == fitted.history_
    one, other = fitted.partial_fit(X, y > 0 if is_classifier else y), again
    other.partial_fit(X, y > 0 if is_classifier else y)
    assert_array_equal(getattr(other, ask)(X), getattr(one, ask)(X))


@pytest.mark.parametrize("estimator", ENSEMBLES, ids=lambda e: type(e).__name__)
def test_ensembles_come_back_with_their_bits(estimator, windows, path):
    X, y = windows
    is_classifier = hasattr(estimator, "predict_proba")
    fitted = clone(estimator).fit(X, y > 0 if is_classifier else y)
    assert_array_equal(saved(fitted, path).predict(X), fitted.predict(X))


@pytest.mark.parametrize(
    "estimator",
    [*REGRESSORS[:1], *TRANSFORMERS, SeriesForecaster(REGRESSORS[0])],
    ids=lambda e: type(e).__name__,
)
def test_what_is_not_fitted_comes_back_too(estimator, path):
    assert repr(saved(estimator, path)) == repr(estimator)


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


@pytest.mark.parametrize("name", INDEXES)
def test_forecasters_come_back_with_their_calendar(name, path):
    pytest.importorskip("skops", reason=NEEDS_SKOPS)
    index = INDEXES[name]
    series = a_series(None if index is None else index[:60], name=("a", 1))
    series = series.to_numpy() if index is None else series[~series.index.duplicated()]
    fitted = ridge(transformer="log").fit(series[:-8])
    again = saved(fitted, path)
    for forecaster in (fitted, again):
        forecaster.update(series[-8:-2])
    if name in ("text", "intervals"):  # which show no order
        series = series.to_numpy()
    assert_array_equal(again.predict(series[-2:]), fitted.predict(series[-2:]))
    if name in (
        "irregular",
        "text",
        "intervals",
    ):  # the rows that follow have no labels
        return
    one, other = fitted.forecast(3), again.forecast(3)
    if index is None:
        assert_array_equal(one, other)
    else:
        pd.testing.assert_series_equal(one, other, check_freq=True)


def test_panels_covariates_and_calibrations_come_back(path):
    pytest.importorskip("skops", reason=NEEDS_SKOPS)
    rng = np.random.default_rng(0)
    many = {key: rng.normal(size=(60, 2)).cumsum(axis=0) for key in ("a", "b", 3)}
    exog = {key: rng.normal(size=(64, 1)) for key in many}
    fitted = ridge(
        calibration_fraction=0.4, transformer=MinMaxScaler(), target_columns=[1]
    ).fit(many, exog={key: values[:60] for key, values in exog.items()})
    again = saved(fitted, path)
    ahead = {key: values[60:62] for key, values in exog.items()}
    one, other = (f.forecast_interval(exog=ahead) for f in (fitted, again))
    assert list(one) == list(other) == ["a", "b", 3]
    for key, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[key])
    frames = [pd.DataFrame({"y": a_series(DAYS), "id": key}) for key in "ab"]
    for dtype in ("category", object, "string"):
        fitted = ridge(id_column="id").fit(pd.concat(frames).astype({"id": dtype}))
        one, other = fitted.forecast(), saved(fitted, path).forecast()
        pd.testing.assert_frame_equal(one, other)


def test_pipelines_and_searches_come_back(path):
    pytest.importorskip("skops", reason=NEEDS_SKOPS)
    rows = pd.DataFrame({"a": a_series(DAYS), "b": a_series(DAYS) ** 2})
    scaler = StandardScaler().set_output(transform="pandas")
    forest = RandomForestRegressor(3, random_state=0)
    pipeline = make_pipeline(
        scaler, SlidingWindow(4), FlattenWindows(), TransformedTargetRegressor(forest)
    )
    pipeline.fit(rows[4:50], rows["a"].to_numpy()[4:50])
    save(pipeline, path)
    with pytest.raises(ValueError, match=r"holds sklearn.tree._tree.Tree\. Where"):
        load(path)
    again = load(path, trusted=["sklearn.tree._tree.Tree"])
    assert_array_equal(again.predict(rows[50:]), pipeline.predict(rows[50:]))

    search = GridSearchCV(
        ridge(transformer=None),
        {"window_length": [3, 4], "estimator__ridge": [Ridge(), Ridge(alpha=9)]},
        cv=TimeSeriesSplit(2),
        scoring=forecast_scorer("r2"),
    ).fit(rows)
    again = saved(search, path)
    one, other = (each.best_estimator_.forecast() for each in (search, again))
    pd.testing.assert_frame_equal(one, other)
    assert again.score(rows) == search.score(rows)
    for key, values in search.cv_results_.items():
        assert repr(again.cv_results_[key]) == repr(values)
    assert clone(again).fit(rows).best_score_ == search.best_score_


def a_search(X, y, cv, **fit):
    return GridSearchCV(Ridge(), {"alpha": [1, 9]}, cv=cv).fit(X, y, **fit)


def a_panel_search(X, y):
    return a_search(X, y, PanelTimeSeriesSplit(2), groups=np.arange(len(X)) % 2)


def a_measured_search(X, y):
    scoring = make_scorer(smape, greater_is_better=False)
    return GridSearchCV(Ridge(), {"alpha": [1, 9]}, scoring=scoring).fit(X, y)


def a_halving_search(X, y):
    search = HalvingGridSearchCV(Ridge(), {"alpha": [1, 9]}, cv=2, min_resources=20)
    return search.fit(X, y)


def a_random_search(X, y):
    drawn = {"alpha": stats.loguniform(1e-3, 1), "max_iter": stats.randint(1, high=9)}
    return RandomizedSearchCV(Ridge(), drawn, n_iter=3, random_state=0).fit(X, y)


def a_frozen_network(X, y):
    frozen = FrozenEstimator(CNNClassifier(filters=2, epochs=1).fit(X, y > 0))
    return CalibratedClassifierCV(frozen).fit(X, y > 0)


ROWS = np.arange(40)
BOTH = [("net", CNNRegressor(filters=2, epochs=1, random_state=0)), ("ridge", Ridge())]
# What scikit-learn makes with the splitters, measures and networks of the package.
MADE = {
    "HorizonSplit": lambda X, y: a_search(X, y, HorizonSplit(2)),
    "PanelTimeSeriesSplit": a_panel_search,
    "pairs": lambda X, y: a_search(X, y, [(ROWS[:20], ROWS[20:])]),
    "measure": a_measured_search,
    "halving": a_halving_search,
    "random": a_random_search,
    "voting": lambda X, y: VotingRegressor(BOTH).fit(X, y),
    "stacking": lambda X, y: StackingRegressor(BOTH, cv=2).fit(X, y),
    "frozen": a_frozen_network,
}


@pytest.mark.parametrize("name", MADE)
def test_what_scikit_learn_makes_of_the_package_comes_back(name, windows, path):
    pytest.importorskip("skops", reason=NEEDS_SKOPS)
    X, y = windows
    fitted = MADE[name](X, y)
    again = saved(fitted, path)
    ask = "predict_proba" if name == "frozen" else "predict"
    assert_array_equal(getattr(again, ask)(X), getattr(fitted, ask)(X))
    if name == "random":
        assert clone(again).fit(X, y).best_params_ == fitted.best_params_
    if name == "voting":
        assert again.named_estimators_.net is again.estimators_[0]


def test_searches_by_halving_need_not_be_enabled_where_they_are_loaded():
    # skops knows them only where they were enabled before it was imported.
    room = "sklearn.model_selection._search_successive_halving"
    assert find_safe(f"{room}.HalvingGridSearchCV") is HalvingGridSearchCV
    assert find_safe(f"{room}.HalvingRandomSearchCV")
    assert find_safe(f"{room}.BaseSearchCV") is None
    assert find_safe("sklearn.impute._iterative.IterativeImputer")


MADE_FRESH = """
import sys
import numpy as np
from skcnnlstm import load

path, *names = sys.argv[1:]
X = np.load(path + "/X.npy")
said = {name: load(path + "/" + name).predict(X) for name in names}
np.savez(path + "/said.npz", **said)
assert "HalvingGridSearchCV" not in vars(sys.modules["sklearn.model_selection"])
"""


def test_a_fresh_process_knows_what_scikit_learn_makes(tmp_path, windows, thorough):
    pytest.importorskip("skops", reason=NEEDS_SKOPS)
    if not thorough:
        pytest.skip("a process that imports TensorFlow: with --all-estimators")
    X, y = windows
    np.save(tmp_path / "X.npy", X)
    X = np.load(tmp_path / "X.npy")  # BLAS rounds by the strides, those of both now
    fitted = {name: make(X, y) for name, make in MADE.items()}
    for name, estimator in fitted.items():
        save(estimator, tmp_path / name)
    arguments = [sys.executable, "-c", MADE_FRESH, str(tmp_path), *fitted]
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "said.npz") as said:
        for name, estimator in fitted.items():
            assert_array_equal(said[name], estimator.predict(X), name)


def test_every_public_class_that_an_estimator_may_hold_is_known():
    others = ("Display", "Error", "Warning")
    classes = [getattr(skcnnlstm, name) for name in skcnnlstm.__all__]
    classes = [one for one in classes if isinstance(one, type)]
    held = [one for one in classes if not one.__name__.endswith(others)]
    assert len(held) > 30
    for one in held:
        assert find_safe(name_of(one)) is one
    for one in {*classes} - {*held}:
        assert find_safe(name_of(one)) is None


FRESH = """
import sys
import numpy as np
from skcnnlstm import load
from skcnnlstm.datasets import load_airline

folder = sys.argv[1]
forecaster = load(folder + "/forecaster")
forecasts = [forecaster.forecast(30)]
forecasts.append(forecaster.update(load_airline()[120:]).forecast())
networks = [load(folder + name) for name in ("/network", "/search")]
said = [network.predict(np.eye(12)) for network in networks]
np.savez(folder + "/said.npz", *forecasts, *said)
print(forecasts[1].index[0])
"""


def test_a_fresh_process_makes_the_same_bits(tmp_path, windows, thorough):
    pytest.importorskip("skops", reason=NEEDS_SKOPS)
    if not thorough:
        pytest.skip("a process that imports TensorFlow: with --all-estimators")
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
    arguments = [sys.executable, "-c", FRESH, str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = np.load(tmp_path / "said.npz")
    assert_array_equal(said["arr_0"], forecaster.forecast(30))
    assert_array_equal(said["arr_1"], forecaster.update(series[120:]).forecast())
    assert_array_equal(said["arr_2"], network.predict(np.eye(12)))
    assert_array_equal(said["arr_3"], search.predict(np.eye(12)))
    assert done.stdout.startswith("1961-01-01")


# ----------------------------------------------------------------------- parameters


def test_keras_objects_among_parameters_come_back(path, tmp_path):
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    estimator = CNNRegressor(
        optimizer=keras.optimizers.SGD(decay, momentum=0.5),
        loss=keras.losses.Huber(delta=2.0),
        metrics=[keras.metrics.MeanAbsoluteError(name="mine"), "mse"],
        callbacks=[keras.callbacks.EarlyStopping("loss", patience=3)],
        activation=keras.activations.gelu,
        checkpoint=tmp_path / "fits",
    )
    again = saved(estimator, path)
    assert again.optimizer.get_config() == estimator.optimizer.get_config()
    assert again.loss(np.zeros((1, 1)), np.full((1, 1), 9.0)) == 16.0
    assert again.metrics[0].name == "mine" and again.metrics[1] == "mse"
    assert vars(again.callbacks[0]) == vars(estimator.callbacks[0])
    assert again.activation is keras.activations.gelu
    assert again.checkpoint == tmp_path / "fits"
    for name, value in {
        "optimizer": keras.optimizers.RMSprop,
        "loss": keras.losses.mean_absolute_error,
    }.items():
        assert saved(CNNRegressor(**{name: value}), path).get_params()[name] is value


def nested():
    def loss(y, p):
        return y - p

    return loss


@pytest.mark.parametrize(
    "estimator, start",
    [
        (CNNRegressor(loss=lambda y, p: y - p), "loss must be what a file can hold"),
        (CNNRegressor(loss=nested()), "loss must be what a file can hold: got <func"),
        (
            SeriesForecaster(
                CNNRegressor(callbacks=[keras.callbacks.LambdaCallback(print)])
            ),
            r"estimator.callbacks\[0\].on_epoch_begin must be what a file can hold",
        ),
        pytest.param(
            make_pipeline(FlattenWindows(), Ridge(alpha=(x for x in "a"))),
            r"steps\[1\]\[1\].alpha must be what a file can hold: got <generator",
            marks=pytest.mark.skipif(not find_spec("skops"), reason=NEEDS_SKOPS),
        ),
        (CNNRegressor(verbose=Lock()), "verbose must be what a file can hold: got"),
        (CNNRegressor, "estimator must be an instance with get_params: got <class"),
        ([1], r"estimator must be an instance with get_params: got \[1\]"),
    ],
)
def test_what_no_file_can_hold_is_named_and_no_file_is_touched(estimator, start, path):
    path.write_text("old")
    with pytest.raises(TypeError, match=f"^{start}"):
        save(estimator, path)
    assert path.read_text() == "old"
    assert len(list(path.parent.iterdir())) == 1


class Slotted:
    """A class of a user's own that keeps nothing in a dict."""

    __slots__ = ()


def with_a_seed():
    drawn = stats.uniform(0, 1)
    drawn.random_state = 0
    return drawn


DATEUTIL = pd.date_range("2020-01-01", periods=3, tz="dateutil/Europe/Berlin")


@pytest.mark.parametrize(
    "value, start",
    [
        (DATEUTIL, "loss must be a label or an index that a file can hold: got Datet"),
        (Slotted(), "estimator must hold only what load can make again: got "),
        (pd.NA, "estimator must hold only what load can make again: got pandas.api"),
        (stats.rv_histogram(([1, 1], [0, 1, 2])), "loss must be a distribution that"),
        (stats.rv_discrete(values=([1], [1]))(), "loss must be a distribution that"),
        (type(stats.norm)(a=0, name="norm"), "loss must be a distribution that"),
        (stats.uniform(np.zeros(2)), "loss must be a distribution that scipy.stats"),
        (with_a_seed(), "loss must be a distribution that scipy.stats holds by a na"),
    ],
)
def test_what_load_could_not_make_again_is_not_saved(value, start, path):
    pytest.importorskip("skops", reason=NEEDS_SKOPS)
    path.write_text("old")
    with pytest.raises(TypeError, match=f"^{start}"):
        save(CNNRegressor(loss=value), path)
    assert path.read_text() == "old"


def test_distributions_come_back(path):
    for dist in vars(stats).values():
        if isinstance(dist, stats.rv_continuous | stats.rv_discrete):
            assert scipy_values.from_parts(*scipy_values.to_parts(dist)) is dist
    frozen = stats.truncnorm(-1, b=2, loc=np.float32(0.1))
    again = saved(CNNRegressor(loss=frozen, metrics=stats.norm), path)
    assert_array_equal(again.loss.rvs(9, random_state=0), frozen.rvs(9, random_state=0))
    assert again.metrics is stats.norm


@pytest.mark.parametrize(
    "node",
    [
        ["distribution", "gaussian_kde"],
        ["distribution", "rv_histogram", ["tuple"], ["dict"]],
        ["distribution", "distributions.norm"],
        ["distribution", "norm", ["tuple", ["tuple", 1, 2]], ["dict"]],
        ["distribution", "norm", ["tuple"], ["dict", "loc", ["array", 0]]],
        ["distribution", ["tuple"]],
    ],
)
def test_no_other_attribute_of_scipy_is_called(node, path):
    save(CNNRegressor(loss=np.zeros(3)), path)
    document, arrays = read_file(path, "model", "save")
    document["value"][document["value"].index("loss") + 1] = node
    write_file(path, "model", document, arrays)
    with pytest.raises(ValueError, match="path must be an undamaged file"):
        load(path)


def test_dtypes_among_parameters_come_back(path):
    for dtype in map(np.dtype, ("f4", "<M8[D]", "O", "bfloat16")):
        assert saved(CNNRegressor(loss=dtype), path).loss == dtype


def test_itself_is_no_parameter(path):
    estimator = CNNRegressor()
    estimator.loss = [estimator]
    with pytest.raises(TypeError, match="must not hold itself"):
        save(estimator, path)


# -------------------------------------------------------------------------- trust


class Mine(BaseEstimator):
    """An estimator of a user's own."""

    def __init__(self, of=1):
        self.of = of


def my_loss(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def test_types_of_ones_own_are_refused_by_name_and_can_be_trusted(path):
    save(CNNRegressor(loss=my_loss, callbacks=[keras.callbacks.CSVLogger]), path)
    names = f"keras.callbacks.CSVLogger, {__name__}.my_loss"
    with pytest.raises(ValueError, match=f"holds {names}. Where you know and trust"):
        load(path)
    again = load(path, trusted=[my_loss, "keras.callbacks.CSVLogger"])
    assert again.loss is my_loss
    assert again.callbacks == [keras.callbacks.CSVLogger]
    assert isinstance(saved(Mine(of=Mine()), path, trusted=[Mine]).of, Mine)
    assert load(path, trusted=[f"{__name__}.Mine"]).of.of == 1
    for wrong in (True, f"{__name__}.Mine", [3]):
        with pytest.raises(TypeError, match="trusted must"):
            load(path, trusted=wrong)
    save(Mine(), path)
    text = path.read_bytes()
    write_file(path, "model", *read_file(path, "model", ""))
    assert path.read_bytes() == text


def rewritten(path, change):
    """Change the document of a file, with a checksum that is right."""
    document, arrays = read_file(path, "model", "save")
    write_file(path, "model", json.loads(change(json.dumps(document))), arrays)


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "builtins.exec",
        "subprocess.Popen",
        "skcnnlstm.saving.files.save",
        "skcnnlstm._utils.files.Path",
        "skcnnlstm.training.program.Program",
        "skcnnlstm.os",
        "keras.utils.get_file",
        "keras.layers.Lambda",
        "keras.config.enable_unsafe_deserialization",
        "keras.src.saving.serialization_lib.enable_unsafe_deserialization",
        "sklearn.datasets.fetch_openml",
        "no.such.thing",
        "",
    ],
)
def test_a_file_names_nothing_that_acts(name, path):
    save(CNNRegressor(), path)
    rewritten(
        path, lambda t: t.replace("skcnnlstm.architectures.cnn.CNNRegressor", name)
    )
    with pytest.raises(ValueError, match="path must name no unknown types"):
        load(path)


LAMBDA = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "config": {"function": {"class_name": "__lambda__", "config": {"value": "4wAA"}}},
}


@pytest.mark.parametrize(
    "config",
    [
        LAMBDA,
        {"class_name": "__lambda__", "config": {"value": "4wAA"}},
        {"module": "builtins", "class_name": "function", "config": "eval"},
        {"module": "os", "class_name": "function", "config": "system"},
        {"module": "keras.utils", "class_name": "get_file", "config": {}},
        {"module": "keras.src.layers", "class_name": "Dense", "config": LAMBDA},
        {"class_name": "Dense", "config": {}, "registered_name": "theirs>Dense"},
        {"module": "keras.layers", "class_name": "TFSMLayer", "config": {}},
    ],
)
def test_configs_of_keras_that_act_are_refused(config, windows, path):
    save(CNNRegressor(optimizer=keras.optimizers.Adam()), path)
    document, arrays = read_file(path, "model", "save")
    at = document["value"].index("optimizer") + 1
    document["value"][at] = ["keras", {"class_name": "Adam", "config": config}]
    document["value"][at] = ["keras", config]
    write_file(path, "model", document, arrays)
    with pytest.raises(ValueError, match="path must name no unknown types"):
        load(path)
    document["value"][at] = None
    document["value"] += ["_network", json.dumps({"config": {"layers": [config]}})]
    write_file(path, "model", document, arrays)
    with pytest.raises(ValueError, match="path must name no unknown types"):
        load(path)


@pytest.mark.filterwarnings("ignore:Trying to unpickle estimator")
def test_nonsense_with_a_right_checksum_is_told(path, thorough):
    pytest.importorskip("skops", reason=NEEDS_SKOPS)
    save(ridge(transformer="log").fit(a_series(DAYS)), path)
    document, arrays = read_file(path, "model", "save")
    text = json.dumps(document)
    rng = np.random.default_rng(0)
    others = [None, -1, 0, 1, 10**30, 0.5, "x", [], ["same", 0], {}, ["array", 0]]
    others += [["pandas", "range", 0, 1, 0, None], ["name", 0], ["tuple", 1, 2]]
    others += [["bunch", 1], ["distribution", "norm", 0, 0], ["distribution", None]]
    loaded = 0
    for _ in range(500 if thorough else 100):
        document = json.loads(text)
        node = document["value"]
        while True:
            at = int(rng.integers(len(node)))
            if not (isinstance(node[at], list) and node[at] and rng.random() < 0.8):
                break
            node = node[at]
        node[at] = others[rng.integers(len(others))]
        write_file(path, "model", document, arrays)
        try:
            load(path)
            loaded += 1  # a number for another is no nonsense
        except ValueError as error:
            assert str(error).startswith("path must")
    assert loaded < (400 if thorough else 80)


def test_cut_and_flipped_files_are_told(path, windows):
    save(CNNRegressor(filters=2, epochs=1).initialize(*windows), path)
    whole = path.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 60)):
        for broken in (
            whole[:at],
            whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :],
        ):
            path.write_bytes(broken)
            with pytest.raises(ValueError, match="path must be"):
                load(path)


# ------------------------------------------------------------------------- versions


def test_other_releases_are_told_where_they_matter(path, monkeypatch):
    save(CNNRegressor(), path)
    document, arrays = read_file(path, "model", "save")
    document["versions"] |= {"numpy": "1.26.4", "keras": "3.0.1"}
    document["versions"]["scikit-learn"] = "1.0"
    write_file(path, "model", document, arrays)
    with pytest.warns(
        UserWarning, match=r"other releases: keras 3.0.1 \(here .*numpy 1"
    ):
        assert isinstance(load(path), CNNRegressor)


def test_without_skops_networks_are_saved_and_the_extra_is_named(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    monkeypatch.setitem(sys.modules, "skops", None)
    assert isinstance(saved(CNNRegressor(), path), CNNRegressor)
    with pytest.raises(ImportError, match=r"pip install skcnnlstm\[save\]"):
        save(make_pipeline(StandardScaler()), path)


def test_a_file_that_is_not_there_is_told(path):
    with pytest.raises(FileNotFoundError):
        load(path)
    with pytest.raises(FileNotFoundError, match="path must lie in a folder that is"):
        save(CNNRegressor(), Path(path, "no folder", "a model"))
