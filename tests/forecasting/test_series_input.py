"""Validation of series, and the form of forecasts."""

import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import (
    Rising,
    ridge,
)
from sklearn.base import clone

from skcnnlstm import SeriesForecaster
from skcnnlstm.forecasting.series_input import read_rows


def test_forecasts_have_the_form_of_the_series(airline, two_columns):
    forecaster = SeriesForecaster(ridge(), window_length=12, horizon=3)
    months = pd.date_range("1961-01-01", periods=5, freq="MS", name="month")
    series = forecaster.fit(airline).forecast(5)
    assert isinstance(series, pd.Series)
    assert series.name == "passengers"
    pd.testing.assert_index_equal(series.index, months)
    frame = forecaster.fit(two_columns).forecast(5)
    assert isinstance(frame, pd.DataFrame)
    pd.testing.assert_index_equal(frame.columns, two_columns.columns)
    pd.testing.assert_index_equal(frame.index, months)
    for values, shape in [
        (airline.to_numpy(), (5,)),
        (airline.tolist(), (5,)),
        (airline.to_numpy()[:, np.newaxis], (5, 1)),
        (two_columns.to_numpy(), (5, 2)),
    ]:
        forecast = forecaster.fit(values).forecast(5)
        assert type(forecast) is np.ndarray
        assert forecast.shape == shape


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, bool])
def test_forecasts_are_float64_for_any_dtype(dtype):
    series = np.arange(20).astype(dtype)
    forecaster = SeriesForecaster(Rising(), window_length=3).fit(series)
    assert forecaster.forecast(3).dtype == np.float64
    width = np.float32 if dtype is np.float32 else np.float64
    assert forecaster.estimator_.X_.dtype == width
    assert forecaster.estimator_.asked_.dtype == width  # forecasts fed back too
    assert forecaster.predict(series[:5].astype(np.float64)).dtype == np.float64
    assert forecaster.estimator_.asked_.dtype == width


# ----------------------------------------------------------------------- invalid input


MONTHS = pd.date_range("1949-01-01", periods=40, freq="MS")


FRAME = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) + 1}, index=MONTHS)


TEXT = FRAME.assign(b=["x"] * 40)


UNSORTED = FRAME.iloc[[0, 2, 1, *range(3, 40)]]


TWICE = FRAME.iloc[[0, 1, 1, *range(2, 40)]]


def at(value, row, column):
    frame = FRAME.copy()
    frame.iloc[row, column] = value
    return frame


BAD_SERIES = [
    (
        at(np.nan, 2, 1),
        ValueError,
        "series must be finite: got NaN at row 2 "
        "(1949-03-01 00:00:00), column 'b'. Interpolate, start the series after the "
        "gap, or use a network with missing='mask'.",
    ),
    (
        [0.0, 1.0, np.inf, 3.0],
        ValueError,
        "series must be finite: got inf at row 2, column 0. Replace infinite values "
        "with numbers first.",
    ),
    (
        TEXT,
        ValueError,
        f"series must be numeric: got column 'b' of dtype {TEXT['b'].dtype}. Convert "
        "text and dates to numbers, or drop these columns. If the column holds dates, "
        "make it the index: series.set_index('b'). If it identifies the series of each "
        "row, set id_column='b'.",
    ),
    (
        FRAME.reset_index(names="month"),
        TypeError,
        f"series must be numeric: got column 'month' of dtype {MONTHS.dtype}. Convert "
        "text and dates to numbers, or drop these columns. If the column holds dates, "
        "make it the index: series.set_index('month').",
    ),
    (
        ["1", "2", "3"],
        ValueError,
        "series must be numeric: got text. Use numpy.asarray(series).astype(float).",
    ),
    (
        np.arange(40) + 1j,
        ValueError,
        "series must be real: got complex numbers (Complex data not supported). Use "
        "numpy.real(series), or the real and imaginary parts as separate columns.",
    ),
    (
        [],
        ValueError,
        "series must have at least one row: got 0 rows. Pass the rows of a series.",
    ),
    (
        np.zeros((4, 3, 2)),
        ValueError,
        "series must have 1 to 2 dimensions: got 3, shape (4, 3, 2). Use rows of shape "
        "(n_rows, n_features).",
    ),
    (
        5.0,
        ValueError,
        "series must have 1 to 2 dimensions: got 0, shape (). Use rows of shape "
        "(n_rows, n_features).",
    ),
    (
        [[1, 2], [3]],
        ValueError,
        "series must be rectangular: got a ragged list, whose rows have different "
        "lengths. Pad shorter rows or windows with NaN at the start, and use "
        'missing="mask".',
    ),
    (
        np.arange(5.0),
        ValueError,
        "series must have at least window_length + horizon rows: got 5 rows, "
        "window_length=4, horizon=2. Use a series of 6 rows or more, or shorter "
        "windows.",
    ),
    (
        UNSORTED,
        ValueError,
        "series must be in time order: got an unsorted index, in which row 2 (label "
        "1949-02-01 00:00:00) is earlier than the row before it. Use "
        "series.sort_index(). In a search or cross-validation, use "
        "cv=TimeSeriesSplit().",
    ),
    (
        TWICE,
        ValueError,
        "series must have one row for each time: got an index with the label "
        "1949-02-01 00:00:00 more than once. Drop the duplicates, or average "
        "them with series.groupby(level=0).mean(), or set id_column if they belong to "
        "several series.",
    ),
    (
        FRAME.set_index(pd.MultiIndex.from_product([["p", "q"], range(20)])),
        ValueError,
        "series must have one time index: got an index of 2 levels. Use one series at "
        "a time, and drop the other levels (series.droplevel(...)).",
    ),
    (
        FRAME.assign(shop="p").set_index("shop", append=True),
        ValueError,
        "series must have one time index: got an index of 2 levels. Drop the other "
        "levels: series.droplevel([1]).",
    ),
    (
        FRAME.assign(shop="p").groupby("shop"),
        TypeError,
        "series must not be grouped: got DataFrameGroupBy. Pass the long frame itself "
        "and set SeriesForecaster(..., id_column='shop').",
    ),
    (
        FRAME.assign(shop="p").groupby(["shop"])["a"],
        TypeError,
        "series must not be grouped: got SeriesGroupBy. Pass the long frame itself and "
        "set SeriesForecaster(..., id_column='shop').",
    ),
    (
        pd.Series(["93.8", "n/a", "x"], index=[4, 5, 6]),
        ValueError,
        "series must be numeric: got text, with 'n/a' at row 1 (label 5). Correct "
        "these values, or replace them by NaN with pandas.to_numeric(series, "
        "errors='coerce') and fill the missing values.",
    ),
    (
        FRAME.assign(b=["1.5"] * 39 + ["-"]),
        ValueError,
        f"series must be numeric: got column 'b' of dtype {TEXT['b'].dtype}, with '-' "
        f"at row 39 (label {MONTHS[39]}). Correct these values, or replace them by NaN "
        "with pandas.to_numeric(series['b'], errors='coerce') and fill the missing "
        "values.",
    ),
    (
        at(np.nan, 2, 1)["b"],
        ValueError,
        "series must be finite: got NaN at row 2 (1949-03-01 00:00:00), column 'b'.",
    ),
    (
        at(np.inf, 2, 1)["b"].rename(None),
        ValueError,
        "series must be finite: got inf at row 2 (1949-03-01 00:00:00), column 0.",
    ),
]


