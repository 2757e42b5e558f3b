"""Tests of the folds of one model: progress and checks before the first fit."""

import pytest
from backtest_models import Last, last, noise
from sklearn.model_selection import TimeSeriesSplit

from skcnnlstm import backtest
from skcnnlstm.model_selection.backtesting import one_model
from skcnnlstm.references import Drift


def test_progress_names_the_model_and_the_time_left(capsys, monkeypatch):
    clock = iter([0.0, 3.0, 6.0, 9.0])
    monkeypatch.setattr(one_model.time, "perf_counter", lambda: next(clock))
    progress = one_model.Progress("ridge", 3, verbose=1)
    for n_done in (1, 2, 3):
        progress.show(n_done)
    assert capsys.readouterr().err.splitlines() == [
        "backtest of ridge: 1 of 3 folds done after 3.0 s, about 6.0 s left",
        "backtest of ridge: 2 of 3 folds done after 6.0 s, about 3.0 s left",
        "backtest of ridge: 3 of 3 folds done after 9.0 s",
    ]


def test_each_model_prints_its_progress(capsys):
    models = {"last": last(), "drift": Drift()}
    backtest(models, noise(30), TimeSeriesSplit(2, test_size=5))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        *["backtest of last"] * 2,
        *["backtest of drift"] * 2,
    ]


def test_a_forecaster_without_calibration_is_an_error_before_any_fit():
    before = Last.fits
    models = {"a": last(calibration_fraction=0.5), "b": last()}
    with pytest.raises(ValueError, match="calibration_fraction must be set") as caught:
        backtest(models, noise(60), TimeSeriesSplit(2), coverage=0.5, verbose=0)
    assert caught.value.__notes__ == ["The model is 'b'."]
    assert Last.fits == before
