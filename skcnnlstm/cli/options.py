"""Parse and check the options of the command ``skcnnlstm``."""

import argparse
import contextlib
import importlib.util
import os
import sys
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
# Class in skcnnlstm.references of each model of --compare.
REFERENCES = {
    "ets": "AutoETS",
    "theta": "AutoTheta",
    "mstl": "MSTL",
    "lightgbm": "LightGBM",
    "drift": "Drift",
}
# The package that each model needs; drift needs none.
_PACKAGES = {
    "ets": "statsforecast",
    "theta": "statsforecast",
    "mstl": "statsforecast",
    "lightgbm": "lightgbm",
}
SEASONAL_NAIVE, RIDGE = "seasonal naive", "Ridge"
OUTPUT_FILES = ("forecast.csv", "forecast.png")

_DESCRIPTION = """\
Compare CNN and LSTM hybrids with a seasonal naive forecast and a Ridge by
cross-validation on a time series. Fit the best model on all rows, and write its
forecast to forecast.csv and forecast.png. Without a FILE, the series is the bundled
airline series, 144 months of passengers.
"""
_EPILOG = """\
examples:
  skcnnlstm my.csv --time-column date --target-columns passengers --folds 5
  skcnnlstm my.csv --compare ets lightgbm --interval 0.9 --save my.skcnnlstm
  skcnnlstm forecast my.skcnnlstm new.csv

exit status: 0 success, 2 invalid options or data, 130 interrupted
"""
_FORECAST_DESCRIPTION = """\
Forecast with a model that --save wrote, without training. Rows of FILE that are later
than the fitted rows are added as history, and the forecast starts after them. Writes
forecast.csv and forecast.png.
"""
_FORECAST_EPILOG = """\
example:
  skcnnlstm forecast my.skcnnlstm new.csv --steps 12 --output results/

exit status: 0 success, 2 invalid options or data, 130 interrupted
"""


class UsageError(Exception):
    """An error in the options or the data, reported to the user in one line."""

    def __init__(self, message):
        super().__init__(" ".join(str(message).split()))


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(message.removeprefix("argument "))


