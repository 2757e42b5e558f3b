"""Parse and check the options of ``python -m skcnnlstm``."""

import argparse
import contextlib
import os
import tempfile
from pathlib import Path

# Class of each model. The name on the command line is that of its module.
NETWORKS = {
    "cnn_lstm": "CNNLSTMRegressor",
    "conv_lstm": "ConvLSTMRegressor",
    "parallel": "ParallelCNNLSTMRegressor",
    "cnn": "CNNRegressor",
    "lstm": "LSTMRegressor",
}
OUTPUT_FILES = ("forecast.csv", "forecast.png")

_DESCRIPTION = """\
Compare CNN and LSTM hybrids with a seasonal naive forecast and a Ridge by
cross-validation on one time series. Fit the best model on all rows, and write its
forecast to forecast.csv and forecast.png. Without a FILE, the series is the bundled
airline series, 144 months of passengers.
"""
_EPILOG = """\
example:
  python -m skcnnlstm my.csv --time-column date --target-columns passengers \\
      --models cnn_lstm conv_lstm --folds 5 --output results/

exit status: 0 success, 2 invalid options or data, 130 interrupted
"""


class UsageError(Exception):
    """An error in the options or the data, reported to the user in one line."""

    def __init__(self, message):
        super().__init__(" ".join(str(message).split()))


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(message.removeprefix("argument "))


def make_parser():
    """Return the parser of the command line."""
    parser = _Parser(
        prog="python -m skcnnlstm",
        usage="%(prog)s [FILE] [options]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = parser.add_argument_group("data")
    data.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="CSV file with a header and one row for each time step "
        "(default: the airline series)",
    )
    data.add_argument(
        "--time-column",
        metavar="NAME",
        help="column of dates, times or integers at equal steps "
        "(default: the first such column); none to number the rows",
    )
    data.add_argument(
        "--date-format",
        metavar="FORMAT",
        help="format of the time column, such as %%d/%%m/%%Y "
        "(default: the format that gives equal steps)",
    )
    data.add_argument(
        "--decimal",
        choices=[".", ","],
        metavar="MARK",
        help="decimal mark, . or , (default: the mark that fits all cells)",
    )
    data.add_argument(
        "--target-columns",
        nargs="+",
        metavar="NAME",
        help="columns to forecast (default: all numeric columns)",
    )
    training = parser.add_argument_group("training")

    def add_number(option, default, text, minimum=1, maximum=10**9, shown=None):
        training.add_argument(
            option,
            type=_bounded_integer(minimum, maximum),
            default=default,
            metavar="N",
            help=f"{text} (default: {default if shown is None else shown})",
        )

    add_number("--horizon", 12, "number of time steps to forecast")
    add_number("--window-length", 24, "time steps of history that a model reads")
    shown = "by the step: 24 for hours, 7 for days, 12 for months; otherwise 12"
    add_number("--season-length", None, "time steps in one season", shown=shown)
    default = ["cnn_lstm", "conv_lstm", "parallel"]
    training.add_argument(
        "--models",
        nargs="+",
        type=_network_name,
        default=default,
        metavar="NAME",
        help=f"one or more of {', '.join(NETWORKS)} (default: {' '.join(default)})",
    )
    add_number("--folds", 4, "number of folds; each tests HORIZON steps", 2)
    add_number("--epochs", 100, "passes over the training windows")
    add_number("--random-state", 0, "seed; equal seeds give equal forecasts", 0)
    result = parser.add_argument_group("output")
    result.add_argument(
        "--output",
        type=Path,
        default=Path("."),
        metavar="FOLDER",
        help="folder of the output files, created if missing "
        "(default: the current folder)",
    )
    return parser


def _bounded_integer(minimum, maximum):
    """Return a parser of integers in a range, for `add_argument`."""

    def parse(text):
        with contextlib.suppress(ValueError):
            if minimum <= int(text) <= maximum:
                return int(text)
        raise argparse.ArgumentTypeError(
            f"must be an integer from {minimum} to {maximum}: got {text!r}"
        )

    return parse


def _network_name(text):
    if text in NETWORKS:
        return text
    raise argparse.ArgumentTypeError(
        f"must be one or more of {', '.join(NETWORKS)}: got {text!r}{file_hint(text)}"
    )


def file_hint(value):
    """Return a hint if the value of an option is the name of a file."""
    return " (FILE goes before the options)" if os.path.isfile(value) else ""


def check_rows(n_rows, options):
    """Raise an error if the series is too short for the windows and the folds."""
    longest = max(options.window_length, options.season_length)
    required = longest + (options.folds + 1) * options.horizon
    if n_rows >= required:
        return
    name = "window" if longest == options.window_length else "season"
    raise UsageError(
        f"the series must have at least {required} rows: got {n_rows}. The first fit "
        f"needs --{name}-length {longest} plus --horizon {options.horizon} rows, and "
        f"each of --folds {options.folds} tests {options.horizon} more. Use smaller "
        "values"
    )


def prepare_output(folder):
    """Create the output folder; raise an error if files cannot be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"--output must be a folder: got the file {folder}") from None
    except OSError as error:
        raise UsageError(
            f"--output must be a writable folder: {folder}: {error.strerror}"
        ) from None
    for name in OUTPUT_FILES:
        if (folder / name).is_dir():
            raise UsageError(
                f"--output must not contain a folder named {name}: got {folder}"
            )
