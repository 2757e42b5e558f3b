"""A run of the command line: comparison, forecast and files."""

import numpy as np
import pandas as pd
import pytest
from cli_tables import QUICK, make_table, write_table

from skcnnlstm.cli import main, models, run
from skcnnlstm.cli.options import NETWORKS, make_parser
from skcnnlstm.cli.read_csv import read_series


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(capsys, *argv):
    status = main(list(argv))
    out, err = capsys.readouterr()
    return status, out, err


def test_without_matplotlib_the_error_names_the_extra(folder, capsys, monkeypatch):
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)
    status, _, err = _run(capsys)
    assert status == 2
    assert err == (
        'skcnnlstm: forecast.png needs matplotlib: pip install "skcnnlstm[plot]"\n'
    )


def test_a_failed_fit_prints_one_line_that_names_the_model(folder, capsys, monkeypatch):
    monkeypatch.setitem(models._NETWORK_PARAMS, "dropout", 2.0)
    status, _, err = _run(capsys, write_table(folder, make_table()), *QUICK)
    assert status == 2
    last = err.splitlines()[-1]
    assert last.startswith("skcnnlstm: cnn cannot be fitted: dropout must be")
    assert [path.name for path in folder.iterdir()] == ["my.csv"]


@pytest.mark.parametrize("targets", [["sales"], ["sales", "visits"]])
def test_a_run_writes_a_forecast_and_a_figure(folder, capsys, targets):
    file = write_table(folder, make_table())
    options = ["--time-column", "date", "--target-columns", *targets]
    options += ["--output", "new/results"]
    status, out, err = _run(capsys, file, *QUICK, *options)
    assert status == 0
    results = folder / "new" / "results"
    assert sorted(path.name for path in results.iterdir()) == [
        "forecast.csv",
        "forecast.png",
    ]
    forecast = pd.read_csv(results / "forecast.csv")
    assert list(forecast.columns) == ["date", *targets]
    assert list(forecast["date"]) == ["2020-02-10", "2020-02-11", "2020-02-12"]
    assert np.isfinite(forecast[targets]).all(axis=None)
    figure = (results / "forecast.png").read_bytes()
    assert figure.startswith(b"\x89PNG\r\n")
    assert len(figure) > 20_000

    for text in ("my: 40 days, 2020-01-01 to 2020-02-09", "2020-02-12", "Best by "):
        assert text in out
    assert out.splitlines()[-1] == (
        "wrote new/results/forecast.csv and new/results/forecast.png"
    )
    for name in ("seasonal naive", "Ridge", "cnn"):
        assert sum(line.startswith(f"  {name} ") for line in err.splitlines()) == 2


def test_every_network_runs_and_equal_seeds_give_equal_forecasts(folder, capsys):
    file = write_table(folder, make_table()[["date", "sales"]])
    options = [*QUICK[:-2], "--models", *NETWORKS]
    written = []
    for _ in range(2):
        status, out, _ = _run(capsys, file, *options)
        assert status == 0
        written.append((folder / "forecast.csv").read_bytes())
    assert written[0] == written[1]
    assert all(f"\n{name} " in out for name in NETWORKS)


@pytest.mark.filterwarnings("ignore:NaN in the target columns leaves")
@pytest.mark.filterwarnings("ignore:1 windows have no known value")
def test_missing_values_are_masked_and_counted(folder, capsys):
    table = make_table()[["date", "sales"]].astype(object)
    table.loc[[5, 12, 30], "sales"] = ["NA", "?", ""]
    status, out, _ = _run(capsys, write_table(folder, table), *QUICK)
    assert status == 0
    assert "missing values: 3, which the networks mask" in out
    assert np.isfinite(pd.read_csv(folder / "forecast.csv")["sales"]).all()


def test_business_days_with_holidays_forecast_the_next_business_days(folder, capsys):
    table = make_table(80)[["date", "sales"]]
    table["date"] = pd.date_range("2024-01-01", periods=80, freq="B")
    file = write_table(folder, table.drop(index=[20, 40, 41]))
    quick = [word for word in QUICK if word not in ("--season-length", "4")]
    status, out, _ = _run(capsys, file, *quick)
    assert status == 0
    assert "77 business days, 2024-01-01 to 2024-04-19" in out
    assert "season length: 5 (by the step of the rows; see --season-length)" in out
    dates = pd.read_csv(folder / "forecast.csv")["date"]
    assert dates.tolist() == ["2024-04-22", "2024-04-23", "2024-04-24"]


def test_a_season_longer_than_the_series_is_not_assumed(folder, capsys):
    table = make_table()[["date", "sales"]]
    table["date"] = pd.date_range("2024-01-01", periods=40, freq="W")
    quick = [word for word in QUICK if word not in ("--season-length", "4")]
    status, out, _ = _run(capsys, write_table(folder, table), *quick)
    assert status == 0
    assert "season length: 1 (too few rows for 52; see --season-length)" in out


def test_a_series_with_negative_values_is_forecast(folder, capsys):
    table = make_table()[["date", "sales"]]
    table["sales"] -= table["sales"].mean()
    status, _, _ = _run(capsys, write_table(folder, table), *QUICK)
    assert status == 0


def test_one_step_ahead_forecasts_use_earlier_rows_only():
    series = read_series(None)
    labels, frame = series.frame.index, series.frame.reset_index(drop=True)
    options = make_parser().parse_args(["--season-length", "12"])
    forecasters = models.make_models(options, positive=True)
    naive, ridge = (
        forecasters["seasonal naive"].fit(frame),
        forecasters["Ridge"].fit(frame),
    )
    expected = series.frame.shift(12).dropna()
    fitted = run.one_step_ahead(naive, frame, labels)
    pd.testing.assert_frame_equal(fitted, expected, check_freq=False)
    changed = frame.copy()
    changed.iloc[100:] *= 1.5
    before, after = (
        run.one_step_ahead(ridge, rows, labels) for rows in (frame, changed)
    )
    assert before.index[0] == labels[24]
    same = (before == after)["passengers"]
    assert same[: labels[100]].all()
    assert not same[labels[101] :].any()
