"""Many series: a list, a dict or a long frame, forecast by one estimator."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import (
    Rising,
    WindowSum,
    ridge,
)
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.model_selection import (
    GridSearchCV,
    TimeSeriesSplit,
)

from skcnnlstm import (
    MistakeWarning,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    forecast_scorer,
)
from skcnnlstm.forecasting.panel import listed, read_panel

MONTHS = pd.date_range("2020-01-01", periods=40, freq="MS")


def rising(**params):
    settings = {"window_length": 3, "transformer": None} | params
    return SeriesForecaster(Rising(), **settings)


def long_frame(three, id_place=0):
    frames = []
    for key, series in three.items():
        frame = series.to_frame()
        frame.insert(id_place, "id", key)
        frames.append(frame)
    # Sorted by time, so that the rows of the series are mixed.
    return pd.concat(frames).sort_index(kind="stable")


def test_a_dict_gives_a_dict_and_a_list_a_list(three):
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=4)
    by_name = forecaster.fit(three).forecast()
    assert list(by_name) == ["b", "a", "c"]
    listed = forecaster.fit(list(three.values())).forecast()
    assert isinstance(listed, list)
    for one, other in zip(by_name.values(), listed, strict=True):
        pd.testing.assert_series_equal(one, other)
    pd.testing.assert_index_equal(
        by_name["a"].index, MONTHS[25:29], check_names=False, exact="equiv"
    )
    assert isinstance(forecaster.fit(tuple(three.values())).forecast(), list)


@pytest.mark.parametrize("id_place", [0, 1])
def test_a_long_frame_gives_a_long_frame_with_the_dates_of_each_series(three, id_place):
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=4)
    expected = forecaster.fit(three).forecast()
    forecaster.set_params(id_column="id")
    frame = long_frame(three, id_place)
    forecast = forecaster.fit(frame).forecast()
    assert list(forecast.columns) == list(frame.columns)
    assert forecast["id"].tolist() == ["b"] * 4 + ["c"] * 4 + ["a"] * 4
    for key, part in forecast.groupby("id"):
        pd.testing.assert_series_equal(part["value"], expected[key], check_freq=False)
    assert forecaster.feature_names_in_.tolist() == ["value"]


def test_ids_may_be_categories_or_numbers(three):
    frame = long_frame(three)
    forecaster = SeriesForecaster(ridge(), window_length=6, id_column="id")
    for ids in (
        frame["id"].astype("category"),
        frame["id"].map({"a": 7, "b": 8, "c": 9}),
    ):
        forecast = forecaster.fit(frame.assign(id=ids)).forecast()
        assert forecast["id"].dtype == ids.dtype
        assert len(forecast) == 3


def test_series_in_a_panel_may_have_any_form():
    forecaster = rising().fit([np.arange(9.0), np.arange(10.0, 30.0), np.arange(5)])
    assert [one.tolist() for one in forecaster.forecast(2)] == [
        [9, 10],
        [30, 31],
        [5, 6],
    ]
    two = [np.arange(20.0).reshape(10, 2), np.arange(40.0).reshape(20, 2)]
    assert [one.shape for one in rising().fit(two).forecast(3)] == [(3, 2), (3, 2)]
    mixed = rising().fit({"a": [1, 2, 3, 4], "b": pd.Series(range(9))}).forecast()
    assert type(mixed["a"]) is np.ndarray
    assert mixed["b"].index.tolist() == [9]


def test_a_list_of_lists_is_still_one_table():
    table = [[0.0, 10.0], [1.0, 11.0], [2.0, 12.0], [3.0, 13.0]]
    assert rising().fit(table).forecast().tolist() == [[4.0, 14.0]]


def test_a_panel_of_one_series_forecasts_as_the_series_alone(three):
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=4)
    train, test = three["b"][:24], three["b"][24:]
    alone = forecaster.fit(train)
    forecast, predicted, score = (
        alone.forecast(9),
        alone.predict(test),
        alone.score(test),
    )
    panel = forecaster.fit([train])
    pd.testing.assert_series_equal(panel.forecast(9)[0], forecast)
    np.testing.assert_array_equal(panel.predict([test])[0], predicted)
    assert panel.score([test]) == score


def test_forecasts_of_a_series_do_not_depend_on_the_order_of_the_others(three):
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=4)
    before = forecaster.fit(three).forecast(9)
    turned = forecaster.fit(dict(reversed(three.items()))).forecast(9)
    for key in three:
        np.testing.assert_allclose(turned[key], before[key], rtol=1e-10)


@pytest.fixture
def halves(three):
    return (
        {key: series[:15] for key, series in three.items()},
        {key: series[15:] for key, series in three.items()},
    )


def test_predictions_of_a_panel_have_its_form(halves):
    train, test = halves
    forecaster = SeriesForecaster(WindowSum(), window_length=6, horizon=4).fit(train)
    expected = {}
    for key in train:
        alone = SeriesForecaster(WindowSum(), window_length=6, horizon=4)
        expected[key] = alone.fit(train[key]).predict(test[key])
    predicted = forecaster.predict(test)
    for key in train:
        np.testing.assert_array_equal(predicted[key], expected[key])
    some = forecaster.predict({"c": test["c"]})
    assert list(some) == ["c"]
    forecaster.set_params(id_column="id").fit(long_frame(train))
    frame = long_frame(test)
    rows = forecaster.predict(frame)
    assert rows.shape == (len(frame), 4)
    for key in train:
        np.testing.assert_array_equal(rows[frame["id"] == key], expected[key])
    frames = {key: series.to_frame() for key, series in test.items()}
    np.testing.assert_array_equal(forecaster.predict(frames)["a"], expected["a"])


def test_the_score_of_a_panel_is_the_mean_over_all_forecasts(halves):
    train, test = halves
    forecaster = SeriesForecaster(WindowSum(), window_length=6, horizon=2).fit(train)
    errors = []
    for key in train:
        alone = SeriesForecaster(WindowSum(), window_length=6, horizon=2)
        ahead, actual = alone.fit(train[key])._forecasts_and_actual(test[key])
        errors.append(np.abs(ahead - actual).ravel())
    assert forecaster.score(test) == pytest.approx(-np.concatenate(errors).mean())
    squared = -np.mean(np.concatenate(errors) ** 2)
    scorer = forecast_scorer("neg_mean_squared_error")
    assert scorer(forecaster, test) == pytest.approx(squared)


def test_missing_history_of_many_series_is_one_warning(three):
    forecaster = SeriesForecaster(WindowSum(), window_length=6).fit(three)
    with pytest.warns(UserWarning) as caught:
        forecaster.predict(three)
    assert [str(warning.message) for warning in caught] == [
        "15 rows of 3 series do not continue the fitted rows and have fewer than "
        "window_length=6 rows of history: the first row of each series, or the first "
        "row after its gap, was repeated to fill their windows."
    ]
    assert caught[0].filename == __file__


def test_rows_can_be_added_to_some_series_of_a_panel(halves):
    train, test = halves
    forecaster = rising(horizon=2).fit(train)
    before = forecaster.forecast()
    forecaster.update({"a": test["a"]})
    after = forecaster.forecast()
    pd.testing.assert_series_equal(after["b"], before["b"])
    assert after["a"].iloc[0] == test["a"].iloc[-1] + 1
    assert after["a"].index[0] == MONTHS[25]


def test_a_fitted_panel_pickles_to_the_same_forecasts(three):
    forecaster = SeriesForecaster(ridge(), window_length=6, horizon=4).fit(three)
    again = pickle.loads(pickle.dumps(forecaster))
    for key, forecast in forecaster.forecast(6).items():
        pd.testing.assert_series_equal(again.forecast(6)[key], forecast)


TABLE = np.arange(20.0).reshape(10, 2)


FRAME = pd.DataFrame({"id": ["x"] * 5 + ["y"] * 5, "value": np.arange(10.0)})


BAD_PANELS = [
    (
        {},
        {},
        ValueError,
        "series must hold at least one series: got an empty dict. Use {key: series}.",
    ),
    (
        {"a": np.arange(9.0), "b": np.r_[np.arange(9.0), np.nan]},
        {},
        ValueError,
        "In series 'b': series must be finite: got NaN at row 9, column 0.",
    ),
    (
        [np.arange(9.0), TABLE],
        {},
        ValueError,
        "In series 1: X has 2 features, but SeriesForecaster is expecting 1 features",
    ),
    (
        {"a": ["x"] * 9},
        {},
        ValueError,
        "In series 'a': series must be numeric: got text.",
    ),
    (
        [np.arange(9.0), -np.arange(9.0)],
        {"transformer": "log"},
        ValueError,
        'In series 0: transformer="log" requires positive values: got 0.0 at row 0',
    ),
    (
        [
            np.c_[np.arange(9.0), np.zeros(9)],
            np.random.default_rng(0).normal(size=(9, 2)),
        ],
        {"transformer": PCA(0.9)},
        ValueError,
        "transformer must make the same number of columns for each series: got 1 for "
        "series 0, 2 for series 1. Use a transformer with a fixed number of columns.",
    ),
    (
        FRAME,
        {"id_column": "name"},
        ValueError,
        "id_column must be a column of the series: got id_column='name'. Use one of "
        "'id', 'value'.",
    ),
    (
        FRAME.set_index(["id", FRAME.index]),
        {"id_column": "id"},
        ValueError,
        "id_column must be a column of the series: got id_column='id', a level of the "
        "index. Use series.reset_index('id').",
    ),
    (
        pd.concat([FRAME, FRAME["id"]], axis=1),
        {"id_column": "id"},
        ValueError,
        "id_column must be the name of one column of the series: got id_column='id', "
        "the name of 2 columns. Drop the other columns: use series.loc[:, "
        "~series.columns.duplicated()].",
    ),
    (
        FRAME.set_axis([0, 0, *range(8)]),
        {"id_column": "id"},
        ValueError,
        "In series 'x': series must have one row for each time: got an index with the "
        "label 0 more than once. Drop the duplicates, or average them with "
        "series.groupby(level=0).mean().",
    ),
    (
        TABLE,
        {"id_column": 0},
        TypeError,
        "series must be a long DataFrame if id_column is set: got ndarray, "
        "id_column=0. Use id_column=None for one series, a list or a dict.",
    ),
    (
        FRAME.assign(id=[None, *FRAME["id"][1:]]),
        {"id_column": "id"},
        ValueError,
        "id_column must have a value in each row: got a missing value in row 0 of "
        "'id'. Drop rows without a value.",
    ),
    (
        TABLE,
        {"channels": "both"},
        ValueError,
        "channels must be one of 'auto', 'joint', 'independent': got channels='both'.",
    ),
]


@pytest.mark.parametrize("series, params, error, message", BAD_PANELS)
def test_invalid_panels_are_rejected(series, params, error, message):
    forecaster = rising(**params)
    before = dict(vars(forecaster))
    with pytest.raises(error, match="^" + re.escape(message)):
        forecaster.fit(series)
    assert vars(forecaster) == before


def test_series_other_than_the_fitted_ones_are_rejected(three):
    forecaster = rising().fit(three)
    wrong = [
        (
            three["a"],
            "series must have the form given to fit: got one series, fitted on many",
        ),
        ({"a": three["a"], "d": three["b"]}, "among those given to fit: got 'd'. Use"),
    ]
    for series, message in wrong:
        for use in (forecaster.predict, forecaster.score, forecaster.update):
            with pytest.raises(ValueError, match=message):
                use(series)
    forecaster.fit([*three.values()])
    with pytest.raises(
        ValueError, match="hold all series given to fit, in that order: got"
    ):
        forecaster.predict([three["a"]])
    with pytest.raises(ValueError, match=r"got a dict, fitted on a list\. Pass a list"):
        forecaster.update(three)
    with pytest.raises(ValueError, match=r"got a list, fitted on a dict\. Pass a dict"):
        rising().fit(three).update([*three.values()])
    forecaster.fit(three["a"])
    with pytest.raises(ValueError, match=r"got many series \(a dict\), fitted on one"):
        forecaster.predict(three)


def test_a_search_that_splits_a_long_frame_by_rows_suggests_the_panel_splitter(three):
    frame = long_frame(three).sort_values("id", kind="stable")
    forecaster = rising(id_column="id")
    grid = {"window_length": [2, 3]}
    search = GridSearchCV(forecaster, grid, cv=TimeSeriesSplit(2), error_score="raise")
    message = r"cv=PanelTimeSeriesSplit\(2\) and fit\(frame, groups=frame\['id'\]\)\.$"
    with pytest.raises(ValueError, match=message), pytest.warns(MistakeWarning):
        search.fit(frame)
    search.set_params(cv=PanelTimeSeriesSplit(2)).fit(frame, groups=frame["id"])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_long_frame_without_value_columns_is_rejected(three):
    frame = long_frame(three)
    forecaster = rising(id_column="id", target_columns="value").fit(frame)
    message = "got no columns, fitted on 'value'. Pass rows with all of these columns."
    for use in (forecaster.update, forecaster.predict):
        with pytest.raises(ValueError, match=re.escape(message)):
            use(frame[["id"]])


def test_a_score_names_the_series_that_is_too_short(halves):
    train, test = halves
    forecaster = rising(horizon=3).fit(train)
    with pytest.raises(ValueError, match=r"^In series 'a': series must have at le"):
        forecaster.score(test | {"a": test["a"][:2]})


@pytest.mark.parametrize(
    ("series", "id_column", "kind", "keys"),
    [
        (TABLE, None, "one", [None]),
        ([1.0, 2.0], None, "one", [None]),
        ([TABLE, TABLE], None, "list", [0, 1]),
        ((TABLE,), None, "list", [0]),
        ({"a": TABLE}, None, "dict", ["a"]),
        (FRAME, "id", "long", ["x", "y"]),
    ],
)
def test_the_form_of_series_is_recognised(series, id_column, kind, keys):
    panel = read_panel(series, id_column)
    assert panel.kind == kind
    assert list(panel.series) == keys


def test_predictions_of_a_long_frame_are_in_the_order_of_its_rows():
    panel = read_panel(FRAME.iloc[[0, 5, 1, 6]], "id")
    joined = panel.join_predictions({"x": np.array([1, 2]), "y": np.array([3, 4])})
    assert joined.tolist() == [1, 3, 2, 4]


def test_long_lists_of_keys_are_shortened():
    assert listed(["a", "b"]) == "'a', 'b'"
    assert listed(range(8), str) == "0, 1, 2, 3, 4 and 3 more"


def test_a_sparse_matrix_by_keys_is_no_dict_of_series():
    with pytest.raises(TypeError, match="Sparse data was passed for series"):
        rising().fit(sparse.dok_array(np.eye(30)))


def test_the_remedy_for_a_repeated_id_column_works():
    series = pd.concat([FRAME, FRAME["id"]], axis=1)
    with pytest.raises(ValueError, match="the name of 2 columns") as caught:
        rising(id_column="id").fit(series)
    code = re.search(r"use (.*)\.$", str(caught.value)).group(1)
    forecast = rising(id_column="id").fit(eval(code, {"series": series})).forecast()
    assert forecast["id"].tolist() == ["x", "y"]
