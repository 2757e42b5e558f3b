"""Weights of rows: which samples they leave out, and the weights of the others."""

import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import Rising, plain, ridge
from sklearn import config_context
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge, SGDRegressor
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm import CNNLSTMRegressor, FlattenWindows, SeriesForecaster
from skcnnlstm.forecasting.weights import find_weight_keyword, weigh_samples

DAYS = pd.date_range("2024-01-01", periods=60, freq="D")


class Recorder(Rising):
    """Keep the weights of `fit`, too."""

    def fit(self, X, y, sample_weight=None):
        self.weight_ = sample_weight
        return super().fit(X, y)

    def partial_fit(self, X, y, sample_weight=None):
        return self.fit(X, y, sample_weight)


def recorded(series, sample_weight, **params):
    """Return the targets and the weights that the estimator got."""
    forecaster = plain(Recorder(), **params).fit(series, sample_weight=sample_weight)
    return forecaster.estimator_.y_, forecaster.estimator_.weight_


def network(**params):
    settings = {"filters": 4, "lstm_units": 3, "epochs": 2, "random_state": 0}
    return CNNLSTMRegressor(**settings | params)


# ------------------------------------------------------------------------ the samples


def test_a_sample_gets_the_mean_weight_of_its_targets_or_zero():
    weight = np.array([9, 9, 1, 3, 0, 1, 1, 5.0])
    assert weigh_samples(weight, 2, 2).tolist() == [2, 0, 0, 1, 3]
    targets, weights = recorded(np.arange(8.0), weight, window_length=2, horizon=2)
    assert targets.tolist() == [[2, 3], [5, 6], [6, 7]]
    assert weights.tolist() == [2, 1, 3]


def test_one_weight_for_all_rows_counts_for_each_sample():
    targets, weights = recorded(np.arange(6.0), 2.0)
    assert targets.tolist() == [[3], [4], [5]]
    assert weights.tolist() == [2, 2, 2]


def test_weights_with_labels_are_looked_up():
    series = pd.Series(np.arange(6.0), DAYS[:6])
    weights = pd.Series(np.arange(60.0), DAYS)[::-1]
    assert recorded(series, weights)[1].tolist() == [3, 4, 5]


def test_samples_with_unknown_and_with_unweighted_targets_are_left_out():
    rows = np.arange(40.0)
    rows[10] = np.nan
    weight = np.ones(40)
    weight[20], weight[30] = 0, 2
    forecaster = SeriesForecaster(network(missing="mask"), window_length=4)
    forecaster.fit(rows, sample_weight=weight)
    assert forecaster.n_windows_ == 40 - 4 - 2


@pytest.mark.parametrize(
    ("settings", "horizon"), [({}, 3), ({"early_stopping": True, "epochs": 3}, 2)]
)
def test_zero_weights_are_bit_identical_to_a_fit_without_the_samples(settings, horizon):
    rows = np.sin(np.arange(60.0))
    options = {"window_length": 6, "horizon": horizon, "transformer": None}
    forecaster = SeriesForecaster(network(**settings), **options)
    weight = np.ones(60)
    weight[-20:] = 0
    weighted = forecaster.fit(rows, sample_weight=weight).estimator_
    windows = rows[-6:].reshape(1, 6, 1)
    expected = forecaster.fit(rows[:-20]).estimator_.predict(windows)
    np.testing.assert_array_equal(weighted.predict(windows), expected)


def test_a_series_of_weight_zero_is_not_trained_on_but_forecast():
    series = {"a": np.sin(np.arange(40.0)), "b": np.arange(60.0) ** 2}
    forecaster = SeriesForecaster(network(), window_length=6)
    forecaster.fit(series, sample_weight={"a": 1, "b": 0})
    forecasts = forecaster.forecast()
    alone = SeriesForecaster(network(), window_length=6).fit({"a": series["a"]})
    np.testing.assert_array_equal(forecasts["a"], alone.forecast()["a"])
    assert np.isfinite(forecasts["b"]).all()


