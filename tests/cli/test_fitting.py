"""Fits on all rows, forecasts and saved models."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcnnlstm import FlattenWindows, SeriesForecaster
from skcnnlstm.cli import fitting, models
from skcnnlstm.cli.options import UsageError, make_parser
from skcnnlstm.cli.read_csv import read_series
from skcnnlstm.cli.rows import Rows
from skcnnlstm.references import SeasonalNaive

RIDGE = SeriesForecaster(
    make_pipeline(FlattenWindows(), Ridge()), window_length=8, horizon=3
)


def many(targets=("a",), keys=("north", "south")):
    index = pd.date_range("2024-01-01", periods=60, name="day")
    rng = np.random.default_rng(0)
    frames = {
        key: pd.DataFrame(
            rng.normal(size=(60, len(targets))).cumsum(axis=0), index, list(targets)
        )
        for key in keys
    }
    return Rows(frames, None, list(targets))


@pytest.mark.parametrize("keys", [(None,), ("north", "south")])
@pytest.mark.parametrize("targets", ["a", "ab"])
@pytest.mark.parametrize("coverage", [None, 0.8])
@pytest.mark.parametrize("model", [RIDGE, SeasonalNaive(7)], ids=["ridge", "naive"])
def test_a_forecast_has_the_columns_of_the_targets(model, keys, targets, coverage):
    data = many(targets, keys)
    options = make_parser().parse_args(["--horizon", "3"])
    options.interval = coverage
    _, forecast = fitting.fit_and_forecast(model, data, options)
    assert list(forecast.mean) == list(keys)
    for key in keys:
        mean = forecast.mean[key]
        assert mean.columns.tolist() == list(targets)
        assert str(mean.index[0].date()) == "2024-03-01"
        if coverage is None:
            assert forecast.lower is None
            continue
        assert (forecast.lower[key] < mean).all(axis=None)
        assert (forecast.upper[key] > mean).all(axis=None)
        assert forecast.lower[key].columns.tolist() == list(targets)


def test_intervals_do_not_change_the_forecast():
    options = make_parser().parse_args(["--horizon", "3"])
    _, plain = fitting.fit_and_forecast(RIDGE, many(keys=[None]), options)
    options.interval = 0.8
    _, with_bounds = fitting.fit_and_forecast(RIDGE, many(keys=[None]), options)
    pd.testing.assert_frame_equal(plain.mean[None], with_bounds.mean[None])


def test_one_step_ahead_forecasts_use_earlier_rows_only():
    series = read_series(None)
    frame = series.frame
    options = make_parser().parse_args(["--season-length", "12"])
    ridge = models.make_models(options, series.targets, positive=True)["Ridge"]
    ridge.fit(frame)
    changed = frame.copy()
    changed.iloc[100:] *= 1.5
    before, after = (
        fitting.one_step_ahead(ridge, Rows({None: rows}, None, series.targets))[None]
        for rows in (frame, changed)
    )
    labels = frame.index
    assert before.index[0] == labels[24]
    same = (before == after)["passengers"]
    assert same[: labels[100]].all()
    assert not same[labels[101] :].any()


def test_a_model_that_cannot_be_saved_is_an_error_that_names_others(tmp_path):
    path = tmp_path / "my.skcnnlstm"
    with pytest.raises(UsageError) as caught:
        fitting.save_model(SeasonalNaive(lambda: 12), "seasonal naive", path)
    message = str(caught.value)
    assert message.startswith("--save cannot save seasonal naive: ")
    assert message.endswith("Choose ridge or a network with --model")
    assert not list(tmp_path.iterdir())


def test_errors_of_a_fit_are_errors_in_the_options():
    for error in (ValueError("too few"), ImportError("no lightgbm")):
        with (
            pytest.raises(UsageError, match=r"^ets cannot be fitted: (too|no)"),
            fitting.fit_errors("ets"),
        ):
            raise error
