"""A run of the command line: comparison, forecast and files."""

import numpy as np
import pandas as pd
import pytest
from cli_tables import QUICK, make_table, write_table

from skcnnlstm.cli import fitting, main, models, options
from skcnnlstm.cli.options import NETWORKS


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(capsys, *argv):
    status = main(list(argv))
    out, err = capsys.readouterr()
    return status, out, err


def test_without_matplotlib_the_error_names_the_extra(folder, capsys, monkeypatch):
    monkeypatch.setattr(options.importlib.util, "find_spec", lambda name: None)
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
    chosen = ["--time-column", "date", "--target-columns", *targets]
    chosen += ["--output", "new/results"]
    status, out, err = _run(capsys, file, *QUICK, *chosen)
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
        assert sum(line.startswith(f"  {name} ") for line in err.splitlines()) == 1
    assert "s left" in next(line for line in err.splitlines() if " cnn " in line)


@pytest.mark.heavy
def test_every_network_runs_and_equal_seeds_give_equal_forecasts(folder, capsys):
    file = write_table(folder, make_table()[["date", "sales"]])
    chosen = [*QUICK[:-2], "--models", *NETWORKS]
    written = []
    for _ in range(2):
        status, out, _ = _run(capsys, file, *chosen)
        assert status == 0
        written.append((folder / "forecast.csv").read_bytes())
    assert written[0] == written[1]
    assert all(f"\n{name} " in out for name in NETWORKS)


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


def _panel():
    """Return a long table of two shops with a price that is known ahead."""
    parts = []
    for place, shop in enumerate(["north", "south"]):
        table = make_table(46)[["date", "sales", "visits"]].astype(object)
        table["sales"] += 100 * place
        table.loc[40:, ["sales", "visits"]] = ""
        parts.append(table.assign(shop=shop, price=np.arange(46) % 5))
    return pd.concat(parts)


def test_a_panel_with_covariates_intervals_and_a_saved_model(folder, capsys):
    pytest.importorskip("skops", reason="the extra save installs it")
    file = write_table(folder, _panel())
    words = "--id-column shop --target-columns sales --past-covariates visits --exog "
    words += "price --interval 0.8 --save my.skcnnlstm --model cnn --compare drift"
    status, out, _ = _run(capsys, file, *QUICK, *words.split())
    assert status == 0
    for text in (
        "my: 2 series of 40 days",
        "series: 2, named by column shop",
        "averaged over 2 series",
        "Forecast of cnn after a fit on all 80 rows",
        "wrote forecast.csv, forecast.png and my.skcnnlstm",
    ):
        assert text in out
    forecast = pd.read_csv(folder / "forecast.csv")
    assert forecast.columns.tolist() == [
        *("shop", "date", "sales", "sales_lower", "sales_upper"),
    ]
    assert forecast["shop"].tolist() == ["north"] * 3 + ["south"] * 3
    assert forecast["date"].tolist()[:3] == ["2020-02-10", "2020-02-11", "2020-02-12"]
    assert (forecast["sales_lower"] <= forecast["sales"]).all()

    again = ["forecast", "my.skcnnlstm", file, "--id-column", "shop"]
    status, out, _ = _run(capsys, *again, "--output", "again")
    assert status == 0
    assert "new rows: 0" in out
    columns = ["shop", "date", "sales"]
    pd.testing.assert_frame_equal(
        pd.read_csv(folder / "again" / "forecast.csv")[columns], forecast[columns]
    )


def test_a_quiet_run_prints_nothing(folder, capsys):
    file = write_table(folder, make_table()[["date", "sales"]])
    assert _run(capsys, file, *QUICK, "--quiet", "--model", "ridge") == (0, "", "")
    assert (folder / "forecast.csv").exists()


def test_an_interrupt_while_saving_keeps_the_forecast(folder, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "save_model", interrupt)
    file = write_table(folder, make_table()[["date", "sales"]])
    options = *QUICK, "--model", "ridge", "--save", "ridge.skops"
    status, out, err = _run(capsys, file, *options)
    assert status == 130
    assert out.endswith("wrote forecast.csv and forecast.png\n")
    assert err.endswith("skcnnlstm: interrupted, the model was not saved\n")


def test_a_chosen_model_makes_the_forecast(folder, capsys):
    file = write_table(folder, make_table()[["date", "sales"]])
    status, out, _ = _run(capsys, file, *QUICK, "--model", "seasonal_naive")
    assert status == 0
    assert "Forecast of seasonal naive after" in out
    values = pd.read_csv(folder / "forecast.csv")["sales"]
    assert values.tolist() == make_table()["sales"].tolist()[-4:-1]


def test_too_few_rows_ahead_are_an_error_before_training(folder, capsys):
    table = _panel().query("shop == 'north'").drop(columns=["shop", "visits"])
    file = write_table(folder, table[:42])
    words = ["--target-columns", "sales", "--exog", "price"]
    status, _, err = _run(capsys, file, *QUICK, *words)
    assert status == 2
    assert err == (
        "skcnnlstm: --exog needs a row for each of the 3 steps ahead: got 2 rows after "
        "the last known target. Add rows with values of the --exog columns and empty "
        "targets, or use --horizon 2\n"
    )
    quick = [*QUICK[2:], "--horizon", "2", "--model", "ridge"]
    assert _run(capsys, file, *quick, *words)[0] == 0


def test_too_few_rows_for_an_interval_are_an_error_before_training(folder, capsys):
    file = write_table(folder, make_table()[["date", "sales"]])
    status, _, err = _run(capsys, file, *QUICK, "--interval", "0.97")
    assert status == 2
    assert err == (
        "skcnnlstm: --interval 0.97 needs 46 rows, of which 35 calibrate the interval: "
        "got 40. Use a smaller --interval or --horizon\n"
    )
    quick = [*QUICK, "--model", "ridge"]
    assert _run(capsys, file, *quick, "--interval", "0.95")[0] == 0
