"""Input of unusual memory layout, data type or container gives the usual results.

The values are small whole numbers, which every data type holds exactly. Input may be
rejected instead, with a message of this package or of scikit-learn's validation.
"""

import itertools
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from user_errors import check_error

from skcnnlstm import (
    CNNRegressor,
    FlattenWindows,
    ForecastDisplay,
    HorizonSplit,
    LastSteps,
    LSTMClassifier,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    SlidingWindow,
    SubsequenceReshaper,
    backtest,
    check_leakage,
    conformal,
    forecast_scorer,
    make_windows,
    metrics,
)

RIDGE = make_pipeline(FlattenWindows(), Ridge())
TINY = {"epochs": 1, "random_state": 0}
EXAMPLES = settings().max_examples // 5  # for each case; see conftest.py

# ----------------------------------------------------------------- layouts and types


def strided(array):
    wide = np.zeros((2 * len(array), *array.shape[1:]), array.dtype)
    wide[::2] = array
    return wide[::2]


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def unaligned(array):
    raw = np.zeros(array.nbytes + 1, np.uint8)[1:]
    view = raw.view(array.dtype).reshape(array.shape)
    view[:] = array
    return view


def memory_mapped(array):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "array.npy"
        np.save(path, np.asarray(array))  # np.save has no format for masked arrays
        return np.load(path, mmap_mode="r")


LAYOUTS = {
    "strided": strided,
    "backwards": lambda a: a[::-1].copy()[::-1],
    "Fortran": np.asfortranarray,
    "read-only": read_only,
    "unaligned": unaligned,
    "memory-mapped": memory_mapped,
    "swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "object": lambda a: a.astype(object),
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(a.tolist()),
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "masked": np.ma.asarray,
}
TYPES = ["f8", "f4", "f2", "i1", "u1", "i4", "u8", ">f8", ">i2", "<f4", "longdouble"]
INDEXES = {
    "dates": lambda n: pd.date_range("2024", periods=n),
    "backwards": lambda n: pd.RangeIndex(n)[::-1],
    "equal": lambda n: pd.Index([7] * n),
    "text": lambda n: pd.Index([f"r{i % 3}" for i in range(n)]),
    "levels": lambda n: pd.MultiIndex.from_product([["a"], range(n)]),
    "floats": lambda n: pd.Index(np.linspace(0, 1, n)),
    "missing": lambda n: pd.Index([None, *range(n - 1)]),
    "categories": lambda n: pd.CategoricalIndex([str(i) for i in range(n)]),
    "intervals": lambda n: pd.interval_range(0, n),
}


def numbers(*shape):
    """Return whole numbers from 1 to 9 in random order."""
    values = np.random.default_rng(len(shape)).integers(1, 10, size=shape)
    return values.astype(float)


@st.composite
def unusual(draw, clean):
    """Draw the same numbers in another layout, data type or container."""
    array = clean.astype(draw(st.sampled_from(TYPES)))
    if array.ndim <= 2 and draw(st.booleans()):
        index = INDEXES[draw(st.sampled_from(sorted(INDEXES)))](len(array))
        if array.ndim == 1:
            return pd.Series(array, index)
        names = draw(st.sampled_from([["a", "b", "c"], [2, 0, 1], list("aaa")]))
        names = (names * array.shape[1])[: array.shape[1]]
        return pd.DataFrame(array, index, columns=names)
    for layout in draw(st.lists(st.sampled_from(sorted(LAYOUTS)), max_size=2)):
        if isinstance(array, np.ndarray) and array.dtype != object:
            array = LAYOUTS[layout](array)
    return array


# ------------------------------------------------------------------------------- cases

X3, Y = numbers(24, 6, 1), numbers(24)
LABELS = np.resize([0.0, 1.0, 1.0], 24)
NETWORK = CNNRegressor(filters=2, dense_units=2, **TINY)
CLASSIFIER = LSTMClassifier(lstm_units=2, **TINY)
GROUPS = np.resize([1.0, 2.0], 24)


def folds(splitter, **data):
    return np.concatenate([rows for pair in splitter.split(**data) for rows in pair])


def forecaster(**params):
    return SeriesForecaster(RIDGE, window_length=3, horizon=2, **params)


def scores(series):
    result = backtest(forecaster(), series, TimeSeriesSplit(2), verbose=0)
    return result.scores().drop(["owa"])


def calibrated():
    return forecaster(calibration_fraction=0.5)


def plotted(series):
    """Return the values in the plot of a series."""
    display = ForecastDisplay.from_predictions(series)
    values = display.ax_.lines[0].get_ydata()
    plt.close(display.figure_)
    return values


