"""Many series at once: scaled each by itself, forecast by one estimator."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import Rising, WindowSum
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skcnnlstm import (
    CNNRegressor,
    FlattenWindows,
    HybridEnsembleRegressor,
    PanelTimeSeriesSplit,
    SeriesForecaster,
    forecast_scorer,
)
from skcnnlstm.forecasting.inner_estimator import configure_estimator, validation_share
from skcnnlstm.forecasting.samples import order_in_time

MONTHS = pd.date_range("2020-01-01", periods=40, freq="MS")


def ridge():
    return make_pipeline(FlattenWindows(), Ridge())


def rising(**params):
    settings = {"window_length": 3, "transformer": None} | params
    return SeriesForecaster(Rising(), **settings)


@pytest.fixture
def three():
    """Three series of other lengths and levels, each with dates of its own."""
    rng = np.random.default_rng(0)
    return {
        name: pd.Series(
            level + np.cumsum(rng.normal(size=length)),
            index=MONTHS[start : start + length],
            name="value",
        )
        for name, level, start, length in [
            ("b", 1000, 0, 30),
            ("a", 10, 5, 20),
            ("c", -50, 2, 25),
        ]
    }


def long_frame(three, id_place=0):
    frames = []
    for key, series in three.items():
        frame = series.to_frame()
        frame.insert(id_place, "id", key)
        frames.append(frame)
    # In the order of time, as tables out of a data base come: rows of the series mix.
    return pd.concat(frames).sort_index(kind="stable")


# ------------------------------------------------------------------------------ forms


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
    wanted = forecaster.fit(three).forecast()
    forecaster.set_params(id_column="id")
    frame = long_frame(three, id_place)
    forecast = forecaster.fit(frame).forecast()
    assert list(forecast.columns) == list(frame.columns)
    assert forecast["id"].tolist() == ["b"] * 4 + ["c"] * 4 + ["a"] * 4
    for key, part in forecast.groupby("id"):
        pd.testing.assert_series_equal(part["value"], wanted[key], check_freq=False)
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


# --------------------------------------------------------------- fitted on each, by one


def test_each_series_is_scaled_by_itself_and_one_estimator_sees_all(three):
    forecaster = SeriesForecaster(Rising(), window_length=3, horizon=2).fit(three)
    assert list(forecaster.transformer_) == ["b", "a", "c"]
    for key, scaler in forecaster.transformer_.items():
        assert scaler.mean_[0] == pytest.approx(three[key].mean())
    assert forecaster.estimator_.X_.shape == (30 - 4 + 20 - 4 + 25 - 4, 3, 1)
    alone = forecaster.transformer_["a"].transform(three["a"].to_numpy()[:, None])[:3]
    seen = forecaster.estimator_.X_
    assert sum(np.array_equal(window, alone) for window in seen) == 1
    assert isinstance(forecaster.fit([*three.values()]).transformer_, list)


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


def test_windows_of_many_series_are_float32_where_a_network_reads_them(three):
    network = CNNRegressor(filters=2, epochs=1, random_state=0)
    seen = {}

    class Spy(CNNRegressor, build=CNNRegressor._build):
        """A network that tells what it is given."""

        def fit(self, X, y, sample_weight=None):
            seen["X"], seen["y"] = X, y
            return super().fit(X, y, sample_weight)

    forecaster = SeriesForecaster(Spy(**network.get_params()), window_length=6)
    forecaster.fit(three)
    assert seen["X"].dtype == seen["y"].dtype == np.float32
    forecaster.fit(three["b"])
    assert seen["X"].dtype == np.float64
    assert np.shares_memory(seen["X"][0], seen["X"][3])  # one series stays a view


def test_gaps_in_time_cut_the_series_of_a_panel(three):
    holed = three | {"b": three["b"].drop(MONTHS[10])}
    seen = rising().fit(holed).estimator_.X_
    assert len(seen) == (10 - 3) + (19 - 3) + 20 - 3 + 25 - 3


# --------------------------------------------------------------- predict, score, update


@pytest.fixture
def halves(three):
    return (
        {key: series[:15] for key, series in three.items()},
        {key: series[15:] for key, series in three.items()},
    )


def test_predictions_of_a_panel_have_its_form(halves):
    train, test = halves
    forecaster = SeriesForecaster(WindowSum(), window_length=6, horizon=4).fit(train)
    wanted = {}
    for key in train:
        alone = SeriesForecaster(WindowSum(), window_length=6, horizon=4)
        wanted[key] = alone.fit(train[key]).predict(test[key])
    predicted = forecaster.predict(test)
    for key in train:
        np.testing.assert_array_equal(predicted[key], wanted[key])
    some = forecaster.predict({"c": test["c"]})
    assert list(some) == ["c"]
    forecaster.set_params(id_column="id").fit(long_frame(train))
    frame = long_frame(test)
    rows = forecaster.predict(frame)
    assert rows.shape == (len(frame), 4)
    for key in train:
        np.testing.assert_array_equal(rows[frame["id"] == key], wanted[key])
    frames = {key: series.to_frame() for key, series in test.items()}
    np.testing.assert_array_equal(forecaster.predict(frames)["a"], wanted["a"])


def test_the_score_of_a_panel_is_over_all_its_forecasts(halves):
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


def test_rows_of_many_series_without_history_are_one_warning(three):
    forecaster = SeriesForecaster(WindowSum(), window_length=6).fit(three)
    with pytest.warns(UserWarning) as caught:
        forecaster.predict(three)
    assert [str(warning.message) for warning in caught] == [
        "15 rows of 3 series do not continue the fitted ones and have fewer than "
        "window_length=6 rows of history: the first of them was repeated to fill their "
        "windows."
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


# ---------------------------------------------------------------- independent channels


def test_independent_channels_are_series_of_their_own_for_one_estimator():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(40, 3)).cumsum(axis=0)
    joint = SeriesForecaster(
        ridge(), window_length=6, horizon=4, channels="independent"
    ).fit(table[:30])
    apart = SeriesForecaster(ridge(), window_length=6, horizon=4)
    apart.fit([table[:30, column] for column in range(3)])
    assert joint.estimator_[-1].coef_.shape == (4, 6)
    np.testing.assert_allclose(
        joint.forecast(9), np.column_stack(apart.forecast(9)), rtol=1e-9
    )
    np.testing.assert_allclose(
        joint.predict(table[30:]),
        np.stack(apart.predict([*table[30:].T]), axis=2),
        rtol=1e-9,
    )
    assert joint.score(table[30:]) == pytest.approx(apart.score([*table[30:].T]))


def test_independent_channels_of_many_series():
    tables = [np.arange(20.0).reshape(10, 2), np.arange(30.0).reshape(15, 2) * 2]
    forecaster = rising(channels="independent").fit(tables)
    assert forecaster.estimator_.X_.shape == (2 * 7 + 2 * 12, 3, 1)
    first, second = forecaster.forecast(2)
    assert first.tolist() == [[19, 20], [20, 21]]
    assert second.tolist() == [[57, 59], [58, 60]]


def test_networks_are_told_of_one_target_where_channels_are_independent():
    network = CNNRegressor(filters=2, epochs=1, random_state=0, early_stopping=True)
    forecaster = SeriesForecaster(
        network, window_length=4, horizon=3, channels="independent"
    ).fit(np.random.default_rng(0).normal(size=(60, 2)))
    assert forecaster.estimator_.n_targets == 1
    assert forecaster.estimator_.validation_gap == 2 * 2  # two of each column
    assert forecaster.forecast().shape == (3, 2)


# ------------------------------------------------ what early stopping holds out of many


@given(
    counts=st.lists(st.integers(2, 40), min_size=2, max_size=6),
    share=st.floats(0.02, 0.6),
    gap=st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_the_tail_of_all_samples_is_made_of_the_tails_of_the_series(counts, share, gap):
    order, n_gap = order_in_time(counts, share, gap)
    series = np.repeat(np.arange(len(counts)), counts)
    position = np.concatenate([np.arange(count) for count in counts])
    assert sorted(order) == list(range(sum(counts)))
    n_held = max(1, int(np.ceil(sum(counts) * share)))
    held = order[len(order) - n_held :]
    train = order[: len(order) - n_held - n_gap]
    for number, count in enumerate(counts):
        own = position[held][series[held] == number]
        np.testing.assert_array_equal(
            own, np.arange(count - len(own), count)
        )  # its last samples, in order
        assert abs(len(own) - count * n_held / sum(counts)) < 1
        before = position[train][series[train] == number]
        left = max(0, count - len(own) - gap)
        np.testing.assert_array_equal(before, np.arange(left))


def test_without_early_stopping_samples_of_all_series_stand_in_relative_time():
    order, _ = order_in_time([2, 4])
    # (i + 1/2) / n: 1/4 and 3/4 of the first, 1/8, 3/8, 5/8 and 7/8 of the second.
    assert order.tolist() == [2, 0, 3, 4, 1, 5]


@given(
    counts=st.lists(st.integers(0, 40), min_size=2, max_size=6).filter(any),
    gap=st.integers(0, 5),
    share=st.floats(0, 1),
)
@settings(max_examples=100, deadline=None)
def test_the_gap_keeps_every_cut_from_sharing_targets(counts, gap, share):
    order, n_gap = order_in_time(counts, None, gap)
    series = np.repeat(np.arange(len(counts)), counts)
    position = np.concatenate([np.arange(count) for count in counts])
    cut = int(share * len(order))
    train, later = order[: max(0, cut - n_gap)], order[cut:]
    for number in range(len(counts)):
        known = position[train][series[train] == number]
        first = position[later][series[later] == number].min(initial=99)
        assert known.max(initial=-99) + gap < first


def test_an_ensemble_has_a_gap_in_each_of_series_of_any_length():
    ensemble = HybridEnsembleRegressor(method="weighted")
    estimators = [
        ensemble,
        clone(ensemble).set_params(cnn__early_stopping=True),
        CNNRegressor(early_stopping=np.True_, validation_fraction=np.float32(0.1)),
    ]
    assert [validation_share(estimator) for estimator in estimators] == [
        None,
        None,
        pytest.approx(0.1),
    ]
    # In the order of relative time, 9 of 60 are as far apart as 69 of all 460.
    _, n_gap = order_in_time([400, 60], None, 9)
    assert 68 <= n_gap <= 71
    resolved = configure_estimator(ensemble, 1, n_gap, 460)
    assert resolved.validation_gap == n_gap


def test_a_network_holds_out_the_tail_of_each_series():
    held, network = {}, CNNRegressor(filters=2, epochs=1, random_state=0)

    class Spy(CNNRegressor, build=CNNRegressor._build):
        """A network that tells what it holds out."""

        def _hold_out(self, samples, settings, seed):
            train, tail = super()._hold_out(samples, settings, seed)
            held["train"], held["tail"] = train.y, tail.y
            return train, tail

    params = network.get_params() | {"early_stopping": True, "validation_fraction": 0.2}
    # Values tell series and row: 100 to 129, 200 to 219.
    series = [np.arange(100.0, 130.0), np.arange(200.0, 220.0)]
    SeriesForecaster(Spy(**params), window_length=3, horizon=3, transformer=None).fit(
        series
    )
    # 25 and 15 samples: the last 5 and 3 are held out, and 2 of each before them.
    assert sorted(held["tail"][:, 0]) == [*range(123, 128), *range(215, 218)]
    assert sorted(held["train"][:, 0]) == [*range(103, 121), *range(203, 213)]
    assert not set(held["train"].ravel()) & set(held["tail"].ravel())


# --------------------------------------------------------------------------- bad input


def test_series_that_are_too_short_are_named():
    series = {str(length): np.arange(float(length)) for length in range(1, 20)}
    with pytest.raises(ValueError) as caught:
        rising(window_length=8, horizon=3).fit(series)
    assert str(caught.value) == (
        "each series must have at least window_length + horizon rows without a gap in "
        "time: got '1' with 1, '2' with 2, '3' with 3, '4' with 4, '5' with 5 and 5 "
        "more, window_length=8, horizon=3. Leave those out, or use shorter windows."
    )


TABLE = np.arange(20.0).reshape(10, 2)
FRAME = pd.DataFrame({"id": ["x"] * 5 + ["y"] * 5, "value": np.arange(10.0)})
BAD_PANELS = [
    ({}, {}, ValueError, "series must hold at least one series: got an empty dict."),
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
        "transformer must make the same number of columns for each series: got 1 of "
        "series 0, 2 of series 1. Use a transformer with a fixed number of columns.",
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
        FRAME.set_axis([0, 0, *range(8)]),
        {"id_column": "id"},
        ValueError,
        "In series 'x': series must have one row for each time: got an index with the "
        "label 0 more than once. Drop or average the duplicates.",
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
        "'id'. Drop those rows.",
    ),
    (
        TABLE,
        {"channels": "both"},
        ValueError,
        "channels must be a known choice: got channels='both' (str). Use one of "
        "'joint', 'independent'.",
    ),
]


@pytest.mark.parametrize("series, params, error, message", BAD_PANELS)
def test_what_is_no_panel_is_refused(series, params, error, message):
    forecaster = rising(**params)
    before = dict(vars(forecaster))
    with pytest.raises(error, match="^" + re.escape(message)):
        forecaster.fit(series)
    assert vars(forecaster) == before


def test_other_series_than_fitted_are_refused(three):
    forecaster = rising().fit(three)
    wrong = [
        (
            three["a"],
            "series must have the form given to fit: got one series, fitted on many",
        ),
        ({"a": three["a"], "d": three["b"]}, "among those given to fit: got 'd'. Fit"),
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


def test_a_search_that_cuts_a_panel_by_its_rows_is_told_what_cuts_it_by_series(three):
    frame = long_frame(three).sort_values("id", kind="stable")
    forecaster = rising(id_column="id")
    grid = {"window_length": [2, 3]}
    search = GridSearchCV(forecaster, grid, cv=TimeSeriesSplit(2), error_score="raise")
    message = r"cv=PanelTimeSeriesSplit\(2\) and fit\(frame, groups=frame\['id'\]\)\.$"
    with pytest.raises(ValueError, match=message):
        search.fit(frame)
    search.set_params(cv=PanelTimeSeriesSplit(2)).fit(frame, groups=frame["id"])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_rows_of_a_long_frame_without_any_of_its_columns_name_them(three):
    frame = long_frame(three)
    forecaster = rising(id_column="id", target_columns="value").fit(frame)
    message = "got no columns, fitted on 'value'. Pass rows with all of these columns."
    for use in (forecaster.update, forecaster.predict):
        with pytest.raises(ValueError, match=re.escape(message)):
            use(frame[["id"]])


def test_a_score_names_the_series_that_is_too_short(halves):
    train, test = halves
    forecaster = rising(horizon=3).fit(train)
    with pytest.raises(ValueError, match=r"^In series 'a': series must have 3 rows"):
        forecaster.score(test | {"a": test["a"][:2]})
