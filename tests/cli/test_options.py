"""Options of the command line."""

from pathlib import Path

import pytest
from cli_tables import make_table, write_table

from skcnnlstm.cli import main, options


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
    (".", ". is a folder, not a CSV file"),
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
    ("--gpu", "unrecognized arguments: --gpu"),
    ("my.csv --output my.csv", "--output must be a folder: got the file my.csv"),
    (
        "my.csv --output my.csv/sub",
        "--output must be a folder: got the file my.csv/sub",
    ),
    (
        "--horizon 40",
        "the series must have at least 224 rows: got 144. The first fit needs "
        "--window-length 24 plus --horizon 40 rows, and each of --folds 4 tests 40 "
        "more. Use smaller values",
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
        "skcnnlstm: --output must be a writable folder: .: Permission denied\n"
    )


def test_a_folder_with_the_name_of_an_output_file_is_an_error_before_training(
    folder, capsys
):
    (folder / "forecast.png").mkdir()
    status, _, err = _run(capsys)
    assert status == 2
    assert err == (
        "skcnnlstm: --output must not contain a folder named forecast.png: got .\n"
    )


def test_the_help_shows_the_defaults(capsys):
    assert vars(options.make_parser().parse_args([])) == {
        "file": None,
        "time_column": None,
        "target_columns": None,
        "date_format": None,
        "decimal": None,
        "horizon": 12,
        "window_length": 24,
        "season_length": None,
        "models": ["cnn_lstm", "conv_lstm", "parallel"],
        "folds": 4,
        "epochs": 100,
        "random_state": 0,
        "output": Path("."),
    }
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        "usage: python -m skcnnlstm [FILE] [options]",
        "--horizon N number of time steps to forecast (default: 12)",
        "(default: cnn_lstm conv_lstm parallel)",
        "python -m skcnnlstm my.csv --time-column date",
    ):
        assert words in text
