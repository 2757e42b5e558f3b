"""Options of the command line."""

from pathlib import Path

import pytest
from cli_tables import make_table, write_table

from skcnnlstm.cli import main, options
from skcnnlstm.forecasting.intervals import count_held_out


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(capsys, *argv):
    status = main(list(argv))
    out, err = capsys.readouterr()
    return status, out, err


NAMES = "cnn_lstm, conv_lstm, parallel, cnn, lstm"
INVALID_OPTIONS = [
    ("none.csv", "no such file: none.csv"),
    (".", ". is a folder, not a CSV file. Name a file in it"),
    ("--models gru", f"--models: must be one or more of {NAMES}: got 'gru'"),
    (
        "--models cnn my.csv",
        f"--models: must be one or more of {NAMES}: got 'my.csv' (FILE goes before "
        "the options)",
    ),
    (
        "--target-columns my.csv",
        "no column 'my.csv' in the airline series. Its columns are month, passengers "
        "(FILE goes before the options)",
    ),
    (
        "--horizon 0",
        "--horizon: must be an integer from 1 to 1000000000: got '0'",
    ),
    (
        "--epochs many",
        "--epochs: must be an integer from 1 to 1000000000: got 'many'",
    ),
    ("--folds 1", "--folds: must be an integer from 2 to 1000000000: got '1'"),
    (
        "--random-state -1",
        "--random-state: must be an integer from 0 to 1000000000: got '-1'",
    ),
    ("--horizon", "--horizon: expected one argument"),
    ("--interval 1", "--interval: must be a number between 0 and 1: got '1'"),
    ("--interval 90%", "--interval: must be a number between 0 and 1: got '90%'"),
    (
        "--interval my.csv",
        "--interval: must be a number between 0 and 1: got 'my.csv' (FILE goes before "
        "the options)",
    ),
    (
        "--compare arima",
        "--compare: must be one or more of ets, theta, mstl, lightgbm, drift: got "
        "'arima'",
    ),
    (
        "--model gru",
        "--model: must be one of seasonal_naive, ridge, cnn_lstm, conv_lstm, parallel: "
        "got 'gru'",
    ),
    (
        "--model lstm",
        "--model: must be one of seasonal_naive, ridge, cnn_lstm, conv_lstm, parallel: "
        "got 'lstm'. Add it with --models lstm",
    ),
    (
        "--model ets",
        "--model: must be one of seasonal_naive, ridge, cnn_lstm, conv_lstm, parallel: "
        "got 'ets'. Add it with --compare ets",
    ),
    (
        "my.csv --save none/my.skcnnlstm",
        "--save must be a file in an existing folder: got none/my.skcnnlstm. Create "
        "none",
    ),
    (
        "my.csv --save .",
        "--save must be a file: got the folder .; add the name of a file",
    ),
    ("forecast", "the following arguments are required: MODEL, FILE"),
    ("--gpu", "unrecognized arguments: --gpu"),
    ("my.csv --output my.csv", "--output must be a folder: got the file my.csv"),
    (
        "my.csv --output my.csv/sub",
        "--output must be a folder: got the file my.csv/sub",
    ),
    (
        "--horizon 40",
        "the series must have at least 224 rows: got 144. The first fit needs "
        "--window-length 24 plus --horizon 40 rows, and each of the 4 folds "
        "(--folds) needs 40 more rows. Use smaller values",
    ),
]


@pytest.mark.parametrize("words, message", INVALID_OPTIONS)
def test_an_invalid_option_prints_one_line_and_writes_no_file(
    folder, capsys, words, message
):
    write_table(folder, make_table(90))
    status, _, err = _run(capsys, *words.split())
    assert (status, err) == (2, f"skcnnlstm: {message}\n")
    assert [path.name for path in folder.iterdir()] == ["my.csv"]


