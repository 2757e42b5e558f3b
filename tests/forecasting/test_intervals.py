"""Prediction intervals: held-out rows, widths, form, backtests, errors."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skcnnlstm import FlattenWindows, SeriesForecaster, backtest
from skcnnlstm.conformal import conformal_quantile
from skcnnlstm.datasets import load_airline
from skcnnlstm.forecasting import intervals
from skcnnlstm.forecasting.intervals import Calibration, count_held_out


class Zero(RegressorMixin, BaseEstimator):
    """Forecast zero, and remember the training samples."""

    def fit(self, X, y):
        self.X_, self.y_ = X, y
        return self

    def predict(self, X):
        return np.zeros((len(X), self.y_[0].size))


def zero(horizon=1, **params):
    params = {"calibration_fraction": 0.2, "transformer": None, **params}
    return SeriesForecaster(Zero(), window_length=3, horizon=horizon, **params)


def ridge(horizon=1, **params):
    params = {"window_length": 6, "calibration_fraction": 0.2, **params}
    inner = make_pipeline(FlattenWindows(), Ridge())
    return SeriesForecaster(inner, horizon=horizon, **params)


def noise(n_rows, n_columns=None, seed=0):
    size = n_rows if n_columns is None else (n_rows, n_columns)
    return np.random.default_rng(seed).normal(size=size)


# ------------------------------------------------------------------------ held-out rows


def test_held_out_rows_are_not_training_targets():
    forecaster = zero(horizon=3).fit(np.arange(100.0))
    assert forecaster.estimator_.y_.max() == 79
    assert forecaster.estimator_.X_.max() == 76
    # Origins 79 .. 96, of three steps each; the errors are the values themselves.
    expected = np.arange(80.0, 98)[:, np.newaxis] + np.arange(3)
    assert np.array_equal(forecaster.calibration_scores_[:, :, 0], expected)


def test_the_first_held_out_origin_is_horizon_samples_after_the_last_learned():
    # The last training origin is 79 - 3 = 76, the first held-out one 79.
    forecaster = zero(horizon=3).fit(np.arange(100.0))
    last_learned = forecaster.estimator_.X_[-1, -1, 0]
    first_held_out = forecaster.calibration_scores_[0, 0, 0] - 1
    assert first_held_out - last_learned == 3


def test_the_transformer_is_fitted_without_the_held_out_rows():
    series = np.r_[noise(80), 1000 + noise(20)]
    forecaster = ridge().fit(series)
    assert forecaster.transformer_.mean_[0] == pytest.approx(series[:80].mean())


def test_forecasts_start_after_the_held_out_rows():
    series = load_airline()
    forecaster = ridge(horizon=3, transformer="log").fit(series)
    assert forecaster.forecast().index[0] == pd.Timestamp("1961-01-01")
    early = ridge(horizon=3, transformer="log", calibration_fraction=None)
    expected = early.fit(series[:116]).update(series[116:]).forecast()
    pd.testing.assert_series_equal(forecaster.forecast(), expected)


def test_a_refit_uses_all_rows_and_keeps_the_calibration():
    series = noise(100)
    kept, again = (
        ridge(2, refit_after_calibration=b).fit(series) for b in (0 > 1, True)
    )
    whole = ridge(2, calibration_fraction=None).fit(series)
    assert np.array_equal(again.forecast(), whole.forecast())
    assert not np.array_equal(kept.forecast(), whole.forecast())
    assert np.array_equal(again.calibration_scores_, kept.calibration_scores_)


def test_without_a_fraction_nothing_is_held_out():
    forecaster = zero(calibration_fraction=None).fit(np.arange(50.0))
    assert forecaster.calibration_scores_ is None
    assert forecaster.estimator_.y_.max() == 49
    refitted = zero().fit(np.arange(50.0)).set_params(calibration_fraction=None)
    assert refitted.fit(np.arange(50.0)).calibration_scores_ is None


# ------------------------------------------------------------------------------- widths


def test_the_width_is_the_ranked_error_of_the_step():
    series = noise(100)
    forecaster = zero(horizon=2).fit(series)
    intervals = forecaster.forecast_interval(coverage=0.8)
    # 20 rows held out, 19 origins: the 16th smallest error of each step.
    for step, errors in ((1, series[80:99]), (2, series[81:100])):
        width = np.sort(np.abs(errors))[15]
        assert intervals.loc[step].tolist() == [0, -width, width]


def test_intervals_with_log_are_ratios():
    series = np.exp(noise(100))
    forecaster = ridge(transformer="log").fit(series)
    predicted = forecaster.forecast_interval(coverage=0.8).iloc[0]
    assert predicted["upper"] / predicted["forecast"] == pytest.approx(
        predicted["forecast"] / predicted["lower"]
    )
    width = conformal_quantile(forecaster.calibration_scores_[:, 0, 0], 0.8)
    assert predicted["upper"] == pytest.approx(predicted["forecast"] * np.exp(width))


@pytest.mark.parametrize("seed", range(3))
def test_intervals_have_the_coverage_if_errors_are_exchangeable(seed):
    # 4,000 rows calibrate, and 20,000 later rows are forecast. The standard deviation
    # of the share is at most sqrt(.9 * .1 * (1 / 4000 + 1 / 20000)) = .0052, for each
    # step and for the mean over the three steps.
    rng = np.random.default_rng(seed)
    series = rng.standard_t(5, size=40_000)
    forecaster = ridge(horizon=3).fit(series[:20_000])
    width = forecaster.forecast_interval(coverage=0.9)
    reach = ((width["upper"] - width["lower"]) / 2).to_numpy()
    later = series[20_000:]
    predicted = forecaster.predict(later)[:-3]
    actual = np.lib.stride_tricks.sliding_window_view(later[1:], 3)
    inside = np.abs(actual - predicted) <= reach
    assert inside.mean() == pytest.approx(0.9, abs=0.01)
    np.testing.assert_allclose(inside.mean(axis=0), 0.9, atol=0.01)


# --------------------------------------------------------------------------------- form


def test_labels_follow_those_of_the_series():
    intervals = ridge(horizon=3).fit(load_airline()).forecast_interval(2)
    assert list(intervals.index.strftime("%Y-%m")) == ["1961-01", "1961-02"]
    assert list(intervals.columns) == ["forecast", "lower", "upper"]
    pd.testing.assert_series_equal(
        intervals["forecast"],
        ridge(horizon=3).fit(load_airline()).forecast(2),
        check_names=False,
    )


def test_several_targets_have_three_columns_each():
    series = pd.DataFrame(noise(100, 2), columns=["a", "b"])
    intervals = ridge(horizon=2).fit(series).forecast_interval()
    assert intervals.columns.tolist() == [
        (target, name) for target in "ab" for name in ("forecast", "lower", "upper")
    ]
    only = ridge(horizon=2, target_columns="b").fit(series).forecast_interval()
    assert only.columns.tolist() == ["forecast", "lower", "upper"]
    assert intervals["b"].index.tolist() == [100, 101]


def test_many_series_keep_their_form_and_their_own_errors():
    apart = {"calm": noise(100), "wild": 50 * noise(100, seed=1)}
    forecaster = zero(horizon=2).fit(apart)
    by_name = forecaster.forecast_interval()
    assert list(by_name) == ["calm", "wild"]
    for name, series in apart.items():
        alone = zero(horizon=2).fit(series).forecast_interval()
        pd.testing.assert_frame_equal(by_name[name], alone)
    listed = zero(horizon=2).fit(list(apart.values())).forecast_interval()
    pd.testing.assert_frame_equal(listed[1], by_name["wild"])
    long = pd.DataFrame(
        {"who": np.repeat(list(apart), 100), "value": np.concatenate([*apart.values()])}
    )
    framed = zero(horizon=2, id_column="who").fit(long).forecast_interval()
    assert framed.columns.tolist() == ["who", "forecast", "lower", "upper"]
    assert framed["upper"].tolist() == [
        upper for frame in listed for upper in frame["upper"]
    ]


def test_short_series_pool_their_scaled_errors():
    # Each series has 5 errors, too few for 0.9; the pooled 10 are enough. The second
    # series is ten times the first, and so are its intervals.
    rows = noise(25)
    intervals = zero().fit([rows, 10 * rows]).forecast_interval(coverage=0.9)
    np.testing.assert_allclose(intervals[1]["upper"], 10 * intervals[0]["upper"])
    widest = np.abs(rows[20:]).max()
    assert intervals[0].loc[1, "upper"] == pytest.approx(widest)


def test_covariates_are_split_with_the_rows():
    known = noise(103, seed=1)
    series = np.r_[0.0, known[:99]]  # a row late: exog tells all
    early = ridge().fit(series, exog=known[:100])
    assert early.calibration_scores_.shape == (20, 1, 1)
    intervals = early.forecast_interval(exog=known[100:101])
    assert np.isfinite(intervals).all(axis=None)
    dated = pd.Series(series, pd.date_range("2024-01-01", periods=100))
    table = pd.Series(known, pd.date_range("2024-01-01", periods=103))
    again = ridge().fit(dated, exog=table).forecast_interval(exog=table)
    np.testing.assert_allclose(again, intervals)


@pytest.mark.parametrize(
    "twin", [copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))]
)
def test_copies_give_the_same_intervals(twin):
    forecaster = ridge(horizon=2).fit(noise(100))
    expected = forecaster.forecast_interval()
    pd.testing.assert_frame_equal(twin(forecaster).forecast_interval(), expected)


def test_a_warning_of_short_history_points_at_the_call():
    dates = pd.date_range("2024-01-01", periods=110).delete(range(100, 106))
    forecaster = ridge(horizon=2).fit(pd.Series(noise(104), dates))
    with pytest.warns(UserWarning, match="rows since the last gap") as caught:
        forecaster.forecast()
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="rows since the last gap") as caught:
        forecaster.forecast_interval()
    assert caught[0].filename == __file__


# ---------------------------------------------------------------------------- backtests


def test_a_backtest_returns_the_intervals_of_each_fit():
    series, cv = noise(160), TimeSeriesSplit(2, test_size=20)
    frame = backtest(ridge(2), series, cv, coverage=0.8, verbose=0).forecasts
    for fold, stop in enumerate((120, 140)):
        first = frame[frame["fold"] == fold][:2]
        expected = ridge(2).fit(series[:stop]).forecast_interval(coverage=0.8)
        np.testing.assert_allclose(first[["forecast", "lower", "upper"]], expected)


def test_adaptive_intervals_start_with_those_of_the_calibration():
    series, cv = noise(160), [(range(120), range(120, 160))]
    options = {"coverage": 0.8, "verbose": 0}
    fixed = backtest(ridge(2), series, cv, **options).forecasts
    adaptive = backtest(ridge(2), series, cv, adaptive=True, **options).forecasts
    np.testing.assert_array_equal(adaptive["upper"][:2], fixed["upper"][:2])
    assert (adaptive["upper"] != fixed["upper"]).any()


def test_coverage_in_a_backtest_is_the_share_inside():
    series, cv = noise(400), TimeSeriesSplit(2, test_size=50)
    result = backtest(ridge(), series, cv, coverage=0.8, verbose=0)
    frame = result.forecasts
    inside = frame["actual"].between(frame["lower"], frame["upper"])
    assert result.scores()["coverage"] == inside.mean()
    assert 0.6 < inside.mean() < 0.95
    width = (frame["upper"] - frame["lower"]).median()
    assert result.scores()["width"] == width


# ------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    "params, call, message",
    [
        (
            {"calibration_fraction": None},
            {},
            "calibration_fraction must be set for intervals: got "
            "calibration_fraction=None. Fit SeriesForecaster(..., "
            "calibration_fraction=0.2). For forecast_interval, you can also fit a "
            "network with quantiles=(0.05, 0.5, 0.95).",
        ),
        (
            {},
            {"steps": 3},
            "steps must be at most horizon for intervals, because later steps are not "
            "calibrated: got steps=3, horizon=2. Use SeriesForecaster(..., horizon=3), "
            "or forecast without intervals.",
        ),
        (
            {},
            {"coverage": 0.99},
            "coverage=0.99 requires 99 calibration errors for each step: got 19. Use a "
            "longer series or a larger calibration_fraction (100 held-out rows without "
            "a gap suffice), or a coverage of at most 0.95.",
        ),
        (
            {},
            {"coverage": 90},
            "coverage must be a finite number > 0 and < 1: got coverage=90.0. Use "
            "0.9 for 90 %.",
        ),
    ],
)
def test_intervals_without_enough_calibration_are_rejected(params, call, message):
    forecaster = zero(horizon=2, **params).fit(noise(100))
    with pytest.raises(ValueError) as caught:
        forecaster.forecast_interval(**call)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "params, message",
    [
        ({"calibration_fraction": 1.5}, "calibration_fraction must be a finite number"),
        (
            {"calibration_fraction": 0.01},
            "calibration_fraction must leave window_length + horizon rows for training "
            "and hold out at least horizon rows: got calibration_fraction=0.01, which "
            "leaves 99 and holds out 1 of 100 rows, window_length=3, horizon=2. Use",
        ),
        ({"calibration_fraction": 0.97}, "calibration_fraction must leave window_leng"),
    ],
)
def test_an_invalid_fraction_leaves_the_forecaster_unchanged(params, message):
    forecaster = zero(horizon=2).fit(noise(100))
    before = forecaster.forecast_interval()
    forecaster.set_params(**params)
    with pytest.raises(ValueError) as caught:
        forecaster.fit(noise(100, seed=1))
    assert str(caught.value).startswith(message)
    pd.testing.assert_frame_equal(forecaster.forecast_interval(), before)


def test_one_of_many_series_that_is_too_short_is_named():
    with pytest.warns(UserWarning, match="holds out no rows .* too short: got 'b'"):
        zero(horizon=2).fit({"a": noise(100), "b": noise(6)})


def test_a_backtest_checks_the_coverage_before_the_first_fit():
    class Loud(Zero):
        def fit(self, X, y):
            raise AssertionError("fitted")

    forecaster = zero().set_params(estimator=Loud())
    with pytest.raises(
        ValueError, match="requires 9 calibration errors for each step: got 8"
    ):
        backtest(forecaster, noise(60), TimeSeriesSplit(2, test_size=8), coverage=0.9)


def test_fit_and_intervals_emit_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ridge(horizon=2).fit(noise(100)).forecast_interval()


def test_all_rows_given_to_fit_are_fitted_rows_for_predict():
    rows = noise(60)
    forecaster = ridge(2).fit(rows)
    with pytest.warns(UserWarning, match="do not continue the fitted rows"):
        forecaster.predict(rows)
    forecaster.predict(rows[48:])  # arrays other than those continue


@pytest.mark.filterwarnings("ignore:the index of the series has no frequency")
@pytest.mark.parametrize(
    "labels",
    [
        [str(i).zfill(3) for i in range(120)],
        np.arange(120) / 2,
        pd.bdate_range("2020-01-01", periods=123).delete([96, 97, 98]),
    ],
    ids=["text", "fractions", "holidays at the cut"],
)
def test_calibration_uses_early_rows_as_history_for_any_index(labels):
    values = 100 + np.cumsum(np.random.default_rng(0).standard_normal(120))

    def scores(series):
        forecaster = ridge(window_length=12, horizon=2, calibration_fraction=0.2)
        return forecaster.fit(series).calibration_scores_

    np.testing.assert_allclose(scores(pd.Series(values, labels)), scores(values))


def test_a_constant_target_has_finite_intervals():
    rows = np.c_[np.random.default_rng(0).standard_normal(60), np.ones(60)]
    forecaster = ridge(window_length=6, horizon=2, calibration_fraction=0.15)
    fitted = forecaster.fit({"a": rows, "b": 2 * rows})
    intervals = fitted.forecast_interval(coverage=0.9)["a"]
    assert np.isfinite(np.asarray(intervals, dtype=float)).all()


def test_ratios_and_differences_do_not_mix_in_one_backtest():
    series = pd.Series(np.exp(np.random.default_rng(0).standard_normal(120) / 10))

    class Alternating(GridSearchCV):
        def fit(self, X, y=None):
            kind = "log" if len(X) < 110 else "standard"
            self.param_grid = {"transformer": [kind]}
            return super().fit(X, y)

    search = Alternating(
        ridge(window_length=6, horizon=2, calibration_fraction=0.4),
        {"transformer": ["log"]},
        cv=TimeSeriesSplit(2, test_size=10),
    )
    with pytest.raises(
        ValueError, match="transformer must be 'log' in all folds or in no fold"
    ):
        backtest(
            search, series, TimeSeriesSplit(2, test_size=10), coverage=0.5, verbose=0
        )


@pytest.mark.parametrize(
    "series", [5, None, np.array(3.0), [[1, 2], [3]], np.zeros((3, 4, 5)), "abc"]
)
def test_invalid_series_are_rejected_with_calibration_as_well(series):
    forecaster = SeriesForecaster(
        make_pipeline(FlattenWindows(), Ridge()), calibration_fraction=0.2
    )
    with pytest.raises((TypeError, ValueError), match=r"^series must"):
        forecaster.fit(series)
    with pytest.raises((TypeError, ValueError), match=r"^In series 'a': series must"):
        forecaster.fit({"a": series})


def test_held_out_rows_may_equal_the_training_rows():
    forecaster = SeriesForecaster(
        make_pipeline(FlattenWindows(), Ridge()),
        window_length=2,
        calibration_fraction=0.5,
    ).fit(np.tile([1.0, 2, 3], 40))
    assert forecaster.calibration_scores_.shape == (60, 1, 1)


# ------------------------------------------------------------------------- calibration


@pytest.mark.parametrize(("fraction", "expected"), [(0.2, 20), (0.29, 29), (0.95, 95)])
def test_the_number_of_held_out_rows_is_not_subject_to_rounding_errors(
    fraction, expected
):
    assert count_held_out(fraction, 100, 3, 2) == expected


def test_scores_of_all_series_are_used_if_those_of_one_are_too_few():
    scores = {"a": np.arange(1.0, 6).reshape(5, 1, 1), "b": np.ones((9, 1, 1))}
    units = {"a": np.array([2.0]), "b": np.array([4.0])}
    calibration = Calibration(scores, units, relative=False)
    assert calibration.scores_for("b", 0.9) is scores["b"]
    pooled = calibration.scores_for("a", 0.9).ravel()
    assert pooled.tolist() == [1, 2, 3, 4, 5, *[0.5] * 9]
    assert calibration.widths("b", 0.9).tolist() == [[1]]


def test_a_lower_coverage_is_no_remedy_without_calibration_errors():
    with pytest.raises(ValueError, match=r"without a gap suffice\)\.$"):
        intervals.check_enough_scores(0, 0.9, horizon=1)