ROWS, TABLE, WINDOWS = numbers(24), numbers(24, 2), numbers(24, 6)
CASES = {
    "make_windows": (ROWS, lambda x: np.column_stack(make_windows(x, 4))),
    "make_windows, table": (TABLE, lambda x: make_windows(x, 4, 2)[1]),
    "SlidingWindow": (TABLE, lambda x: SlidingWindow(3).fit_transform(x)),
    "LastSteps": (X3, lambda x: LastSteps(2).fit_transform(x)),
    "SubsequenceReshaper": (WINDOWS, lambda x: SubsequenceReshaper(2).fit_transform(x)),
    "FlattenWindows": (X3, lambda x: FlattenWindows().fit_transform(x)),
    "forecast": (ROWS, lambda x: forecaster().fit(x).forecast()),
    "forecast, table": (TABLE, lambda x: forecaster().fit(x).forecast(4)),
    "score": (ROWS, lambda x: forecaster().fit(ROWS).score(x)),
    "exog": (
        TABLE,
        lambda x: forecaster().fit(ROWS, exog=x).forecast(exog=TABLE[:2]),
    ),
    "backtest": (ROWS, scores),
    "HorizonSplit": (ROWS, lambda x: folds(HorizonSplit(2, horizon=2), X=x)),
    "PanelTimeSeriesSplit": (
        GROUPS,
        lambda x: folds(PanelTimeSeriesSplit(2), X=ROWS, groups=x),
    ),
    "check_leakage": (
        WINDOWS,
        lambda x: check_leakage(Ridge(), x, ROWS, TimeSeriesSplit(2), n_fits=0).gap,
    ),
    "predict of a forecaster": (ROWS, lambda x: forecaster().fit(ROWS).predict(x)),
    "update": (ROWS, lambda x: forecaster().fit(ROWS[::-1]).update(x).forecast()),
    "forecast_interval": (
        ROWS,
        lambda x: calibrated().fit(x).forecast_interval(coverage=0.5),
    ),
    "forecast_scorer": (
        ROWS,
        lambda x: forecast_scorer("r2")(forecaster().fit(ROWS), x),
    ),
    "ForecastDisplay": (ROWS, plotted),
    "smape": (ROWS, lambda x: metrics.smape(ROWS[::-1], x)),
    "percentage_errors": (TABLE, lambda x: metrics.percentage_errors(x, TABLE[::-1])),
    "scale_of_mase": (ROWS, lambda x: metrics.scale_of_mase(x, 2)),
    "mase": (ROWS, lambda x: metrics.mase(x, ROWS[::-1], 2.0)),
    "naive": (TABLE, lambda x: metrics.naive(x, [5, 9], 2)),
    "seasonal_naive": (TABLE, lambda x: metrics.seasonal_naive(x, [5, 9], 2, 3)),
    "naive2": (TABLE, lambda x: metrics.naive2(x, [20, 21], 2, 3, slice(0, 20))),
    "is_seasonal": (ROWS, lambda x: metrics.is_seasonal(x, 3)),
    "seasonal_indices": (ROWS, lambda x: metrics.seasonal_indices(x, 3)[0]),
    "conformity": (ROWS, lambda x: conformal.conformity(x, ROWS[::-1])),
    "conformal_quantile": (ROWS, lambda x: conformal.conformal_quantile(x, 0.5)),
    "bounds": (ROWS, lambda x: np.stack(conformal.bounds(x, ROWS[::-1]))),
    "adaptive_widths": (
        X3,
        lambda x: conformal.adaptive_widths(x, np.arange(24), 0.5, 0.01)[12:],
    ),
}
# Functions of single numbers, or of the results of other functions.
WITHOUT_ARRAYS = {"owa", "skill", "scores_needed"}
NETWORK_CASES = {
    "predict": (X3, lambda x: FITTED.predict(x)),
    "predict_proba": (X3, lambda x: CLASSES.predict_proba(x)),
    "fit": (WINDOWS, lambda x: NETWORK.fit(x, Y).predict(WINDOWS)),
    "target": (Y, lambda y: NETWORK.fit(X3, y).predict(X3)),
    "classes": (LABELS, lambda y: CLASSIFIER.fit(X3, y).predict_proba(X3)),
    "sample_weight": (Y, lambda w: NETWORK.fit(X3, Y, w).predict(X3)),
}


