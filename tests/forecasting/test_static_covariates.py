"""Static covariates: what the estimator sees, of fitted and of new series."""

import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import RisingOfOne, plain, ridge
from sklearn.linear_model import Ridge, SGDRegressor
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skcnnlstm import (
    CNNLSTMRegressor,
    FlattenWindows,
    SeriesForecaster,
    backtest,
    load,
    save,
)
from skcnnlstm.inspection import attribute

DAYS = pd.date_range("2024-01-01", periods=30, freq="D")
PANEL = {
    "a": pd.Series(np.arange(20.0), DAYS[:20], name="y"),
    "b": pd.Series(np.arange(50.0, 65.0), DAYS[:15], name="y"),
}
TABLE = pd.DataFrame({"size": [3.0, 1.0], "age": [0.0, 10.0]}, index=["b", "a"])
# Standardised over the two series.
VALUES = {"a": [-1, 1], "b": [1, -1]}
ONE_HOT = OneHotEncoder(handle_unknown="ignore")
REGIONS = pd.Series({"a": "north", "b": "south"}, name="region")


def last_features(windows, first):
    """Return the last two features of the windows that begin with a value."""
    found = windows[windows[:, 0, 0] == first][..., -2:]
    assert (found == found[:1, :1]).all()
    return found[0, 0].tolist()


def fitted(static=TABLE, series=PANEL, **params):
    return plain(RisingOfOne(), **params).fit(series, static=static)


# ------------------------------------------------------------------------ the windows


@pytest.mark.parametrize(
    "static",
    [
        TABLE,
        TABLE.assign(id=TABLE.index).reset_index(drop=True),
        {"b": [3, 0], "a": [1, 10]},
        {"b": {"size": 3, "age": 0}, "a": pd.Series({"size": 1, "age": 10})},
    ],
    ids=["frame", "id column", "dict of lists", "dict of rows"],
)
def test_each_window_contains_the_standardised_row_of_its_series(static):
    long = pd.concat([one.to_frame().assign(id=key) for key, one in PANEL.items()])
    windows = fitted(static, long, id_column="id").estimator_.X_
    assert last_features(windows, 3) == VALUES["a"]
    assert last_features(windows, 53) == VALUES["b"]


def test_a_list_takes_rows_in_its_order_or_by_position():
    series, rows = list(PANEL.values()), [[1, 10], [3, 0]]
    by_place = pd.DataFrame(rows[::-1], index=[1, 0])
    for static in (rows, np.array(rows), pd.DataFrame(rows), by_place):
        windows = fitted(static, series).estimator_.X_
        assert last_features(windows, 3) == VALUES["a"]
        assert last_features(windows, 53) == VALUES["b"]


@pytest.mark.parametrize("transformer", ["standard", "log", None])
def test_the_scale_of_a_series_does_not_change_its_static_covariates(transformer):
    forecaster = fitted(
        series={key: one + 1 for key, one in PANEL.items()}, transformer=transformer
    )
    windows = forecaster.estimator_.X_
    assert sorted(map(tuple, np.unique(windows[:, 0, -2:], axis=0))) == [
        (-1, 1),
        (1, -1),
    ]


def test_forecast_predict_score_and_update_see_them():
    forecaster = fitted(horizon=2)
    seen = forecaster.estimator_
    forecaster.forecast(5)
    assert last_features(seen.asked_, seen.asked_[0, 0, 0]) == VALUES["a"]
    later = {"b": pd.Series(np.arange(65.0, 75.0), DAYS[15:25])}
    forecaster.predict(later)
    assert last_features(seen.asked_, 63) == VALUES["b"]
    forecaster.score(later)
    assert last_features(seen.asked_, 62) == VALUES["b"]
    forecaster.update(later).forecast()
    assert last_features(seen.asked_, 72) == VALUES["b"]


def test_predict_across_a_gap():
    forecaster = fitted(horizon=2)
    later = pd.Series(np.arange(65.0, 75.0), DAYS[15:25]).drop(DAYS[20])
    with pytest.warns(UserWarning, match="fewer than window_length"):
        forecaster.predict({"b": later})
    assert (forecaster.estimator_.asked_[..., -2:] == VALUES["b"]).all()


def test_they_follow_exog_and_the_calendar():
    exog = pd.Series(7.0, DAYS, name="price")
    forecaster = plain(RisingOfOne(), calendar=lambda times: times.dt.day)
    forecaster.fit(PANEL, exog=exog, static=TABLE)
    assert forecaster._fitted.known.names == ["exog0", "calendar0", "size", "age"]
    assert forecaster.estimator_.X_[0, 0].tolist() == [0, 7, 2, -1, 1]
    forecaster.forecast(exog=exog)
    assert forecaster.estimator_.asked_[0, -1].tolist() == [19, 7, 21, -1, 1]