def test_an_unwritable_output_folder_prints_one_line(folder, capsys, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr(options.tempfile, "TemporaryFile", refuse)
    status, _, err = _run(capsys, "--output", ".")
    assert status == 2
    assert err == (
        "skcnnlstm: --output must be a writable folder: got . (Permission denied)\n"
    )


def test_a_folder_with_the_name_of_an_output_file_is_an_error_before_training(
    folder, capsys
):
    (folder / "forecast.png").mkdir()
    status, _, err = _run(capsys)
    assert status == 2
    assert err == (
        "skcnnlstm: --output must not contain a folder named forecast.png: got .; "
        "use another folder\n"
    )


def test_the_help_shows_the_defaults(capsys):
    assert vars(options.make_parser().parse_args([])) == {
        "file": None,
        "encoding": None,
        "skip_rows": 0,
        "time_column": None,
        "target_columns": None,
        "date_format": None,
        "decimal": None,
        "horizon": 12,
        "window_length": 24,
        "season_length": None,
        "models": ["cnn_lstm", "conv_lstm", "parallel"],
        "folds": 4,
        "epochs": None,
        "random_state": 0,
        "output": Path("."),
        "command": "run",
        "past_covariates": [],
        "exog": [],
        "id_column": None,
        "compare": [],
        "model": None,
        "interval": None,
        "save": None,
        "quiet": False,
    }
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        "usage: skcnnlstm [FILE] [options] skcnnlstm forecast MODEL FILE [options]",
        "--horizon N number of time steps to forecast (default: 12)",
        "(default: cnn_lstm conv_lstm parallel)",
        "skcnnlstm my.csv --time-column date",
    ):
        assert words in text


@pytest.mark.parametrize(
    "words, name",
    [
        ("--model ridge", "Ridge"),
        ("--model Ridge", "Ridge"),
        ("--model seasonal_naive", "seasonal naive"),
        ("--model cnn_lstm", "cnn_lstm"),
        ("--compare ets --model ets", "ets"),
        ("", None),
    ],
)
def test_a_model_is_chosen_by_its_name_in_the_table(words, name):
    parsed = options.make_parser().parse_args(words.split())
    assert options.read_model_name(parsed) == name


def test_an_interval_without_a_number_is_of_90_percent():
    assert options.make_parser().parse_args(["--interval"]).interval == 0.9
    assert options.make_parser().parse_args(["--interval", "0.5"]).interval == 0.5


def test_saving_without_skops_names_the_extra(monkeypatch):
    monkeypatch.setattr(options.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(options.UsageError) as caught:
        options.prepare_save(Path("my.skcnnlstm"))
    assert str(caught.value) == '--save needs skops: pip install "skcnnlstm[save]"'


def test_comparing_without_the_package_names_the_extra(monkeypatch):
    monkeypatch.setattr(options.importlib.util, "find_spec", lambda name: None)
    options.check_compare(["drift"])
    with pytest.raises(options.UsageError) as caught:
        options.check_compare(["drift", "ets"])
    assert str(caught.value) == (
        '--compare ets needs statsforecast: pip install "skcnnlstm[references]"'
    )
    assert options._PACKAGES.keys() == options.REFERENCES.keys() - {"drift"}


def test_forecast_has_its_own_help(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["forecast", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "usage: skcnnlstm forecast MODEL FILE [options]" in text
    assert "--steps N number of time steps" in text


@pytest.mark.parametrize("n_rows, coverage", [(144, 0.9), (1001, 0.9), (200, 0.95)])
def test_enough_rows_calibrate_an_interval(n_rows, coverage):
    parsed = options.make_parser().parse_args(["--interval", str(coverage)])
    n_wanted = options.count_calibration_rows(n_rows, parsed)
    held_out = count_held_out(n_wanted / n_rows, n_rows, 24, 12)
    assert held_out == n_wanted >= n_rows // 5
    assert held_out - 12 + 1 >= round(coverage / (1 - coverage))
