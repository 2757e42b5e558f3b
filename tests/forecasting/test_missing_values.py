"""NaN in series: windows, training samples, forecasts, scores and intervals."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skcnnlstm import (
    CNNLSTMRegressor,
    CNNRegressor,
    SeriesForecaster,
    SlidingWindow,
    forecast_scorer,
    make_windows,
)
from skcnnlstm.conformal import adaptive_widths, conformal_quantile, conformity
from skcnnlstm.metrics import scale_of_mase

NAN = np.nan


def wave(n_rows=120):
    rng = np.random.default_rng(0)
    return np.sin(np.arange(n_rows) / 4) + 0.05 * rng.normal(size=n_rows) + 3


def gappy(n_rows=120):
    """Return a wave with NaN in a tenth of the rows, a long part and the last row."""
    series = wave(n_rows)
    series[np.random.default_rng(1).random(n_rows) < 0.1] = NAN
    series[40:56] = series[-1] = NAN
    return series


def masked(window_length=8, horizon=3, epochs=2, **params):
    network = CNNRegressor(missing="mask", filters=4, epochs=epochs, random_state=0)
    return SeriesForecaster(
        network, window_length=window_length, horizon=horizon, **params
    )


class Remembers(CNNRegressor):
    """A network that keeps its training data."""

    def fit(self, X, y, sample_weight=None):
        self.given_ = np.array(X), np.array(y)
        return super().fit(X, y, sample_weight)


# -------------------------------------------------------------------------- windows


def test_windows_may_contain_nan_but_targets_may_not():
    X, y = make_windows([1, NAN, 3, 4, NAN, 6], 2, missing="mask")
    np.testing.assert_array_equal(X, [[1, NAN], [NAN, 3], [4, NAN]])
    np.testing.assert_array_equal(y, [3, 4, 6])
    X, y = make_windows([1, 2, 3, NAN, 5, 6], 1, 2, missing="mask")
    np.testing.assert_array_equal(X, [[1], [NAN]])
    np.testing.assert_array_equal(y, [[2, 3], [5, 6]])


def test_windows_without_nan_in_a_target_stay_a_view():
    series = np.array([[1, NAN], [2, 3], [3, NAN], [4, 4]])
    X, _ = make_windows(series, 2, target=0, missing="mask")
    assert np.shares_memory(X, series)
    X, y = make_windows([1, 2, NAN], 2, missing="mask")
    assert X.shape == (0, 2) and y.shape == (0,)


def test_a_sliding_window_keeps_nan():
    window = SlidingWindow(2, missing="mask").fit([[1.0], [NAN], [3.0]])
    np.testing.assert_array_equal(
        window.transform([[1.0], [NAN], [3.0]])[:, :, 0],
        [[NAN, 1], [1, NAN], [NAN, 3]],
    )
    assert window.__sklearn_tags__().input_tags.allow_nan
    assert not SlidingWindow(2).__sklearn_tags__().input_tags.allow_nan


@pytest.mark.parametrize(("wrong", "error"), [("drop", ValueError), (None, TypeError)])
def test_invalid_missing_is_rejected(wrong, error):
    with pytest.raises(error, match="missing must be one of 'error', 'mask'"):
        make_windows([1.0, 2.0], 1, missing=wrong)
    with pytest.raises(error, match="missing must be one of 'error', 'mask'"):
        SlidingWindow(2, missing=wrong).fit([[1.0]])


@pytest.mark.parametrize(
    "make",
    [
        lambda rows: make_windows(rows, 1, missing="mask"),
        lambda rows: SlidingWindow(1, missing="mask").fit(rows),
        lambda rows: masked().fit(rows),
    ],
)
def test_infinity_is_not_a_missing_value(make):
    rows = np.array([[NAN], [1.0], [np.inf], *[[2.0]] * 20])
    with pytest.raises(ValueError, match=r"must be finite: got inf\w* at row 2"):
        make(rows)


# ------------------------------------------------------------------------ forecasts


def test_samples_with_nan_in_a_target_are_dropped():
    series = gappy()
    network = Remembers(missing="mask", filters=2, epochs=1, random_state=0)
    forecaster = SeriesForecaster(
        network, window_length=8, horizon=3, transformer=None
    ).fit(series)
    X, y = forecaster.estimator_.given_
    expected, targets = make_windows(series[:, None], 8, 3, missing="mask")
    np.testing.assert_array_equal(X, expected)
    np.testing.assert_array_equal(y, targets)
    assert np.isnan(X).any() and len(X) < len(series) - 10


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"strategy": "recursive"},
        {"transformer": "log"},
        {"transformer": None},
        {"channels": "independent"},
    ],
)
def test_forecasts_after_nan_are_finite(params):
    series = gappy()
    frame = pd.DataFrame({"a": series, "b": np.roll(series, 30)})
    forecaster = masked(epochs=30, **params).fit(frame)
    assert np.isfinite(forecaster.forecast(7)).all(axis=None)
    later = frame[-9:].set_axis(range(120, 129))
    assert np.isfinite(forecaster.predict(later)).all()


def test_a_forecast_uses_the_window_that_ends_with_nan():
    series = gappy()
    forecaster = masked(transformer=None).fit(series)
    expected = forecaster.estimator_.predict(series[-8:].reshape(1, 8, 1))[0]
    np.testing.assert_allclose(forecaster.forecast(), expected, rtol=1e-6)


def test_forecasts_are_near_the_actual_values():
    forecaster = SeriesForecaster(
        CNNLSTMRegressor(missing="mask", epochs=60, random_state=0),
        window_length=24,
        horizon=6,
    ).fit(gappy(400)[:-40])
    truth = wave(400)
    error = np.abs(forecaster.forecast() - truth[-40:-34]).mean()
    assert error < 0.3 * np.abs(truth - truth.mean()).mean()


def test_scores_use_known_values_only():
    forecaster = masked(horizon=1, transformer=None).fit(wave(60))
    rows = np.array([3.0, NAN, 3.5])
    ahead = np.array([forecaster.forecast()[0], *forecaster.predict(rows).ravel()[:-1]])
    errors = np.abs(ahead - rows)[[0, 2]]
    assert forecaster.score(rows) == pytest.approx(-errors.mean())
    root = forecast_scorer("neg_root_mean_squared_error")(forecaster, rows)
    assert root == pytest.approx(-((errors**2).mean() ** 0.5))
    with pytest.raises(ValueError, match="series must have at least one known value"):
        forecaster.score(np.array([NAN, NAN]))


def test_a_search_accepts_a_series_with_nan():
    search = GridSearchCV(
        masked(),
        {"window_length": [4, 8]},
        cv=TimeSeriesSplit(2, test_size=20),
        error_score="raise",
    ).fit(gappy())
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert np.isfinite(search.best_estimator_.forecast()).all()


def test_intervals_use_known_errors_only():
    series = gappy(240)
    forecaster = masked(calibration_fraction=0.4).fit(series)
    scores = forecaster.calibration_scores_
    assert np.isnan(scores).any()
    interval = forecaster.forecast_interval(coverage=0.8)
    for step in range(3):
        known = np.sort(scores[~np.isnan(scores[:, step, 0]), step, 0])
        width = known[int(np.ceil((len(known) + 1) * 0.8)) - 1]
        assert interval["upper"].iloc[step] - interval["forecast"].iloc[
            step
        ] == pytest.approx(width)


def test_too_few_known_errors_are_rejected():
    series = wave(60)
    series[-20:-1:2] = NAN  # of 20 held-out rows ten are known
    forecaster = masked(horizon=1, calibration_fraction=1 / 3).fit(series)
    assert len(forecaster.calibration_scores_) == 20
    with pytest.raises(ValueError, match=r"requires 19 calibration errors.*got 10"):
        forecaster.forecast_interval(coverage=0.95)


def test_unknown_scores_are_ignored():
    scores = np.array([[5.0, 1.0], [NAN, 3.0], [1.0, NAN], [3.0, NAN]])
    np.testing.assert_array_equal(conformal_quantile(scores, 0.5), [3, 3])
    np.testing.assert_array_equal(conformal_quantile(scores, 0.75), [5, np.inf])
    np.testing.assert_array_equal(
        conformity(np.array([NAN, 2.0, -1.0]), np.ones(3), relative=True),
        [NAN, np.log(2), np.inf],
    )
    known = np.array([1.0, 3.0, 2.0, 5.0])
    with_gap = np.array([1.0, NAN, 3.0, 2.0, 5.0])
    widths = [
        adaptive_widths(one.reshape(-1, 1, 1), np.arange(len(one)), 0.5, 0.1).ravel()
        for one in (known, with_gap)
    ]
    np.testing.assert_array_equal(np.delete(widths[1], 1), widths[0])


def test_the_mase_scale_uses_known_differences_only():
    assert scale_of_mase([1, NAN, 2, 4, NAN]) == 2
    assert np.isnan(scale_of_mase([1, NAN, 2]))


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (
            np.full(40, NAN),
            "series must have a known value in each column: got NaN at row 0, column 0 "
            "and in all other rows. Remove the column.",
        ),
        (
            np.where(np.arange(40) % 2, NAN, 1.0),
            "series must contain window_length rows whose next horizon rows have no "
            "NaN in the target columns: got no such rows. Fill short gaps, or use a "
            "smaller horizon.",
        ),
    ],
)
def test_a_series_without_a_training_sample_is_rejected(series, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        masked().fit(series)


def test_nan_is_an_error_without_a_masking_network():
    forecaster = SeriesForecaster(CNNRegressor(epochs=1), window_length=8)
    with pytest.raises(ValueError, match="use a network with missing='mask'"):
        forecaster.fit(gappy())
    with pytest.raises(ValueError, match="use a network with missing='mask'"):
        forecaster.fit(wave()).predict(gappy())
