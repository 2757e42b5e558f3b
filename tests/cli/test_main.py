"""The main job: what it checks, what it tells, what it writes."""

import io
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skcnnlstm import __main__ as job
from skcnnlstm.cli import report as _report
from skcnnlstm.datasets import load_airline

N_ROWS = 40
QUICK = ["--horizon", "3", "--window-length", "8", "--season-length", "4"]
QUICK += ["--folds", "2", "--epochs", "2", "--models", "cnn"]


def _table(n_rows=N_ROWS):
    """Return two positive series and a column of text, by day."""
    t = np.arange(n_rows)
    return pd.DataFrame(
        {
            "date": pd.date_range("2020-01-01", periods=n_rows, freq="D"),
            "sales": 100 + t + 10.0 * (t % 4),
            "visits": 1000 + 50.0 * (t % 4) + t % 3,
            "place": "here",
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _write(folder, table, name="my.csv"):
    table.to_csv(folder / name, index=False)
    return name


def _change(row, column, value):
    table = _table().astype(object)
    table.loc[row, column] = value
    return table


def _run(capsys, *argv):
    status = job.main(list(argv))
    out, err = capsys.readouterr()
    return status, out, err


# -------------------------------------------------------------------------- wrong use

CHOSEN = "--target-columns sales --time-column date"
WRONG_FILES = [
    ("", "", "my.csv is empty"),
    ("date,sales\n", "", "my.csv has a header, but no rows"),
    (b"\xff\xfe\x00\x81", "", "my.csv is not a text file in UTF-8"),
    ("a,b\n1,2,3\n", "", "rows of my.csv have more fields than its header"),
    (
        "2020-01-01,5\n2020-01-02,6\n",
        "",
        "the first line of my.csv must name the columns, it holds 2020-01-01,5",
    ),
    ("a,b\nx,y\n", "", "no column of numbers in my.csv: a, b"),
    (
        _table(),
        "--target-columns cost",
        "no column 'cost' in my.csv, its columns are date, sales, visits, place",
    ),
    (
        _table(),
        "--time-column day",
        "no column 'day' in my.csv, its columns are date, sales, visits, place",
    ),
    (
        _table(),
        "--time-column sales --target-columns sales",
        "column 'sales' cannot be both time and target",
    ),
    (
        _table(),
        "--target-columns place",
        "column 'place' holds text: 'here' in row 1",
    ),
    (
        _table(),
        "--time-column place",
        "time column 'place' holds no time: 'here' in row 1",
    ),
    (_change(4, "sales", "many"), "", "column 'sales' holds text: 'many' in row 5"),
    (
        _change(4, "sales", None),
        "",
        "column 'sales' has no value in row 5: fill it, or start after it",
    ),
    (
        _change(4, "sales", "inf"),
        "",
        "column 'sales' must be finite: 'inf' in row 5",
    ),
    (
        _change(4, "date", "soon"),
        "",
        "time column 'date' holds no time: 'soon' in row 5",
    ),
    (_change(4, "date", None), "", "time column 'date' has no value in row 5"),
    (
        _change(4, "date", "2020-01-04"),
        "",
        "duplicates in time column 'date': 2020-01-04 in rows 4 and 5",
    ),
    (
        _table().drop(index=7),
        "",
        "gap in time column 'date': 2020-01-07 is followed by 2020-01-09, where most "
        "steps are 1 day: fill it, or drop the column to count rows",
    ),
    (
        _table().assign(date=[*range(20), *range(25, 45)]),
        CHOSEN,
        "gap in time column 'date': 19 is followed by 25, where most steps are 1: "
        "fill it, or drop the column to count rows",
    ),
    (
        _table(16),
        "",
        "too few rows: 16, where 17 are needed: a window of 8, a horizon of 3 and 2 "
        "folds of 3; lower one of them",
    ),
    (
        _table(),
        "--season-length 32",
        "too few rows: 40, where 41 are needed: a season of 32, a horizon of 3 and 2 "
        "folds of 3; lower one of them",
    ),
]


@pytest.mark.parametrize("content, options, message", WRONG_FILES)
def test_a_wrong_file_is_one_line_and_leaves_nothing(
    folder, capsys, content, options, message
):
    if isinstance(content, pd.DataFrame):
        content = content.to_csv(index=False)
    content = content.encode() if isinstance(content, str) else content
    (folder / "my.csv").write_bytes(content)
    status, _, err = _run(capsys, "my.csv", *QUICK, "--output", "out", *options.split())
    assert (status, err) == (2, f"skcnnlstm: {message}\n")
    assert [path.name for path in folder.iterdir()] == ["my.csv"]


NAMES = "cnn_lstm, conv_lstm, parallel, cnn, lstm"
WRONG_OPTIONS = [
    ("none.csv", "no such file: none.csv"),
    (".", ". is a folder, not a csv file"),
    ("--models gru", f"--models: unknown model 'gru', use some of {NAMES}"),
    (
        "--models cnn my.csv",
        f"--models: unknown model 'my.csv', use some of {NAMES} (FILE goes before the "
        "options)",
    ),
    (
        "--target-columns my.csv",
        "no column 'my.csv' in the airline series, its columns are month, passengers "
        "(FILE goes before the options)",
    ),
    (
        "--horizon 0",
        "--horizon: must be a whole number from 1 to 1000000000, got '0'",
    ),
    (
        "--epochs many",
        "--epochs: must be a whole number from 1 to 1000000000, got 'many'",
    ),
    ("--folds 1", "--folds: must be a whole number from 2 to 1000000000, got '1'"),
    (
        "--random-state -1",
        "--random-state: must be a whole number from 0 to 1000000000, got '-1'",
    ),
    ("--horizon", "--horizon: expected one argument"),
    ("--gpu", "unrecognized arguments: --gpu"),
    ("my.csv --output my.csv", "--output: my.csv is not a folder"),
    ("my.csv --output my.csv/sub", "--output: my.csv/sub is not a folder"),
    (
        "--horizon 40",
        "too few rows: 144, where 224 are needed: a window of 24, a horizon of 40 and "
        "4 folds of 40; lower one of them",
    ),
]


@pytest.mark.parametrize("options, message", WRONG_OPTIONS)
def test_a_wrong_option_is_one_line_and_leaves_nothing(
    folder, capsys, options, message
):
    _write(folder, _table(90))
    status, _, err = _run(capsys, *options.split())
    assert (status, err) == (2, f"skcnnlstm: {message}\n")
    assert [path.name for path in folder.iterdir()] == ["my.csv"]


def test_a_folder_that_cannot_be_written_is_one_line(folder, capsys, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr(job.tempfile, "TemporaryFile", refuse)
    status, _, err = _run(capsys, "--output", ".")
    assert status == 2
    assert err == "skcnnlstm: --output: cannot write to .: Permission denied\n"


def test_a_folder_in_the_place_of_a_file_is_told_before_training(folder, capsys):
    (folder / "forecast.png").mkdir()
    status, _, err = _run(capsys)
    assert (status, err) == (2, "skcnnlstm: --output: forecast.png is a folder\n")


def test_without_matplotlib_the_extra_is_named(folder, capsys, monkeypatch):
    monkeypatch.setattr(job.importlib.util, "find_spec", lambda name: None)
    status, _, err = _run(capsys)
    assert status == 2
    assert err == (
        'skcnnlstm: forecast.png needs matplotlib: pip install "skcnnlstm[plot]"\n'
    )


def test_a_failed_fit_is_one_line_that_names_the_model(folder, capsys, monkeypatch):
    monkeypatch.setitem(job._SETTINGS, "dropout", 2.0)
    status, _, err = _run(capsys, _write(folder, _table()), *QUICK)
    assert status == 2
    last = err.splitlines()[-1]
    assert last.startswith(
        "skcnnlstm: cnn cannot be fitted on 34 rows: dropout must be"
    )
    assert [path.name for path in folder.iterdir()] == ["my.csv"]


def test_files_are_whole_or_not_there(folder):
    figure = SimpleNamespace(savefig=_fail_half_way)
    (folder / "forecast.csv").write_text("the one before")
    with pytest.raises(OSError, match="disk full"):
        _report.write(folder, load_airline().to_frame(), figure)
    assert (folder / "forecast.csv").read_text() == "the one before"
    assert len(list(folder.iterdir())) == 1


def _fail_half_way(path, **settings):
    path.write_bytes(b"\x89PNG")
    raise OSError("disk full")


def test_ctrl_c_ends_with_130_and_one_line(folder):
    # A shell starts what runs in its background with SIGINT ignored.
    script = (
        "import runpy, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.argv = ['skcnnlstm', '--epochs', '100000']\n"
        "runpy.run_module('skcnnlstm', run_name='__main__')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stderr:
            if "Ridge" in line and "fold 4/4" in line:  # the networks are next
                break
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert rest.splitlines()[-1] == "skcnnlstm: interrupted, nothing was written"
    assert not list(folder.iterdir())


# ---------------------------------------------------------------------------- options


def test_the_defaults_are_those_of_the_help(capsys):
    assert vars(job.make_parser().parse_args([])) == {
        "file": None,
        "time_column": None,
        "target_columns": None,
        "horizon": 12,
        "window_length": 24,
        "season_length": 12,
        "models": ["cnn_lstm", "conv_lstm", "parallel"],
        "folds": 4,
        "epochs": 100,
        "random_state": 0,
        "output": job.Path("."),
    }
    with pytest.raises(SystemExit, match="0"):
        job.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        "usage: python -m skcnnlstm [FILE] [options]",
        "--horizon N time steps to forecast (default: 12)",
        "(default: cnn_lstm conv_lstm parallel)",
        "python -m skcnnlstm my.csv --time-column date",
    ):
        assert words in text


@pytest.mark.parametrize(
    "window_length, season_length, n_subsequences",
    [(24, 12, 2), (168, 24, 7), (24, 24, 4), (24, 7, 4), (24, 1, 4), (23, 12, 1)],
)
def test_windows_are_cut_by_the_season(window_length, season_length, n_subsequences):
    settings = job.cut(window_length, season_length)
    assert settings["n_subsequences"] == n_subsequences
    by_season = n_subsequences == window_length / season_length
    assert settings.get("season_length") == (season_length if by_season else None)
    assert settings.get("instance_norm") == ("seasonal" if by_season else None)


# ------------------------------------------------------------------------- the series


def _read(folder, table, time_column=None, target_columns=None):
    file = str(folder / _write(folder, table))
    series = job.read_series(file, time_column, target_columns)
    return job.with_equal_steps(series.frame), series


def test_columns_are_chosen_and_named(folder):
    frame, series = _read(folder, _table())
    assert list(frame.columns) == ["sales", "visits"]
    assert frame.index.freqstr == "D"
    assert series.notes == [
        "time column: date",
        "target columns: sales, visits",
        "left out, no numbers: place",
    ]
    assert series.unit == "the unit of each column"


def test_rows_are_counted_without_a_time_column(folder):
    frame, series = _read(folder, _table()[["sales"]])
    assert frame.index.equals(pd.RangeIndex(N_ROWS))
    assert series.notes[0] == "time column: none found, rows are counted"


def test_rows_newest_first_are_put_in_order(folder):
    expected, _ = _read(folder, _table())
    frame, series = _read(folder, _table()[::-1])
    pd.testing.assert_frame_equal(frame, expected)
    assert series.notes[-1] == "rows were put in the order of date"


@pytest.mark.parametrize(
    "times, following",
    [
        (pd.date_range("1949-01", periods=40, freq="MS"), "1952-05-01"),
        (pd.date_range("1949-01", periods=40, freq="ME"), "1952-05-31"),
        (pd.date_range("1949", periods=40, freq="MS").strftime("%Y-%m"), "1952-05-01"),
        (pd.date_range("2020-01-03", periods=40, freq="B"), "2020-02-28"),
        (pd.date_range("2020-01-01", periods=40, freq="6h"), "2020-01-11 00:00:00"),
        (
            pd.period_range("1949-01", periods=40, freq="M").strftime("%Y-%m-15"),
            "1952-05",
        ),
        (pd.date_range("2020-01-01", periods=40).strftime("%d/%m/%Y"), "2020-02-10"),
        (range(1949, 1989), "1989"),
        (range(0, 80, 2), "80"),
    ],
)
def test_forecasts_carry_the_labels_that_follow(folder, times, following):
    table = _table()[["sales"]].assign(when=times)[["when", "sales"]]
    frame, _ = _read(folder, table)
    model = job.make_models(job.make_parser().parse_args(QUICK), True)["seasonal naive"]
    forecast = model.fit(frame).forecast()
    assert _report.labels(forecast.index)[0] == following


def test_semicolons_and_tabs_part_fields_too(folder):
    for separator in ";\t":
        _table().to_csv(folder / "my.csv", index=False, sep=separator)
        series = job.read_series(str(folder / "my.csv"), None, None)
        assert list(series.frame.columns) == ["sales", "visits"]


# ------------------------------------------------------------------------- the scores


def test_scores_are_those_computed_by_hand():
    train = pd.DataFrame({"a": [1.0, 5, 2, 7], "b": [10.0, 10, 30, 50]})
    actual = pd.DataFrame({"a": [3.0, 9], "b": [20.0, 20]})
    forecast = pd.DataFrame({"a": [3.0, 7], "b": [10.0, 30]})
    rmse, mae, mase = _report.scores(forecast, actual, train, season_length=2)
    # Absolute differences at lag 2: a 1 and 2, b 20 and 40.
    assert rmse == pytest.approx((np.sqrt(4 / 2) + 10) / 2)
    assert mae == pytest.approx((1 + 10) / 2)
    assert mase == pytest.approx((1 / 1.5 + 10 / 30) / 2)


def test_mase_is_undefined_where_training_rows_repeat_exactly():
    train = pd.DataFrame({"a": [1.0, 2, 1, 2]})
    step = pd.DataFrame({"a": [3.0]})
    assert np.isnan(_report.scores(step, step, train, season_length=2)[2])
    assert _report._mean_and_spread([1.0, np.nan], 2) == "undefined"


def test_several_targets_are_ranked_without_their_scale():
    narrow, wide = _report.Trial("narrow"), _report.Trial("wide")
    for trial, rmse, mase in ((narrow, 5.0, 2.0), (wide, 9.0, 1.0)):
        trial.rmse, trial.mase, trial.errors = [rmse], [mase], [np.zeros((3, 2))]
    assert _report.best([narrow, wide]) == (wide, "by MASE")
    narrow.mase = [np.nan]
    assert _report.best([narrow, wide]) == (narrow, "by RMSE")
    for trial in (narrow, wide):
        trial.errors = [np.zeros((3, 1))]
    assert _report.best([wide, narrow]) == (narrow, "by RMSE")


@pytest.fixture(scope="module")
def airline_trials():
    """Both references on the four last years of the airline series."""
    options = job.make_parser().parse_args([])
    frame = job.with_equal_steps(job.read_series(None, None, None).frame)
    models = job.make_models(options, positive=True)
    return [
        job.evaluate(name, models[name], frame, options)
        for name in ("seasonal naive", "Ridge")
    ]


def test_references_on_the_airline_series_are_the_known_ones(airline_trials):
    naive, ridge = airline_trials
    series = load_airline().to_numpy()
    by_hand = [
        np.sqrt(np.mean((series[start : start + 12] - series[start - 12 : start]) ** 2))
        for start in (96, 108, 120, 132)
    ]
    np.testing.assert_allclose(naive.rmse, by_hand)
    assert round(np.mean(naive.rmse), 1) == 39.6
    assert round(np.mean(ridge.rmse), 1) == 19.2


def test_the_table_is_aligned_and_best_first(airline_trials):
    for trial in airline_trials:
        trial.seconds = [0.25] * 4
    options = job.make_parser().parse_args([])
    text = _report.table(airline_trials, "thousands of passengers", options)
    assert text.splitlines()[:4] == [
        "model                   RMSE           MAE          MASE     seconds",
        "--------------   -----------   -----------   -----------   ---------",
        "Ridge             19.2 ± 9.7   16.2 ± 10.0   0.54 ± 0.32   0.2 ± 0.0",
        "seasonal naive   39.6 ± 13.5   37.0 ± 14.4   1.25 ± 0.50   0.2 ± 0.0",
    ]
    assert "4 folds of 12" in text
    assert "RMSE and MAE in thousands of passengers" in text
    assert max(map(len, text.splitlines())) <= 88


def test_the_seasonal_naive_repeats_the_season():
    windows = np.arange(12.0).reshape(1, 6, 2)
    naive = job.SeasonalNaive(2).fit(windows, np.zeros((1, 6)))
    assert naive.predict(windows).tolist() == [[8, 9, 10, 11, 8, 9]]


# ------------------------------------------------------------------------ the result


@pytest.mark.parametrize("targets", [["sales"], ["sales", "visits"]])
def test_the_job_writes_a_forecast_and_a_picture(folder, capsys, targets):
    file = _write(folder, _table())
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
    picture = (results / "forecast.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    assert len(picture) > 20_000

    for said in ("my: 40 days, 2020-01-01 to 2020-02-09", "2020-02-12", "Best by "):
        assert said in out
    assert out.splitlines()[-1] == (
        "wrote new/results/forecast.csv and new/results/forecast.png"
    )
    for name in ("seasonal naive", "Ridge", "cnn"):
        assert sum(line.startswith(f"  {name} ") for line in err.splitlines()) == 2


def test_every_model_runs_and_the_same_seed_gives_the_same_forecast(folder, capsys):
    file = _write(folder, _table()[["date", "sales"]])
    options = [*QUICK[:-2], "--models", *job._NETWORKS]
    written = []
    for _ in range(2):
        status, out, _ = _run(capsys, file, *options)
        assert status == 0
        written.append((folder / "forecast.csv").read_bytes())
    assert written[0] == written[1]
    assert all(f"\n{name} " in out for name in job._NETWORKS)


def test_values_that_are_not_positive_are_forecast(folder, capsys):
    table = _table()[["date", "sales"]]
    table["sales"] -= table["sales"].mean()
    status, _, _ = _run(capsys, _write(folder, table), *QUICK)
    assert status == 0


def test_fitted_values_see_only_rows_before_their_own():
    frame = job.with_equal_steps(job.read_series(None, None, None).frame)
    models = job.make_models(job.make_parser().parse_args([]), positive=True)
    naive, ridge = models["seasonal naive"].fit(frame), models["Ridge"].fit(frame)
    expected = frame.shift(12).dropna()
    fitted = job._one_step_ahead(naive, frame)
    pd.testing.assert_frame_equal(fitted, expected, check_freq=False)
    changed = frame.copy()
    changed.iloc[100:] *= 1.5
    before, after = (job._one_step_ahead(ridge, rows) for rows in (frame, changed))
    assert before.index[0] == frame.index[24]
    same = (before == after)["passengers"]
    assert same[: frame.index[100]].all()
    assert not same[frame.index[101] :].any()


def _figure(n_targets):
    history = pd.DataFrame(
        np.arange(30.0 * n_targets).reshape(30, n_targets) + 1,
        index=pd.date_range("2020-01-01", periods=30, freq="D", name="date"),
        columns=[f"t{i}" for i in range(n_targets)],
    )
    forecast = history.iloc[-3:].set_axis(
        pd.date_range("2020-01-31", periods=3, freq="D", name="date")
    )
    trial = _report.Trial("cnn", errors=[np.full((3, n_targets), 2.0)] * 2)
    series = SimpleNamespace(name="my", unit="t0")
    return _report.draw(history, history[10:], forecast, trial=trial, series=series)


def test_the_picture_is_labelled():
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
def test_every_index_can_be_drawn_and_written(folder, index):
    frame = pd.DataFrame({"a": np.arange(30.0)}, index=index)
    trial = _report.Trial("cnn", errors=[np.ones((3, 1))])
    series = SimpleNamespace(name="my", unit="a")
    figure = _report.draw(
        frame[:27], frame[5:27], frame[27:], trial=trial, series=series
    )
    csv, _ = _report.write(folder, frame[27:], figure)
    assert pd.read_csv(csv)["a"].tolist() == [27, 28, 29]


def test_numbers_keep_the_digits_that_matter():
    assert [_report.significant(x) for x in (1234.5, 12.345, 0.0012345, 0.0)] == [
        "1234",
        "12.3",
        "0.00123",
        "0.0",
    ]
    table = pd.DataFrame({"a": [123.4567891, 1.0], "b": [0.001234567891, 0.0]})
    buffer = io.StringIO()
    _report.rounded(table).to_csv(buffer, index=False)
    assert buffer.getvalue().split() == ["a,b", "123.457,0.00123457", "1.0,0.0"]


def test_something_is_said_before_tensorflow_loads():
    code = (
        "import sys, skcnnlstm.__main__\n"
        "print(*sorted({'tensorflow', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
