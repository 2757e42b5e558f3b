"""Report of a run: scores, forecast and files."""

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skcnnlstm.cli import report
from skcnnlstm.cli.models import make_models
from skcnnlstm.cli.options import make_parser
from skcnnlstm.cli.read_csv import read_series
from skcnnlstm.cli.rows import Rows
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
        report.write_files(folder, make_forecast(), figure)
    assert (folder / "forecast.csv").read_text() == "previous"
    assert len(list(folder.iterdir())) == 1


class NoFigure:
    @staticmethod
    def savefig(path, **settings):
        path.write_bytes(b"")


def _fail_half_way(path, **settings):
    path.write_bytes(b"\x89PNG")
    raise OSError("disk full")


def _result(forecast, actual, scale):
    """Return the result of a backtest, from arrays (n_folds, horizon, n_targets)."""
    fold, step, target = np.indices(np.shape(forecast)).reshape(3, -1)
    forecasts = pd.DataFrame(
        {
            "series": 0,
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
    assert report.mean_rmse(result) == pytest.approx(
        {(None, "a"): np.sqrt(2), (None, "b"): 10}
    )
    assert set(report.mean_rmse(result, many=True)) == {(0, "a"), (0, "b")}


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
    assert report.select_metric(results) == "mase"
    assert report.rank_models(results, "mase").columns.tolist() == ["large", "small"]
    results["small"] = _result(small, actual, scale=[np.nan, 10])
    assert report.select_metric(results) == "rmse"
    assert report.rank_models(results, "rmse").columns.tolist() == ["small", "large"]


def test_rmse_selects_among_models_of_one_target():
    actual = np.zeros((1, 1, 1))
    results = {
        "worse": _result(actual + 9, actual, scale=[10]),
        "better": _result(actual + 5, actual, scale=[1]),
    }
    assert report.select_metric(results) == "rmse"


@pytest.mark.parametrize(
    "scores, sentence",
    [
        (
            {"a": [10.0, 12.0], "b": [15.0, 18.0]},
            "Best by RMSE: a, 5.5 (33 %) ahead of b; this is more than its spread over "
            "the folds (0.7).",
        ),
        (
            {"a": [10.0, 12.0], "b": [9.0, 15.0]},
            "Best by RMSE: a, 1.0 (8 %) ahead of b; this is within its spread over the "
            "folds (2.8), so the order of the two may be chance.",
        ),
        ({"a": [10.0, 12.0]}, "Best by RMSE: a."),
    ],
)
def test_one_sentence_says_which_model_won_and_how_clearly(scores, sentence):
    assert report.describe_winner(pd.DataFrame(scores), "rmse") == sentence


@pytest.fixture(scope="module")
def airline_results():
    """Results of both references on the last four years of the airline series."""
    options = make_parser().parse_args(["--season-length", "12"])
    frame = read_series(None).frame.reset_index(drop=True)
    models = make_models(options, ["passengers"], positive=True)
    data = Rows({None: frame}, None, ["passengers"])
    return {
        name: evaluate(name, models[name], data, options)
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


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(30, name="row"),
        pd.period_range("2020-01", periods=30, freq="M"),
        pd.date_range("2020-01-01", periods=30, freq="h", tz="Europe/Berlin"),
    ],
)
def test_every_kind_of_index_is_written(folder, index):
    forecast = report.Forecast({None: pd.DataFrame({"a": np.arange(30.0)}, index)})
    csv, _ = report.write_files(folder, forecast, NoFigure)
    assert pd.read_csv(csv)["a"].tolist() == list(range(30))


def make_forecast(keys=(None,), targets=("a",), n_steps=3):
    index = pd.date_range("2024-01-01", periods=n_steps, name="day")
    values = np.arange(n_steps * len(targets), dtype=float).reshape(n_steps, -1) + 10
    mean = {key: pd.DataFrame(values, index, list(targets)) for key in keys}
    lower, upper = ({key: one + by for key, one in mean.items()} for by in (-1, 2))
    return report.Forecast(mean, lower, upper, 0.9)


def test_bounds_are_written_beside_the_forecast(folder):
    csv, _ = report.write_files(folder, make_forecast(targets="ab"), NoFigure)
    assert csv.read_text().splitlines()[:2] == [
        "day,a,a_lower,a_upper,b,b_lower,b_upper",
        "2024-01-01,10.0,9.0,12.0,11.0,10.0,13.0",
    ]


def test_many_series_are_written_in_one_file_with_their_id(folder):
    forecast = make_forecast(["north", "south"])
    csv, _ = report.write_files(folder, forecast, NoFigure, "shop")
    table = pd.read_csv(csv)
    assert table.columns.tolist() == ["shop", "day", "a", "a_lower", "a_upper"]
    assert table["shop"].tolist() == ["north"] * 3 + ["south"] * 3


def test_the_forecast_is_printed_with_the_digits_of_its_error():
    text = report.format_forecast(make_forecast(), {(None, "a"): 1.23})
    assert text.splitlines() == [
        "                  a  a_lower  a_upper",
        "  2024-01-01  10.00     9.00    12.00",
        "  2024-01-02  11.00    10.00    13.00",
        "  2024-01-03  12.00    11.00    14.00",
    ]
    several = make_forecast(["north", "south"], n_steps=40)
    lines = report.format_forecast(several, None).splitlines()
    assert lines[0] == "  north" and lines[42] == "  south"
    assert lines[-1] == "  ... see forecast.csv: 2 series, 40 steps, 1 target"


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
