"""A run of the command line: comparison, forecast and files."""

import numpy as np
import pandas as pd
import pytest
from cli_tables import QUICK, make_table, write_table

from skcnnlstm.cli import main, models, run
from skcnnlstm.cli.options import NETWORKS, make_parser
from skcnnlstm.cli.read_csv import read_series, with_equal_steps


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


def test_a_series_with_negative_values_is_forecast(folder, capsys):
    table = make_table()[["date", "sales"]]
    table["sales"] -= table["sales"].mean()
    status, _, _ = _run(capsys, write_table(folder, table), *QUICK)
    assert status == 0


def test_one_step_ahead_forecasts_use_earlier_rows_only():
    frame = with_equal_steps(read_series(None, None, None).frame)
    forecasters = models.make_models(make_parser().parse_args([]), positive=True)
    naive, ridge = (
        forecasters["seasonal naive"].fit(frame),
        forecasters["Ridge"].fit(frame),
    )
    expected = frame.shift(12).dropna()
    fitted = run.one_step_ahead(naive, frame)
    pd.testing.assert_frame_equal(fitted, expected, check_freq=False)
    changed = frame.copy()
    changed.iloc[100:] *= 1.5
    before, after = (run.one_step_ahead(ridge, rows) for rows in (frame, changed))
    assert before.index[0] == frame.index[24]
    same = (before == after)["passengers"]
    assert same[: frame.index[100]].all()
    assert not same[frame.index[101] :].any()