def test_channels_share_them():
    panel = {key: pd.DataFrame({"u": one, "v": -one}) for key, one in PANEL.items()}
    windows = fitted(series=panel, channels="independent").estimator_.X_
    assert windows.shape[2] == 3
    assert last_features(windows, -3) == VALUES["a"]


def test_intervals_and_partial_fit():
    forecaster = plain(
        make_pipeline(FlattenWindows(), SGDRegressor()),
        calibration_fraction=0.4,
        transformer="standard",
    ).fit(PANEL, static=TABLE)
    assert forecaster.forecast_interval(coverage=0.8)["a"].notna().all(axis=None)
    forecaster.partial_fit({"a": pd.Series([1.0, 2.0], DAYS[20:22])})
    assert forecaster.estimator_[-1].n_features_in_ == 9
    assert len(forecaster.forecast()) == 2


# --------------------------------------------------------------------------- encoded


def test_text_is_encoded():
    forecaster = fitted(REGIONS, static_transformer=ONE_HOT)
    assert forecaster._fitted.known.names == ["region_north", "region_south"]
    assert last_features(forecaster.estimator_.X_, 3) == [1, 0]
    new = pd.Series(np.arange(5.0), DAYS[:5])
    forecaster.forecast(series=new, static=["south"])
    assert forecaster.estimator_.asked_[0, 0, -2:].tolist() == [0, 1]


def test_text_without_a_transformer_names_the_one_hot_encoder():
    with pytest.raises((TypeError, ValueError)) as caught:
        fitted(REGIONS)
    remedy = re.search(r"static_transformer=(.*)\)\.$", str(caught.value))[1]
    encoder = eval(remedy, {"OneHotEncoder": OneHotEncoder})
    assert fitted(REGIONS, static_transformer=encoder).n_windows_ == 29


# ------------------------------------------------------------------------- new series


def test_new_series_bring_their_own():
    forecaster = fitted()
    new = {"c": PANEL["a"] + 5, "d": PANEL["b"] + 5}
    static = pd.DataFrame({"size": [2.0, 5.0], "age": [5.0, 5.0]}, index=["c", "d"])
    forecaster.forecast(series=new, static=static)
    asked = forecaster.estimator_.asked_
    assert asked[:, 0, -2:].tolist() == [[0, 0], [3, 0]]
    for row in (static.loc["d"], static.loc[["d"]], {"size": 5, "age": 5}, [5, 5]):
        forecaster.forecast(series=new["d"], static=row)
        assert forecaster.estimator_.asked_[0, 0, -2:].tolist() == [3, 0]
    assert set(forecaster.forecast()) == {"a", "b"}  # the fitted ones are kept
    forecaster.forecast(series={"a": PANEL["a"] + 1})  # of a fitted key
    assert forecaster.estimator_.asked_[0, 0, -2:].tolist() == VALUES["a"]


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize("hold_out", [False, True])
def test_a_backtest(as_list, hold_out):
    series = list(PANEL.values()) if as_list else PANEL
    static = [[1, 10], [3, 0]] if as_list else TABLE
    options = {"hold_out": [0 if as_list else "a"]} if hold_out else {}
    forecaster = SeriesForecaster(ridge(), window_length=3, horizon=2)
    folds = TimeSeriesSplit(2, test_size=4)
    with pytest.warns(UserWarning, match="end at different times"):
        result = backtest(
            forecaster, series, folds, static=static, verbose=0, **options
        )
    assert result.forecasts["forecast"].notna().all()


def growing(n_series, seed):
    """Return series without trend whose later rows rise by a static column."""
    rng = np.random.default_rng(seed)
    slopes = rng.uniform(-1, 1, size=n_series)
    rows = rng.normal(size=(n_series, 24)) / 10
    rows[:, 16:] += slopes[:, np.newaxis] * np.arange(1, 9)
    return rows, slopes


def error_on_unseen_series(estimator, with_static):
    rows, slopes = growing(200, seed=0)
    new, new_slopes = growing(50, seed=1)
    forecaster = SeriesForecaster(
        estimator, window_length=16, horizon=8, transformer=None
    )
    static = {"static": slopes} if with_static else {}
    forecaster.fit(list(rows), **static)
    static = {"static": new_slopes} if with_static else {}
    ahead = forecaster.forecast(series=list(new[:, :16]), **static)
    return np.abs(np.array(ahead) - new[:, 16:]).mean()


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore:.*far outside:skcnnlstm.MistakeWarning")
def test_a_network_learns_a_trend_that_depends_on_a_static_column():
    network = CNNLSTMRegressor(
        filters=4,
        lstm_units=4,
        epochs=40,
        learning_rate=0.01,
        linear_skip=False,
        random_state=0,
    )
    without = error_on_unseen_series(network, with_static=False)
    assert error_on_unseen_series(network, with_static=True) < 0.7 * without