def result_or_none(call, data):
    """Return the numbers that a call returns, or None for a readable error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            return np.asarray(call(data), dtype=float)
        except Exception as error:
            check_error(error)
            return None


def has_descending_index(data):
    index = getattr(data, "index", None)
    return isinstance(index, pd.RangeIndex) and index.step < 0


def assert_same(name, cases, data):
    clean, call = cases[name]
    expected = result_or_none(call, clean)
    assert expected is not None
    changed = data.draw(unusual(clean))
    # SlidingWindow sorts rows whose index is in descending order.
    assume(name != "SlidingWindow" or not has_descending_index(changed))
    result = result_or_none(call, changed)
    if result is not None:
        # Rounding differs for sums over other strides and in smaller data types.
        np.testing.assert_allclose(result, expected, rtol=2e-3, atol=1e-5)
    elif isinstance(changed, np.ndarray) and changed.dtype != object:
        raise AssertionError(f"rejected array: {changed.dtype}, {changed.flags}")


@pytest.mark.parametrize("name", CASES)
@settings(deadline=None, max_examples=EXAMPLES)
@given(data=st.data())
def test_results_do_not_depend_on_layout_type_or_container(name, data):
    assert_same(name, CASES, data)


@pytest.mark.parametrize("module", [metrics, conformal])
def test_every_public_function_of_arrays_is_a_case(module):
    assert set(module.__all__) <= set(CASES) | WITHOUT_ARRAYS


@pytest.fixture(scope="module", autouse=True)
def fitted():
    global FITTED, CLASSES
    FITTED = CNNRegressor(filters=2, dense_units=2, **TINY).fit(X3, Y)
    CLASSES = LSTMClassifier(lstm_units=2, **TINY).fit(X3, LABELS)


@pytest.mark.heavy
@pytest.mark.parametrize("name", NETWORK_CASES)
@settings(
    deadline=None,
    max_examples=EXAMPLES // 2,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=st.data())
def test_networks_do_not_depend_on_layout_type_or_container(name, data):
    assert_same(name, NETWORK_CASES, data)


@pytest.mark.parametrize("name", ["LastSteps", "FlattenWindows", "fit", "predict"])
def test_polars_frames_are_accepted(name):
    polars = pytest.importorskip("polars", reason="polars is not in the test extra")
    clean = WINDOWS
    calls = {
        "LastSteps": lambda x: LastSteps(2).fit_transform(x),
        "FlattenWindows": lambda x: FlattenWindows().fit_transform(x),
        "fit": lambda x: NETWORK.fit(x, polars.Series(Y)).predict(clean),
        "predict": lambda x: NETWORK.fit(clean, Y).predict(x),
    }
    frame = polars.DataFrame(clean, schema=list("abcdef"))
    np.testing.assert_array_equal(
        result_or_none(calls[name], frame), result_or_none(calls[name], clean)
    )


# ---------------------------------------------------------------------- extreme values


@pytest.mark.parametrize(
    ("scale", "transformer"),
    [
        *itertools.product(
            [5e-324, 1e-300, 1e-30, 1e-6, 1e6, 1e30], ["standard", "log", None]
        ),
        (1e140, "standard"),
        (1e140, "log"),
    ],
)
def test_forecasts_of_any_scale_are_finite(scale, transformer):
    series = (np.abs(np.sin(np.arange(40.0))) + 1) * scale
    model = forecaster(transformer=transformer).fit(series)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        forecast = model.forecast(4)
    assert np.isfinite(forecast).all()
    assert (np.abs(forecast) <= 10 * series.max()).all()


def test_a_series_whose_variance_overflows_is_an_error():
    with pytest.raises(ValueError, match=r"exceed 1e\+150 in absolute value.*at row 3"):
        forecaster().fit([1.0, 2, 3, 1e151, 5, 6, 7, 8])


@pytest.mark.parametrize("scale", [0.0, 5e-324, 1e-30, 1.0, 1e30])
@pytest.mark.parametrize("norm", [None, "last", "standard"])
@pytest.mark.filterwarnings("ignore:. is not scaled")
def test_networks_on_any_scale_predict_finite_values_or_raise(scale, norm):
    X, y = make_windows(np.sin(np.arange(40.0)) * scale, 6)
    network = CNNRegressor(filters=2, dense_units=2, instance_norm=norm, **TINY)
    try:
        predicted = network.fit(X, y).predict(X)
    except ValueError as error:
        assert scale == 1e30
        assert str(error).startswith("loss must stay finite")
    else:
        assert np.isfinite(predicted).all()


def test_the_forecast_of_a_constant_series_is_constant():
    assert forecaster().fit(np.full(30, 7.0)).forecast() == pytest.approx([7, 7])


def test_classifiers_need_two_classes_of_one_sample_each():
    X = numbers(2, 6)
    with pytest.raises(ValueError, match="must hold at least two classes"):
        CLASSIFIER.fit(X, [1, 1])
    probabilities = CLASSIFIER.fit(X, ["a", "b"]).predict_proba(X)
    assert np.isfinite(probabilities).all()
