"""Report of a run: scores, forecast, files and figure."""

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skcnnlstm.cli import report
from skcnnlstm.cli.models import make_models
from skcnnlstm.cli.options import make_parser
from skcnnlstm.cli.read_csv import read_series
from skcnnlstm.cli.run import evaluate
from skcnnlstm.datasets import load_airline
from skcnnlstm.model_selection.backtesting.result import BacktestResult


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_failed_write_keeps_the_previous_files(folder):
    figure = SimpleNamespace(savefig=_fail_half_way)
    (folder / "forecast.csv").write_text("previous")
    with pytest.raises(OSError, match="disk full"):
        report.write_files(folder, load_airline().to_frame(), figure)
    assert (folder / "forecast.csv").read_text() == "previous"
    assert len(list(folder.iterdir())) == 1


def _fail_half_way(path, **settings):
    path.write_bytes(b"\x89PNG")
    raise OSError("disk full")


def _result(forecast, actual, scale):
    """Return the result of a backtest, from arrays (n_folds, horizon, n_targets)."""
    fold, step, target = np.indices(np.shape(forecast)).reshape(3, -1)
    forecasts = pd.DataFrame(
        {
            "target": np.array(["a", "b"])[target],
            "fold": fold,
            "step": step + 1,
            "actual": np.ravel(actual),
            "forecast": np.ravel(forecast),
        }
    )
    references = pd.DataFrame({"scale": np.take(scale, target)}).assign(
        naive=0.0, seasonal_naive=0.0, naive2=0.0
    )
    folds = pd.DataFrame({"seconds": 0.25}, index=range(len(forecast)))
    return BacktestResult(forecasts, references, folds, season_length=2)


def test_scores_equal_a_computation_by_hand():
    forecast, actual = [[[3.0, 10], [7, 30]]], [[[3.0, 20], [9, 20]]]
    result = _result(forecast, actual, scale=[1.5, 30])
    (fold,) = report.scores_by_fold(result).itertuples()
    assert fold.rmse == pytest.approx((np.sqrt(4 / 2) + 10) / 2)
    assert fold.mae == pytest.approx((1 + 10) / 2)
    assert fold.mase == pytest.approx((1 / 1.5 + 10 / 30) / 2)
    assert fold.seconds == 0.25
    assert report.mean_rmse(result).to_dict() == pytest.approx(
        {"a": np.sqrt(2), "b": 10}
    )


def test_mase_is_undefined_if_it_is_for_one_target():
    result = _result(np.ones((2, 1, 2)), np.zeros((2, 1, 2)), scale=[1.0, np.nan])
    scores = report.scores_by_fold(result)
    assert scores["rmse"].tolist() == [1, 1]
    assert report._format_mean(scores["mase"], 2) == "undefined"


def test_mase_selects_among_models_of_several_targets():
    actual = np.zeros((1, 1, 2))
    small, large = np.array([[[5.0, 0]]]), np.array([[[0, 9.0]]])
    results = {
        name: _result(forecast, actual, scale=[1, 10])
        for name, forecast in (("small", small), ("large", large))
    }
    assert report.select_best(results) == ("large", "by MASE")
    results["small"] = _result(small, actual, scale=[np.nan, 10])
    assert report.select_best(results) == ("small", "by RMSE")


def test_rmse_selects_among_models_of_one_target():
    actual = np.zeros((1, 1, 1))
    results = {
        "worse": _result(actual + 9, actual, scale=[10]),
        "better": _result(actual + 5, actual, scale=[1]),
    }
    assert report.select_best(results) == ("better", "by RMSE")


@pytest.fixture(scope="module")
def airline_results():
    """Results of both references on the last four years of the airline series."""
    options = make_parser().parse_args(["--season-length", "12"])
    frame = read_series(None).frame.reset_index(drop=True)
    models = make_models(options, positive=True)
    return {
        name: evaluate(name, models[name], frame, options)
        for name in ("seasonal naive", "Ridge")
    }


def test_references_on_the_airline_series_have_known_scores(airline_results):
    naive, ridge = map(report.scores_by_fold, airline_results.values())
    series = load_airline().to_numpy()
    by_hand = [
        np.sqrt(np.mean((series[start : start + 12] - series[start - 12 : start]) ** 2))
        for start in (96, 108, 120, 132)
    ]
    np.testing.assert_allclose(naive["rmse"], by_hand)
    assert round(naive["rmse"].mean(), 1) == 39.6
    assert round(ridge["rmse"].mean(), 1) == 19.2