@pytest.mark.parametrize("series, error, message", BAD_SERIES)
def test_invalid_series_are_rejected(series, error, message):
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=2)
    with pytest.raises(error, match="^" + re.escape(message)):
        forecaster.fit(series)
    assert vars(forecaster) == vars(clone(forecaster)) | forecaster.get_params(False)


def test_sparse_rows_are_rejected():
    sparse = pytest.importorskip("scipy.sparse")
    for series in (sparse.csr_matrix(np.eye(9)), sparse.csr_array(np.eye(9))):
        with pytest.raises(TypeError, match=r"^Sparse data was passed for series, but"):
            SeriesForecaster(ridge(), window_length=2).fit(series)


@pytest.mark.parametrize("method", ["predict", "score"])
def test_rows_with_other_columns_are_rejected_with_scikit_learn_messages(method):
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=2).fit(FRAME[:20])
    use = getattr(forecaster, method)
    with pytest.raises(ValueError, match="feature names should match"):
        use(FRAME[["b", "a"]])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        use(FRAME[20:].to_numpy())
    with pytest.raises(ValueError, match="X has 3 features, but SeriesForecaster is"):
        clone(forecaster).fit(FRAME.to_numpy()).predict(np.zeros((9, 3)))
    with pytest.raises(ValueError, match="series must be finite: got NaN at row 5"):
        use(at(np.nan, 5, 0))
    with pytest.raises(ValueError, match="must be in time order"):
        use(UNSORTED)


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        (7, "the number 7"),
        (MONTHS[:7], "7 labels (DatetimeIndex)"),
        (MONTHS[:7].to_period(), "7 labels (PeriodIndex)"),
        (pd.RangeIndex(7), "7 labels (RangeIndex)"),
    ],
)
def test_predict_with_a_number_of_steps_suggests_forecast(asked, got):
    forecaster = SeriesForecaster(ridge(), window_length=4, horizon=2).fit(FRAME)
    with pytest.raises(TypeError) as caught:
        forecaster.predict(asked)
    assert str(caught.value) == (
        "series must hold rows with values, because predict forecasts from each row: "
        f"got {got}. Use forecast(7) for the steps after the fitted rows."
    )


def test_rows_between_two_positions_keep_their_times():
    reader = SeriesForecaster(ridge())
    rows = read_rows(reader, FRAME, reset=True, accept_nan=False)
    part = rows.between(3, 5)
    assert part.values.tolist() == [[3, 4], [4, 5]]
    pd.testing.assert_index_equal(part.time, MONTHS[3:5])
    assert reader.n_features_in_ == 2
    assert reader.feature_names_in_.tolist() == ["a", "b"]


def test_nan_is_accepted_on_request():
    rows = at(np.nan, 2, 1)
    read = read_rows(SeriesForecaster(ridge()), rows, reset=True, accept_nan=True)
    assert np.isnan(read.values[2, 1])
    assert read.describe_first(np.isnan(read.values)) == (
        "NaN at row 2 (1949-03-01 00:00:00), column 'b'"
    )


def test_a_slice_of_repeated_dates_has_dates_of_its_own():
    """In pandas 2, a slice remembers that the whole index was not unique."""
    days = pd.date_range("2025", periods=30)
    two = pd.DataFrame({"sales": np.arange(60.0)}, index=days.append(days))
    assert not two.index.is_unique
    sales, exog = two["sales"][30:59], two[["sales"]][30:]
    forecaster = SeriesForecaster(ridge(), window_length=6).fit(sales, exog=exog)
    with pytest.warns(UserWarning, match="the first 5 rows"):
        assert len(forecaster.predict(sales[1:], exog=exog)) == 28