def test_weights_change_what_a_network_learns():
    rows = np.random.default_rng(0).normal(size=50)
    forecaster = SeriesForecaster(network(), window_length=6)
    plain_forecast = forecaster.fit(rows).forecast()
    weighted = forecaster.fit(rows, sample_weight=np.arange(1.0, 51.0)).forecast()
    assert weighted != plain_forecast


def test_rows_of_weight_zero_cause_no_warning_about_lost_windows(recwarn):
    plain(Recorder()).fit(np.arange(40.0), sample_weight=np.arange(40) > 20)
    assert not recwarn.list


def test_weights_hold_for_each_channel_and_segment():
    frame = pd.DataFrame({"a": np.arange(20.0), "b": -np.arange(20.0)}, DAYS[:20])
    frame, weight = frame.drop(DAYS[9]), pd.Series(np.arange(20.0), DAYS[:20])
    targets, weights = recorded(frame, weight, channels="independent")
    np.testing.assert_array_equal(np.abs(targets[:, 0]), weights)
    assert len(weights) == 2 * (6 + 7)


# -------------------------------------------------------------------------- the forms


def panels():
    parts = {"a": np.arange(6.0), "b": np.arange(100.0, 105.0)}
    long = pd.concat(
        [pd.DataFrame({"id": key, "value": one}) for key, one in parts.items()]
    )
    return parts, list(parts.values()), long.set_index(DAYS[[*range(6), *range(5)]])


def weight_by_target(series, sample_weight):
    id_column = "id" if isinstance(series, pd.DataFrame) else None
    targets, weights = recorded(series, sample_weight, id_column=id_column)
    return dict(zip(targets[:, 0].tolist(), weights.tolist(), strict=True))


@pytest.mark.parametrize(
    "weights",
    [
        {"a": 2, "b": 3},
        pd.Series({"b": 3.0, "a": 2.0, "c": 1.0}),
        {"a": np.full(6, 2), "b": 3.0},
    ],
    ids=["dict", "Series", "rows of a"],
)
def test_weights_by_series(weights):
    parts, _, long = panels()
    expected = {3: 2, 4: 2, 5: 2, 103: 3, 104: 3}
    assert weight_by_target(parts, weights) == expected
    assert weight_by_target(long, weights) == expected


def test_weights_of_a_list_of_series():
    _, listed, _ = panels()
    expected = {3: 2, 4: 2, 5: 2, 103: 3, 104: 3}
    for weights in ([2, 3], np.array([2, 3]), [np.full(6, 2), np.full(5, 3)]):
        assert weight_by_target(listed, weights) == expected


def test_weights_of_the_rows_of_a_long_frame_are_in_its_order():
    _, _, long = panels()
    long["weight"] = long["value"] + 1
    mixed = long.sort_index(kind="stable")  # the series take turns
    columns = ["id", "value"]
    for weights in (mixed["weight"], mixed["weight"].to_numpy()):
        found = weight_by_target(mixed[columns], weights)
        assert found == {3: 4, 4: 5, 5: 6, 103: 104, 104: 105}


# ----------------------------------------------------------------------- the estimator


@pytest.mark.parametrize("routing", [False, True])
def test_a_pipeline_gets_the_weights_in_its_last_step(routing):
    rows = np.random.default_rng(0).normal(size=40)
    weight = np.arange(1.0, 41.0)
    steps = make_pipeline(FlattenWindows(), StandardScaler(), Ridge())
    forecaster = plain(steps)
    with config_context(enable_metadata_routing=routing):
        fitted = forecaster.fit(rows, sample_weight=weight).estimator_
    windows = np.stack([rows[i : i + 3] for i in range(37)])
    expected = Ridge().fit(
        StandardScaler().fit_transform(windows), rows[3:], sample_weight=weight[3:]
    )
    np.testing.assert_allclose(fitted[-1].coef_, expected.coef_)