def test_the_table_is_aligned_and_sorted_by_rmse(airline_results):
    for result in airline_results.values():
        result.folds["seconds"] = 0.25
    options = make_parser().parse_args(["--season-length", "12"])
    text = report.format_scores(airline_results, "thousands of passengers", options)
    assert text.splitlines()[:4] == [
        "model                   RMSE           MAE          MASE     seconds",
        "--------------   -----------   -----------   -----------   ---------",
        "Ridge             19.2 ± 9.7   16.2 ± 10.0   0.54 ± 0.32   0.2 ± 0.0",
        "seasonal naive   39.6 ± 13.5   37.0 ± 14.4   1.25 ± 0.50   0.2 ± 0.0",
    ]
    assert "4 folds of 12" in text
    assert "RMSE and MAE in thousands of passengers" in text
    assert max(map(len, text.splitlines())) <= 88


def _draw(history, fitted, forecast, rmse, n_folds, unit):
    return report.draw_forecast(
        history,
        fitted,
        forecast,
        rmse=pd.Series(rmse, index=history.columns),
        model_name="cnn",
        n_folds=n_folds,
        series=SimpleNamespace(name="my", unit=unit),
    )


def _figure(n_targets):
    history = pd.DataFrame(
        np.arange(30.0 * n_targets).reshape(30, n_targets) + 1,
        index=pd.date_range("2020-01-01", periods=30, freq="D", name="date"),
        columns=[f"t{i}" for i in range(n_targets)],
    )
    forecast = history.iloc[-3:].set_axis(
        pd.date_range("2020-01-31", periods=3, freq="D", name="date")
    )
    return _draw(history, history[10:], forecast, 2.0, n_folds=2, unit="t0")


def test_the_figure_has_labels_and_a_legend():
    figure = _figure(1)
    (panel,) = figure.axes
    assert figure.get_suptitle() == "my: the next 3 days by cnn"
    assert panel.get_title(loc="left") == "RMSE 2.00 in 2 folds of 3 days"
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("date", "t0")
    forecast = panel.get_lines()[-1]
    assert [len(line.get_xdata()) for line in panel.get_lines()] == [20, 30, 3]
    assert list(forecast.get_ydata()) == [28, 29, 30]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "fitted, one step ahead",
        "history",
        "± RMSE in cross-validation",
        "forecast",
    ]
    figure.canvas.draw()
    ticks = [text.get_text() for text in panel.get_xticklabels()]
    assert "01\nFeb" in ticks


@pytest.mark.parametrize("n_targets, n_panels", [(2, 2), (30, 12)])
def test_each_target_has_a_panel_up_to_twelve(n_targets, n_panels):
    figure = _figure(n_targets)
    assert len(figure.axes) == n_panels
    assert [panel.get_ylabel() for panel in figure.axes[:2]] == ["t0", "t1"]
    assert len(figure.legends) == 1
    assert ("12 of 30 targets" in figure.get_suptitle()) == (n_targets == 30)


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(30, name="row"),
        pd.period_range("2020-01", periods=30, freq="M"),
        pd.date_range("2020-01-01", periods=30, freq="h", tz="Europe/Berlin"),
    ],
)
def test_every_kind_of_index_is_drawn_and_written(folder, index):
    frame = pd.DataFrame({"a": np.arange(30.0)}, index=index)
    figure = _draw(frame[:27], frame[5:27], frame[27:], 1.0, n_folds=1, unit="a")
    csv, _ = report.write_files(folder, frame[27:], figure)
    assert pd.read_csv(csv)["a"].tolist() == [27, 28, 29]


def test_numbers_have_three_significant_digits():
    assert [report.format_number(x) for x in (1234.5, 12.345, 0.0012345, 0.0)] == [
        "1234",
        "12.3",
        "0.00123",
        "0.0",
    ]


def test_the_csv_file_has_six_significant_digits():
    table = pd.DataFrame({"a": [123.4567891, 1.0], "b": [0.001234567891, 0.0]})
    buffer = io.StringIO()
    report.round_forecast(table).to_csv(buffer, index=False)
    assert buffer.getvalue().split() == ["a,b", "123.457,0.00123457", "1.0,0.0"]
