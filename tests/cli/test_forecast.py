"""The command ``skcnnlstm forecast``."""

import numpy as np
import pandas as pd
import pytest
from cli_tables import N_ROWS, make_table, write_table
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcnnlstm import FlattenWindows, SeriesForecaster, SlidingWindow, save
from skcnnlstm.cli import main
from skcnnlstm.cli.fitting import save_model
from skcnnlstm.references import SeasonalNaive

pytest.importorskip("skops", reason="the extra save installs it")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(capsys, *argv):
    status = main(list(argv))
    out, err = capsys.readouterr()
    return status, out, err


def _frame(table, columns=("sales",)):
    return table.set_index(pd.DatetimeIndex(table["date"]))[list(columns)]


def _ridge(**params):
    inner = make_pipeline(FlattenWindows(), Ridge())
    return SeriesForecaster(inner, window_length=8, horizon=3, **params)


def test_later_rows_are_added_and_the_forecast_starts_after_them(folder, capsys):
    table = make_table(60)
    save(_ridge().fit(_frame(table[:50])), "my.skcnnlstm")
    expected = _ridge().fit(_frame(table[:50])).update(_frame(table[50:])).forecast(4)
    for rows in (table, table[45:], table[50:]):
        file = write_table(folder, rows)
        words = ["my.skcnnlstm", file, "--steps", "4"]
        status, out, _ = _run(capsys, "forecast", *words)
        assert status == 0
        assert "new rows: 10" in out
        found = pd.read_csv("forecast.csv")
        assert found["date"].tolist() == [str(d.date()) for d in expected.index]
        np.testing.assert_allclose(found["sales"], expected["sales"], rtol=1e-5)


def test_intervals_are_written_if_the_model_is_calibrated(folder, capsys):
    table = make_table(60)
    save(_ridge(calibration_fraction=0.3).fit(_frame(table)), "my.skcnnlstm")
    file = write_table(folder, table)
    assert _run(capsys, "forecast", "my.skcnnlstm", file)[0] == 0
    assert "sales_lower" in pd.read_csv("forecast.csv")
    status, _, err = _run(capsys, "forecast", "my.skcnnlstm", file, "--steps", "5")
    assert status == 2
    assert err.startswith(
        "skcnnlstm: my.skcnnlstm cannot forecast: steps must be at most horizon"
    )


def test_a_reference_is_fitted_on_the_file(folder, capsys):
    table = make_table(60)
    save(SeasonalNaive(4).fit(_frame(table[:50])), "my.skcnnlstm")
    file = write_table(folder, table)
    status, _, err = _run(capsys, "forecast", "my.skcnnlstm", file)
    assert (status, err) == (
        2,
        "skcnnlstm: --steps must be given: the model has no horizon\n",
    )
    assert _run(capsys, "forecast", "my.skcnnlstm", file, "--steps", "4")[0] == 0
    found = pd.read_csv("forecast.csv")
    assert found["sales"].tolist() == table["sales"].tolist()[-4:]


def test_a_reference_of_many_series_is_saved_and_fitted_on_the_file(folder, capsys):
    table = pd.concat([make_table(), make_table().assign(place="there", sales=7.0)])
    models = {
        place: SeasonalNaive(4).fit(_frame(rows))
        for place, rows in table.groupby("place")
    }
    save_model(models, "seasonal naive", folder / "my.skcnnlstm")
    words = ["forecast", "my.skcnnlstm", write_table(folder, table), "--steps", "4"]
    status, _, err = _run(capsys, *words)
    assert status == 2
    assert "was fitted on many series. Use --id-column with the column" in err
    assert _run(capsys, *words, "--id-column", "place")[0] == 0
    found = pd.read_csv("forecast.csv").set_index("place")["sales"]
    assert found["here"].tolist() == make_table()["sales"].tolist()[-4:]
    assert found["there"].tolist() == [7.0] * 4
    new = table.assign(place="elsewhere")[:N_ROWS]
    words[2] = write_table(folder, new, "new.csv")
    status, _, err = _run(capsys, *words, "--id-column", "place")
    assert status == 2
    assert "got series 'elsewhere', but the model was fitted on here" in err


def test_covariates_known_ahead_are_read_from_the_rows_ahead(folder, capsys):
    table = make_table(60).astype({"sales": object})
    frame = _frame(make_table(50), ["sales", "visits"])
    price = pd.DataFrame({"price": np.arange(60.0) % 3}, _frame(make_table(60)).index)
    forecaster = _ridge(target_columns=["sales"]).fit(frame, exog=price)
    save(forecaster, "my.skcnnlstm")
    table["price"] = price["price"].to_numpy()
    table.loc[55:, "sales"] = ""
    table = table.astype({"visits": object})
    table.loc[55:, "visits"] = ""
    file = write_table(folder, table)
    status, out, _ = _run(capsys, "forecast", "my.skcnnlstm", file)
    assert status == 0
    assert "new rows: 5" in out
    assert pd.read_csv("forecast.csv")["date"].tolist()[0] == "2020-02-25"


@pytest.mark.parametrize(
    "make, words, message",
    [
        (None, "none.skcnnlstm my.csv", "no such file: none.skcnnlstm"),
        (None, "my.csv my.csv", "cannot load my.csv: path must be an undamaged file"),
        (
            lambda: SlidingWindow(3),
            "",
            "my.skcnnlstm must hold a forecaster that `skcnnlstm --save` wrote: got "
            "SlidingWindow. Load it in Python with skcnnlstm.load",
        ),
        (
            lambda: _ridge().fit(_frame(make_table())),
            "--id-column place",
            "my.skcnnlstm was fitted on one series. Leave out --id-column",
        ),
        (
            lambda: _ridge().fit({"here": _frame(make_table())}),
            "",
            "my.skcnnlstm was fitted on many series. Use --id-column with the column "
            "that names the series",
        ),
        (
            lambda: _ridge().fit({"there": _frame(make_table())}),
            "--id-column place",
            "all series must be among those that the model was fitted on: got series "
            "'here', but the model was fitted on there. Fit a model on series 'here'",
        ),
        (
            lambda: _ridge().fit(_frame(make_table(), ["visits"]).set_axis(range(40))),
            "",
            "the time column must continue that of the fitted rows: got 2020-01-01",
        ),
    ],
)
def test_a_wrong_model_or_file_prints_one_line(folder, capsys, make, words, message):
    file = write_table(folder, make_table())
    if make is not None:
        save(make(), "my.skcnnlstm")
        words = f"my.skcnnlstm {file} --time-column date {words}"
    status, _, err = _run(capsys, "forecast", *words.split())
    assert status == 2
    assert err.startswith(f"skcnnlstm: {message}")
    assert len(err.splitlines()) == 1
    assert not (folder / "forecast.csv").exists()
