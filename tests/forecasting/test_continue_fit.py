"""Continued training: which windows partial_fit trains on, and what it keeps."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from forecast_models import LastValue, Rising, plain, ridge
from sklearn.linear_model import SGDRegressor
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline

from skcnnlstm import CNNRegressor, FlattenWindows, SeriesForecaster, load, save

DAYS = pd.date_range("2024-01-01", periods=40, freq="D")


class Recorder(Rising):
    """Remember the windows and targets of each `partial_fit`."""

    def partial_fit(self, X, y):
        self.calls_ = [*getattr(self, "calls_", []), (X, y.reshape(len(y), -1))]
        return self


def trained(forecaster, call=-1):
    """Return the first values of the windows of a call, and the last targets."""
    X, y = forecaster.estimator_.calls_[call]
    return X[:, 0, 0].tolist(), y[:, -1].tolist()


def small_network(**params):
    return CNNRegressor(filters=2, epochs=2, random_state=0, **params)


# ------------------------------------------------------------------- which windows


def test_without_replay_exactly_the_completed_windows_are_trained_on():
    forecaster = plain(Recorder(), horizon=2, replay=0).fit(np.arange(20.0))
    forecaster.partial_fit([20.0, 21.0, 22.0])
    # Windows of 3 rows and their 2 targets that end with row 20, 21 or 22.
    assert trained(forecaster) == ([16, 17, 18], [20, 21, 22])


def test_rows_one_by_one_complete_one_window_each():
    forecaster = plain(Recorder(), horizon=4, replay=0).fit(np.arange(20.0))
    for row in (20.0, 21.0, 22.0):
        forecaster.partial_fit([row])
        assert trained(forecaster) == ([row - 6], [row])


def test_replay_adds_the_last_older_windows():
    forecaster = plain(Recorder(), replay=5).fit(np.arange(20.0))
    forecaster.partial_fit([20.0, 21.0])
    assert trained(forecaster) == ([*range(12, 19)], [*range(15, 22)])
    forecaster.partial_fit([22.0])
    assert trained(forecaster) == ([*range(14, 20)], [*range(17, 23)])


def test_replay_is_shared_by_all_series():
    forecaster = plain(Recorder(), replay=4)
    forecaster.fit({"a": np.arange(20.0), "b": 100 + np.arange(20.0)})
    forecaster.partial_fit({"b": [120.0]})
    assert trained(forecaster) == ([115, 116, 117], [118, 119, 120])
    both = plain(Recorder(), replay=4, channels="independent")
    both.fit(np.arange(40.0).reshape(20, 2)).partial_fit([[40.0, 41.0]])
    starts, _ = trained(both)
    assert sorted(starts) == [26, 27, 28, 29, 30, 31, 32, 33, 34, 35]


def test_rows_of_update_belong_to_later_windows():
    forecaster = plain(Recorder(), replay=0).fit(np.arange(20.0))
    forecaster.update([20.0]).partial_fit([21.0])
    assert trained(forecaster) == ([18], [21])


def test_windows_do_not_cross_a_gap():
    series = pd.Series(np.arange(40.0), index=DAYS)
    forecaster = plain(Recorder(), replay=2).fit(series[:20])
    forecaster.partial_fit(series[22:30])
    assert trained(forecaster)[0] == [22, 23, 24, 25, 26]
    forecaster.partial_fit(series[30:33].drop(DAYS[31]))
    assert trained(forecaster) == ([25, 26, 27], [28, 29, 30])
    n_calls = len(forecaster.estimator_.calls_)
    forecaster.partial_fit(series[33:34])  # completes no window after the gap
    assert len(forecaster.estimator_.calls_) == n_calls
    with pytest.warns(UserWarning, match="the series has 2 rows since the last gap"):
        assert forecaster.forecast().index[0] == DAYS[34]


def test_covariates_are_those_of_the_steps_ahead():
    exog, series = np.arange(40.0) * 10, np.arange(40.0)
    forecaster = plain(Recorder(), horizon=2, replay=1)
    forecaster.fit(series[:20], exog=exog[:20])
    forecaster.partial_fit(series[20:23], exog=exog[20:23])
    windows, _ = forecaster.estimator_.calls_[0]
    np.testing.assert_array_equal(windows[..., 1], 10 * (windows[..., 0] + 2))


# ------------------------------------------------------------------------- estimators


def test_a_network_continues_from_its_weights_and_scales_are_kept(airline):
    forecaster = SeriesForecaster(small_network(), window_length=12, horizon=3)
    forecaster.fit(airline[:120])
    mean, before = forecaster.transformer_.mean_[0], forecaster.estimator_
    weights = before.model_.get_weights()
    forecaster.partial_fit(airline[120:])
    assert forecaster.transformer_.mean_[0] == mean
    assert len(forecaster.estimator_.history_["loss"]) == before.n_epochs_ + 1
    for one, other in zip(before.model_.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)  # the old record is not changed
    assert forecaster.forecast().index[0] == pd.Timestamp("1961-01-01")
    again = SeriesForecaster(small_network(), window_length=12, horizon=3)
    again.fit(airline[:120]).partial_fit(airline[120:])
    pd.testing.assert_series_equal(again.forecast(), forecaster.forecast())


def test_copies_continue_bit_identically(airline, tmp_path):
    forecaster = SeriesForecaster(small_network(), window_length=12, horizon=3)
    forecaster.fit(airline[:120])
    save(forecaster, tmp_path / "network")
    copies = load(tmp_path / "network"), pickle.loads(pickle.dumps(forecaster))
    expected = forecaster.partial_fit(airline[120:]).forecast()
    for one in copies:
        pd.testing.assert_series_equal(
            one.partial_fit(airline[120:]).forecast(), expected
        )


def test_an_unfitted_forecaster_is_fitted(airline):
    forecaster = SeriesForecaster(small_network(), window_length=12)
    expected = SeriesForecaster(small_network(), window_length=12).fit(airline)
    pd.testing.assert_series_equal(
        forecaster.partial_fit(airline).forecast(), expected.forecast()
    )


def test_the_last_step_of_a_pipeline_continues():
    sgd = MultiOutputRegressor(SGDRegressor(random_state=0))
    pipeline = make_pipeline(FlattenWindows(), sgd)
    series = np.sin(np.arange(60.0))
    forecaster = SeriesForecaster(pipeline, window_length=6, horizon=2).fit(series)
    before = forecaster.estimator_
    forecaster.partial_fit(np.sin(np.arange(60.0, 80.0)))
    windows = np.ones((1, 6, 1))
    assert (forecaster.estimator_.predict(windows) != before.predict(windows)).any()


def test_an_estimator_without_partial_fit_has_none():
    forecaster = SeriesForecaster(ridge(), window_length=6)
    assert not hasattr(forecaster, "partial_fit")
    assert hasattr(SeriesForecaster(small_network()), "partial_fit")
    with pytest.raises(AttributeError) as raised:
        _ = forecaster.partial_fit
    assert "Use update, which adds rows without training" in str(
        raised.value.__cause__ or raised.value
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([1.0, np.nan], "series must be finite: got NaN at row 1"),
        (np.ones((3, 2)), "X has 2 features"),
        (np.arange(20.0), "series must come after the known rows: got the fitted rows"),
    ],
)
def test_rows_that_do_not_fit_raise_and_change_nothing(rows, message):
    forecaster = plain(Recorder()).fit(np.arange(20.0))
    before = forecaster.forecast(2)
    with pytest.raises(ValueError, match=re.escape(message)):
        forecaster.partial_fit(rows)
    np.testing.assert_array_equal(forecaster.forecast(2), before)
    assert not hasattr(forecaster.estimator_, "calls_")


class Failing(LastValue):
    def partial_fit(self, X, y):
        self.n_outputs_ = 0
        raise ValueError("no")


def test_an_estimator_that_fails_leaves_the_forecaster_unchanged():
    forecaster = plain(Failing()).fit(np.arange(20.0))
    with pytest.raises(ValueError, match="no"):
        forecaster.partial_fit([20.0])
    assert forecaster.forecast(2).tolist() == [19, 19]


def test_replay_is_validated_and_can_be_searched():
    with pytest.raises(ValueError, match="replay must be an integer >= 0: got replay"):
        plain(Rising(), replay=-1).fit(np.arange(20.0))
    search = GridSearchCV(plain(Recorder()), {"replay": [0, 5]}, cv=TimeSeriesSplit(2))
    search.fit(np.arange(30.0))
    assert search.best_estimator_.partial_fit([30.0]).estimator_.calls_