@pytest.mark.parametrize(
    ("estimator", "keyword"),
    [
        (Ridge(), "sample_weight"),
        (ridge(), "ridge__sample_weight"),
        (MultiOutputRegressor(Ridge()), "sample_weight"),
        (TransformedTargetRegressor(regressor=Ridge()), "sample_weight"),
        (TransformedTargetRegressor(regressor=ridge()), "ridge__sample_weight"),
        (GridSearchCV(ridge(), {}), "ridge__sample_weight"),
        (network(), "sample_weight"),
        (KNeighborsRegressor(), None),
        (make_pipeline(FlattenWindows(), KNeighborsRegressor()), None),
        (MultiOutputRegressor(KNeighborsRegressor()), None),
        (Pipeline([("flatten", FlattenWindows()), ("last", "passthrough")]), None),
    ],
)
def test_the_keyword_of_the_weights_is_found(estimator, keyword):
    assert find_weight_keyword(estimator) == keyword


def test_estimators_around_others_are_fitted_with_weights():
    rows = np.random.default_rng(0).normal(size=40)
    for estimator in (
        TransformedTargetRegressor(regressor=ridge()),
        GridSearchCV(ridge(), {"ridge__alpha": [1.0]}, cv=TimeSeriesSplit(2)),
    ):
        fitted = plain(estimator).fit(rows, sample_weight=np.arange(1.0, 41.0))
        other = plain(estimator).fit(rows)
        assert fitted.forecast() != other.forecast()


def test_a_search_passes_weights_with_metadata_routing():
    rows, weight = np.arange(40.0), np.arange(40.0)
    folds = TimeSeriesSplit(2)
    with config_context(enable_metadata_routing=True):
        forecaster = plain(Recorder()).set_fit_request(sample_weight=True)
        search = GridSearchCV(forecaster, {"horizon": [1, 2]}, cv=folds)
        search.fit(rows, sample_weight=weight)
    best = search.best_estimator_
    ahead = best.horizon - 1
    np.testing.assert_array_equal(
        best.estimator_.weight_, np.arange(3.0, 40.0 - ahead) + ahead / 2
    )


def test_partial_fit_keeps_the_weights_of_older_windows():
    weight = np.arange(20.0)
    weight[15] = 0
    forecaster = plain(Recorder(), replay=6).fit(np.arange(20.0), sample_weight=weight)
    forecaster.partial_fit([20.0, 21.0])
    seen = forecaster.estimator_
    assert seen.y_[:, 0].tolist() == [14, 16, 17, 18, 19, 20, 21]
    assert seen.weight_.tolist() == [14, 16, 17, 18, 19, 1, 1]


def test_weights_do_not_change_the_calibration():
    rows, weight = np.arange(60.0), np.arange(1.0, 61.0)
    forecaster = plain(Recorder(), calibration_fraction=0.2)
    scores = forecaster.fit(rows, sample_weight=weight).calibration_scores_
    assert len(scores) == 12
    assert forecaster.estimator_.weight_.tolist() == [*range(4, 49)]


# ----------------------------------------------------------------------------- errors


def test_an_estimator_without_weights_is_an_error_and_keeps_the_old_fit():
    series = np.arange(30.0)
    forecaster = plain(make_pipeline(FlattenWindows(), KNeighborsRegressor()))
    before = forecaster.fit(series).forecast()
    with pytest.raises(
        TypeError,
        match=re.escape(
            "sample_weight needs an estimator whose fit takes sample_weight: got "
            "estimator=KNeighborsRegressor(). Omit sample_weight, or use another "
            "estimator, such as Ridge or a network of this package."
        ),
    ):
        forecaster.fit(series, sample_weight=np.ones(30))
    assert forecaster.forecast() == before
    remedied = forecaster.set_params(
        estimator=make_pipeline(FlattenWindows(), SGDRegressor())
    )
    remedied.fit(series / 30, sample_weight=np.arange(30.0))