@pytest.mark.filterwarnings("ignore:.*far outside:skcnnlstm.MistakeWarning")
@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(FlattenWindows(), Ridge()),
        pytest.param(
            CNNLSTMRegressor(filters=2, lstm_units=2, epochs=1, random_state=0),
            marks=pytest.mark.heavy,
        ),
    ],
    ids=["Ridge", "linear_skip"],
)
def test_a_linear_model_and_the_linear_skip_use_them(estimator):
    without = error_on_unseen_series(estimator, with_static=False)
    assert error_on_unseen_series(estimator, with_static=True) < 0.3 * without


# --------------------------------------------------------- saved, explained, exported


def test_save_and_load(tmp_path):
    forecaster = fitted(REGIONS, static_transformer=ONE_HOT, horizon=2)
    forecaster.set_params(estimator=ridge()).fit(PANEL, static=REGIONS)
    save(forecaster, tmp_path / "model.skcnnlstm")
    loaded = load(tmp_path / "model.skcnnlstm")
    expected = forecaster.forecast()
    for key, forecast in loaded.forecast().items():
        pd.testing.assert_series_equal(forecast, expected[key])


@pytest.mark.parametrize("method", ["occlusion", "integrated_gradients"])
def test_attributions_name_static_columns(method):
    network = CNNLSTMRegressor(filters=2, lstm_units=2, epochs=1, random_state=0)
    forecaster = SeriesForecaster(network, window_length=4).fit(PANEL, static=TABLE)
    assert forecaster.estimator_.n_static == 2
    rows = {"a": pd.Series([1.0, 2.0], DAYS[20:22])}
    result = attribute(forecaster, rows, method=method)["a"]
    assert [str(name) for name in result.feature_names[1:]] == ["size", "age"]


# ----------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("static", "params", "message"),
    [
        (
            TABLE.loc[["a"]],
            {},
            "static must have a row for each series, with the keys of the series as "
            "index: got no row for 'b'. Add this row, or use set_index.",
        ),
        (
            pd.concat([TABLE, TABLE]),
            {},
            "static must have one row for each series: got the key 'b' more than once. "
            "Use static[~static.index.duplicated()].",
        ),
        (
            TABLE.to_numpy(),
            {},
            "static must be a DataFrame, a Series or a dict with one row for each "
            "series: got ndarray of shape (2, 2). Use pandas.DataFrame(static, "
            "index=['a', 'b']) with the key of each series.",
        ),
        (
            None,
            {"static_transformer": StandardScaler()},
            "static_transformer must be None without static: got static=None, "
            "static_transformer=StandardScaler(). Pass static to fit, or set "
            "static_transformer=None.",
        ),
        (
            TABLE.where(TABLE > 0),
            {},
            "static must be finite: got NaN at row 1, feature 'age'. Fill missing "
            "values first, for example with sklearn.impute.SimpleImputer.",
        ),
        (
            TABLE.where(TABLE > 0, np.inf),
            {},
            "static must be finite: got infinity at row 1, feature 'age'. Replace "
            "infinite values with numbers first.",
        ),
        (
            TABLE.where(TABLE > 0),
            {"static_transformer": StandardScaler()},
            "static_transformer must return known values: got NaN at row 1. Add an "
            "imputer to the transformer, such as make_pipeline(SimpleImputer(), ...).",
        ),
        (
            {},
            {},
            "static must have a row for each series: got an empty dict. Use {'a': "
            "..., ...} with one row for each series.",
        ),
        (
            "size",
            {},
            "static must be a DataFrame, a Series or a dict with one row for each "
            "series: got str of shape (). Use a DataFrame with one row for each "
            "series.",
        ),
    ],
)
def test_wrong_tables(static, params, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        fitted(static, **params)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda one: one.forecast(series=PANEL["a"]),
            "static must be given because the forecaster was fitted with static: got "
            "None. Pass static with one row for each of these series.",
        ),
        (
            lambda one: one.forecast(static=TABLE),
            "static must be None without series: got DataFrame. Use static=None: fit "
            "has stored the static covariates of the fitted series.",
        ),
        (
            lambda one: one.forecast(series=PANEL["a"], static=TABLE[["size"]][:1]),
            "static must have the columns given to fit, in that order: got ['size'], "
            "fitted on ['size', 'age']. Pass exactly these columns.",
        ),
        (
            lambda one: one.forecast(series=PANEL["a"], static=TABLE),
            "static must have one row for one series: got 2 rows. Pass the row of this "
            "series.",
        ),
        (
            lambda one: one.fit(PANEL).forecast(series=PANEL["a"], static=TABLE[:1]),
            "static must be None because the forecaster was fitted without static: got "
            "DataFrame. Pass static to fit first.",
        ),
    ],
)
def test_wrong_calls(call, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(fitted())
    assert str(caught.value) == message