def parse_options(argv=None):
    """Return the options of a run, or of ``skcnnlstm forecast``.

    The attribute `command` is "run" or "forecast". A file named "forecast" must be
    given as ./forecast, because the first argument "forecast" is the command.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    if argv[:1] == ["forecast"]:
        return make_forecast_parser().parse_args(argv[1:])
    return make_parser().parse_args(argv)


def make_parser():
    """Return the parser of a run."""
    parser = _Parser(
        prog="skcnnlstm",
        usage="%(prog)s [FILE] [options]\n"
        "       %(prog)s forecast MODEL FILE [options]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command="run")
    data = parser.add_argument_group("data")
    data.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="CSV file with a header and one row for each time step "
        "(default: the airline series)",
    )
    _add_reading(data)
    data.add_argument(
        "--target-columns",
        nargs="+",
        metavar="NAME",
        help="columns to forecast (default: all numeric columns)",
    )
    data.add_argument(
        "--past-covariates",
        nargs="+",
        default=[],
        metavar="NAME",
        help="columns that the models read but do not forecast",
    )
    data.add_argument(
        "--exog",
        nargs="+",
        default=[],
        metavar="NAME",
        help="columns that are known ahead, such as holidays. FILE then has a row for "
        "each step ahead, with these columns and empty targets",
    )
    data.add_argument(
        "--id-column",
        metavar="NAME",
        help="column that names the series of each row; one model learns from them all",
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
    shown = "one day for hours, a week for days, a year for weeks or months; else 12"
    add_number("--season-length", None, "time steps in one season", shown=shown)
    default = ["cnn_lstm", "conv_lstm", "parallel"]
    training.add_argument(
        "--models",
        nargs="+",
        type=_one_of(NETWORKS),
        default=default,
        metavar="NAME",
        help=f"one or more of {', '.join(NETWORKS)} (default: {' '.join(default)})",
    )
    training.add_argument(
        "--compare",
        nargs="+",
        type=_one_of(REFERENCES),
        default=[],
        metavar="NAME",
        help=f"further models to compare with: one or more of {', '.join(REFERENCES)}; "
        'most need pip install "skcnnlstm[references]"',
    )
    add_number("--folds", 4, "number of folds; each tests HORIZON steps", 2)
    shown = "100, or fewer for more than 128 windows"
    add_number("--epochs", None, "passes over the training windows", shown=shown)
    add_number("--random-state", 0, "seed; equal seeds give equal forecasts", 0)
    result = parser.add_argument_group("output")
    result.add_argument(
        "--model",
        metavar="NAME",
        help="model that makes the forecast, one of the table (default: the best)",
    )
    _add_interval(result, "default: no intervals")
    result.add_argument(
        "--save",
        type=Path,
        metavar="MODEL",
        help="file for the fitted model, such as my.skcnnlstm, which `skcnnlstm "
        "forecast` and skcnnlstm.load read",
    )
    _add_output(result)
    return parser


def make_forecast_parser():
    """Return the parser of ``skcnnlstm forecast``."""
    parser = _Parser(
        prog="skcnnlstm forecast",
        usage="%(prog)s MODEL FILE [options]",
        description=_FORECAST_DESCRIPTION,
        epilog=_FORECAST_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command="forecast")
    data = parser.add_argument_group("data")
    data.add_argument(
        "model", type=Path, metavar="MODEL", help="file that --save wrote"
    )
    data.add_argument(
        "file",
        metavar="FILE",
        help="CSV file with the columns of the file that the model was fitted on",
    )
    _add_reading(data)
    data.add_argument(
        "--id-column",
        metavar="NAME",
        help="column that names the series of each row, for a model of many series",
    )
    result = parser.add_argument_group("output")
    result.add_argument(
        "--steps",
        type=_bounded_integer(1, 10**9),
        metavar="N",
        help="number of time steps to forecast (default: the horizon of the model)",
    )
    _add_interval(result, "default: 0.9 if the model was fitted with intervals")
    _add_output(result)
    return parser


def _add_reading(group):
    """Add the options for reading a CSV file."""
    group.add_argument(
        "--time-column",
        metavar="NAME",
        help="column of dates, times or integers at equal steps "
        "(default: the first such column); none to number the rows",
    )
    group.add_argument(
        "--date-format",
        metavar="FORMAT",
        help="format of the time column, such as %%d/%%m/%%Y "
        "(default: the format that gives equal steps)",
    )
    group.add_argument(
        "--decimal",
        choices=[".", ","],
        metavar="MARK",
        help="decimal mark, . or , (default: the mark that fits all cells)",
    )
    group.add_argument(
        "--encoding",
        metavar="NAME",
        help="encoding of the file, such as latin-1 (default: utf-8)",
    )
    group.add_argument(
        "--skip-rows",
        type=_bounded_integer(0, 10**6),
        default=0,
        metavar="N",
        help="number of lines above the column names to leave out (default: 0)",
    )


def _add_interval(group, default):
    group.add_argument(
        "--interval",
        type=_coverage,
        nargs="?",
        const=0.9,
        metavar="C",
        help="prediction intervals that should contain the share C of the actual "
        f"values; C is 0.9 if it is left out ({default})",
    )


def _add_output(group):
    group.add_argument(
        "--output",
        type=Path,
        default=Path("."),
        metavar="FOLDER",
        help="folder of the output files, created if missing "
        "(default: the current folder)",
    )
    group.add_argument(
        "--quiet",
        action="store_true",
        help="print nothing but errors and warnings",
    )


def _coverage(text):
    with contextlib.suppress(ValueError):
        if 0 < float(text) < 1:
            return float(text)
    raise argparse.ArgumentTypeError(
        f"must be a number between 0 and 1: got {text!r}{file_hint(text)}"
    )


def _bounded_integer(minimum, maximum):
    """Return a function that parses an integer from `minimum` to `maximum`."""

    def parse(text):
        with contextlib.suppress(ValueError):
            if minimum <= int(text) <= maximum:
                return int(text)
        raise argparse.ArgumentTypeError(
            f"must be an integer from {minimum} to {maximum}: got {text!r}"
        )

    return parse


def _one_of(names):
    """Return a function that checks that a text is one of `names`."""

    def parse(text):
        if text in names:
            return text
        raise argparse.ArgumentTypeError(
            f"must be one or more of {', '.join(names)}: got {text!r}{file_hint(text)}"
        )

    return parse


def file_hint(value):
    """Return a hint if the value of an option is the name of a file, else no text."""
    return " (FILE goes before the options)" if os.path.isfile(value) else ""


def read_model_name(options):
    """Return the name of the model that --model selects; None without this option."""
    if options.model is None:
        return None
    names = [SEASONAL_NAIVE, RIDGE, *options.models, *options.compare]
    wanted = options.model.lower().replace(" ", "_")
    for name in names:
        if name.lower().replace(" ", "_") == wanted:
            return name
    remedy = ""
    if wanted in NETWORKS:
        remedy = f". Add it with --models {wanted}"
    elif wanted in REFERENCES:
        remedy = f". Add it with --compare {wanted}"
    listed = ", ".join(name.lower().replace(" ", "_") for name in names)
    raise UsageError(f"--model: must be one of {listed}: got {options.model!r}{remedy}")


def check_rows(n_rows, options, name=None):
    """Raise an error if a series is too short for the windows and the folds.

    `name` is that of the series; None if there is only one.
    """
    longest = max(options.window_length, options.season_length)
    required = longest + (options.folds + 1) * options.horizon
    if n_rows >= required:
        return
    which = "window" if longest == options.window_length else "season"
    whose = "the series" if name is None else f"series {name!r}"
    raise UsageError(
        f"{whose} must have at least {required} rows: got {n_rows}. The first fit "
        f"needs --{which}-length {longest} plus --horizon {options.horizon} rows, and "
        f"each of the {options.folds} folds (--folds) needs {options.horizon} more "
        "rows. Use smaller values"
    )


def count_calibration_rows(n_rows, options):
    """Return the number of rows that calibrate intervals.

    This is a fifth of the rows, or more if the coverage of the intervals requires it.
    """
    from skcnnlstm.conformal import scores_needed

    needed = scores_needed(options.interval) + options.horizon - 1
    return max(n_rows // 5, needed)


def check_interval_rows(n_rows, options):
    """Raise an error if the shortest series is too short for intervals."""
    if options.interval is None:
        return
    n_held_out = count_calibration_rows(n_rows, options)
    required = n_held_out + options.window_length + options.horizon
    if n_rows < required:
        raise UsageError(
            f"--interval {options.interval:g} needs {required} rows, of which "
            f"{n_held_out} calibrate the interval: got {n_rows}. Use a smaller "
            "--interval or --horizon"
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
            f"--output must be a writable folder: got {folder} ({error.strerror})"
        ) from None
    for name in OUTPUT_FILES:
        if (folder / name).is_dir():
            raise UsageError(
                f"--output must not contain a folder named {name}: got {folder}; use "
                "another folder"
            )


def check_compare(names):
    """Raise an error if a model to compare with is not installed."""
    for name in names:
        package = _PACKAGES.get(name)
        if package and importlib.util.find_spec(package) is None:
            raise UsageError(
                f'--compare {name} needs {package}: pip install "skcnnlstm[references]"'
            )


def prepare_save(path):
    """Raise an error if a model cannot be saved to a file."""
    if path is None:
        return
    if importlib.util.find_spec("skops") is None:
        raise UsageError('--save needs skops: pip install "skcnnlstm[save]"')
    if path.is_dir():
        raise UsageError(
            f"--save must be a file: got the folder {path}; add the name of a file"
        )
    if not path.parent.is_dir():
        raise UsageError(
            f"--save must be a file in an existing folder: got {path}. Create "
            f"{path.parent}"
        )


def check_figure():
    """Raise an error if the figure cannot be drawn."""
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError('forecast.png needs matplotlib: pip install "skcnnlstm[plot]"')


def make_printer(options):
    """Return a function that prints a line, or prints nothing with --quiet."""

    def show(line):
        if not options.quiet:
            print_line(line, sys.stdout)

    return show


def print_line(line, stream):
    """Print a line; ignore the error if the reader of a pipe, such as `head`, stopped.

    The run continues, so the files are still written.
    """
    with contextlib.suppress(BrokenPipeError):
        print(line, file=stream, flush=True)