@pytest.mark.parametrize(
    ("series", "weights", "error", "message"),
    [
        (
            np.arange(9.0),
            np.ones(8),
            ValueError,
            "sample_weight must have shape (n_rows,) = (9,): got (8,). Use one weight "
            "for each row of the series.",
        ),
        (
            np.arange(9.0),
            -np.ones(9),
            ValueError,
            "sample_weight must be finite and not negative: got -1 at row 0. Use zero "
            "to leave out each sample that has the row as a target.",
        ),
        (
            np.arange(9.0),
            np.r_[np.nan, np.ones(8)],
            ValueError,
            "sample_weight must be finite and not negative: got nan at row 0. Use zero "
            "to leave out each sample that has the row as a target.",
        ),
        (
            np.arange(9.0),
            np.zeros(9),
            ValueError,
            "sample_weight must have at least one weight above zero: got only zeros. "
            "Use positive weights for the rows to fit. A sample is left out if one of "
            "its target rows has weight zero.",
        ),
        (
            np.arange(9.0),
            np.arange(9) < 3,
            ValueError,
            "sample_weight must leave at least one sample: got a zero weight or a NaN "
            "value in the target rows of each sample. Use positive weights for horizon "
            "rows that follow window_length rows, or a smaller horizon.",
        ),
        (
            np.arange(9.0),
            {"a": 1},
            TypeError,
            "sample_weight must hold one weight for each row of one series: got dict. "
            "Use an array or a Series of weights.",
        ),
        (
            pd.Series(np.arange(9.0), DAYS[:9]),
            pd.Series(1.0, DAYS[:8]),
            ValueError,
            "sample_weight must have a weight for each row: got none for 2024-01-09 "
            "00:00:00. Add the missing weights, or pass them in the order of the rows "
            "(sample_weight.to_numpy()).",
        ),
        (
            pd.Series(np.arange(9.0), DAYS[:9]),
            pd.Series(1.0, DAYS[[0, *range(9)]]),
            ValueError,
            "sample_weight must have one weight for each label: got "
            "Timestamp('2024-01-01 00:00:00') more than once. Remove the duplicates.",
        ),
        (
            {"a": np.arange(9.0), "b": np.arange(9.0)},
            {"a": 1.0},
            ValueError,
            "sample_weight must have an entry for each series: got none for 'b'. Add "
            "an entry, such as 'b': 1.0.",
        ),
        (
            {"a": np.arange(9.0), "b": np.arange(9.0)},
            [1.0, 2.0],
            ValueError,
            "sample_weight must be a dict or a Series with one entry for each series, "
            "because the series are a dict: got list of length 2. Use {'a': 1.0, ...}.",
        ),
        (
            [np.arange(9.0), np.arange(9.0)],
            [1.0, 2.0, 3.0],
            ValueError,
            "sample_weight must have one entry for each series: got 3 entries for 2 "
            "series. Use one weight, or one array of weights, for each series.",
        ),
        (
            {"a": np.arange(9.0), "b": np.arange(9.0)},
            {"a": 1.0, "b": np.ones(3)},
            ValueError,
            "In series 'b': sample_weight must have shape (n_rows,) = (9,): got (3,). "
            "Use one weight for each row of the series.",
        ),
    ],
)
def test_wrong_weights(series, weights, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        plain(Recorder()).fit(series, sample_weight=weights)


def test_weights_and_static_rows_of_a_slice_have_labels_of_their_own():
    """In pandas 2, a slice remembers that the whole index was not unique."""
    days = pd.date_range("2025", periods=30)
    two = pd.DataFrame({"sales": np.arange(60.0), "w": 1.0}, days.append(days))
    assert not two.index.is_unique
    forecaster = SeriesForecaster(ridge(), window_length=6)
    forecaster.fit(two["sales"][:30], sample_weight=two["w"][30:])
    static = pd.DataFrame({"size": [1.0, 2.0] * 2}, index=["a", "b"] * 2)
    assert not static.index.is_unique
    panel = {"a": two["sales"][:30], "b": two["sales"][30:]}
    forecaster.fit(panel, static=static[2:])


def test_weights_only_in_a_run_that_is_too_short_are_an_error():
    days = DAYS[(np.arange(60) < 3) | (np.arange(60) > 6)]
    series = pd.DataFrame(np.arange(112.0).reshape(56, 2), days, columns=["a", "b"])
    weight = (np.arange(56) < 3).astype(float)
    forecaster = SeriesForecaster(ridge(), window_length=6, freq="D")
    with pytest.raises(ValueError, match="sample"):
        forecaster.fit(series, sample_weight=weight)
