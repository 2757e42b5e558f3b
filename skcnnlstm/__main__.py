"""The main job from a shell: ``python -m skcnnlstm [FILE] [options]``.

Cross-validates hybrids beside a seasonal naive forecast and a Ridge, fits the best of
them on everything, and writes its forecast as a table and as a picture.
"""

import argparse
import contextlib
import importlib.util
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

# scikit-learn and TensorFlow are imported where they are used: a first line shows
# before they load, and a mistake in the options or the file is told at once.
import numpy as np
import pandas as pd

from skcnnlstm.cli import report as _report
from skcnnlstm.cli.read_csv import UsageError, hint, read_series, with_equal_steps

__all__ = ["main"]

# The names on the command line are those of the files in `architectures`.
_NETWORKS = {
    "cnn_lstm": "CNNLSTMRegressor",
    "conv_lstm": "ConvLSTMRegressor",
    "parallel": "ParallelCNNLSTMRegressor",
    "cnn": "CNNRegressor",
    "lstm": "LSTMRegressor",
}
# A season or two of training windows for many weights: dropout and weight decay hold
# the network to what repeats, and the linear map takes what a Ridge would.
_SETTINGS = {
    "linear_skip": True,
    "dropout": 0.3,
    "optimizer": "adamw",
    "optimizer__weight_decay": 0.1,
    "learning_rate": 2e-3,
}
# A mean over time learns slowly: smaller batches are more steps an epoch.
_OWN_SETTINGS = {"parallel": {"batch_size": 16}}

_NAIVE, _RIDGE = "seasonal naive", "Ridge"


# ---------------------------------------------------------------------------- options

_DESCRIPTION = """\
Cross-validate CNN and LSTM hybrids on a time series, beside a seasonal naive
forecast and a Ridge on the same windows. Fit the best of them all on everything,
and write its forecast to forecast.csv and forecast.png. Without a FILE, the series
is 144 months of airline passengers.
"""
_EPILOG = """\
example:
  python -m skcnnlstm my.csv --time-column date --target-columns passengers \\
      --models cnn_lstm conv_lstm --folds 5 --output results/

exit status: 0 the forecast is written, 2 wrong use, 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(message.removeprefix("argument "))


def _whole_number(minimum, maximum):
    def parse(text):
        with contextlib.suppress(ValueError):
            if minimum <= int(text) <= maximum:
                return int(text)
        raise argparse.ArgumentTypeError(
            f"must be a whole number from {minimum} to {maximum}, got {text!r}"
        )

    return parse


def _network(text):
    if text in _NETWORKS:
        return text
    raise argparse.ArgumentTypeError(
        f"unknown model {text!r}, use some of {', '.join(_NETWORKS)}{hint(text)}"
    )


def make_parser():
    """Return the parser of the command line."""
    parser = _Parser(
        prog="python -m skcnnlstm",
        usage="%(prog)s [FILE] [options]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = parser.add_argument_group("the series")
    data.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a csv with a header and one row for each time step "
        "(default: the airline series)",
    )
    data.add_argument(
        "--time-column",
        metavar="NAME",
        help="dates, times or whole numbers, in equal steps "
        "(default: the first column that holds them; if none does, rows are counted)",
    )
    data.add_argument(
        "--target-columns",
        nargs="+",
        metavar="NAME",
        help="what to forecast (default: all columns of numbers)",
    )
    job = parser.add_argument_group("the forecast")

    def add_number(option, default, text, minimum=1, maximum=10**9):
        job.add_argument(
            option,
            type=_whole_number(minimum, maximum),
            default=default,
            metavar="N",
            help=f"{text} (default: {default})",
        )

    add_number("--horizon", 12, "time steps to forecast")
    add_number("--window-length", 24, "time steps of history that one forecast reads")
    add_number("--season-length", 12, "time steps after which the series repeats")
    default = ["cnn_lstm", "conv_lstm", "parallel"]
    job.add_argument(
        "--models",
        nargs="+",
        type=_network,
        default=default,
        metavar="NAME",
        help=f"some of {', '.join(_NETWORKS)} (default: {' '.join(default)})",
    )
    add_number("--folds", 4, "tests, each on the HORIZON steps after its training", 2)
    add_number("--epochs", 100, "passes over the training windows")
    add_number("--random-state", 0, "seed; the same seed, the same forecast", 0)
    result = parser.add_argument_group("the result")
    result.add_argument(
        "--output",
        type=Path,
        default=Path("."),
        metavar="FOLDER",
        help="where to write; made if it is not there (default: this folder)",
    )
    return parser


# ---------------------------------------------------------- what must hold to begin


def check_rows(n_rows, options):
    """Raise where folds and windows ask for more rows than there are."""
    longest = max(options.window_length, options.season_length)
    needed = longest + (options.folds + 1) * options.horizon
    if n_rows < needed:
        what = "window" if longest == options.window_length else "season"
        raise UsageError(
            f"too few rows: {n_rows}, where {needed} are needed: a {what} of "
            f"{longest}, a horizon of {options.horizon} and {options.folds} folds of "
            f"{options.horizon}; lower one of them"
        )


def prepare_output(folder):
    """Make the folder, and raise unless files can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"--output: {folder} is not a folder") from None
    except OSError as error:
        raise UsageError(
            f"--output: cannot write to {folder}: {error.strerror}"
        ) from None
    for name in ("forecast.csv", "forecast.png"):
        if (folder / name).is_dir():
            raise UsageError(f"--output: {folder / name} is a folder")


# ------------------------------------------------------------------------- the models


class SeasonalNaive:
    """A regressor that forecasts the last season of its window, again and again.

    It has what `sklearn.base.clone` asks for and needs no scikit-learn to be defined.
    """

    def __init__(self, season_length):
        self.season_length = season_length

    def get_params(self, deep=True):
        """Return the parameters."""
        return {"season_length": self.season_length}

    def set_params(self, **params):
        """Set parameters."""
        vars(self).update(params)
        return self

    def fit(self, X, y):
        """Learn how many steps are asked for."""
        self.horizon_ = y.reshape(len(y), -1).shape[1] // X.shape[2]
        return self

    def predict(self, X):
        """Return the steps of the season that follow the window, step by step."""
        season = X[:, -self.season_length :]
        steps = [h % self.season_length for h in range(self.horizon_)]
        return season[:, steps].reshape(len(X), -1)


def cut(window_length, season_length):
    """Return how a window is cut: into seasons, each less the last, where they fit."""
    from skcnnlstm._utils.validation import resolve_subsequences

    if season_length > 1 and window_length % season_length == 0:
        if window_length > season_length:
            return {
                "n_subsequences": window_length // season_length,
                "instance_norm": "seasonal",
                "season_length": season_length,
            }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a prime length, which is read in one piece
        return {"n_subsequences": resolve_subsequences("auto", window_length)}


def make_models(options, positive):
    """Return the forecasters by name, on a log scale where all values are positive."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    import skcnnlstm

    regressors = {_RIDGE: make_pipeline(skcnnlstm.FlattenWindows(), Ridge())}
    for name in dict.fromkeys(options.models):
        settings = _SETTINGS | _OWN_SETTINGS.get(name, {})
        if name in ("cnn_lstm", "conv_lstm"):
            settings = settings | cut(options.window_length, options.season_length)
        regressors[name] = getattr(skcnnlstm, _NETWORKS[name])(
            epochs=options.epochs, random_state=options.random_state, **settings
        )
    models = {
        _NAIVE: skcnnlstm.SeriesForecaster(
            SeasonalNaive(options.season_length),
            window_length=options.season_length,
            horizon=options.horizon,
            transformer=None,
        )
    }
    for name, regressor in regressors.items():
        models[name] = skcnnlstm.SeriesForecaster(
            regressor,
            window_length=options.window_length,
            horizon=options.horizon,
            transformer="log" if positive else "standard",
        )
    return models


def evaluate(name, model, frame, options):
    """Train on all before each fold, forecast it, and tell how that went."""
    from sklearn.model_selection import TimeSeriesSplit

    trial = _report.Trial(name)
    folds = TimeSeriesSplit(options.folds, test_size=options.horizon).split(frame)
    for number, (train, test) in enumerate(folds, start=1):
        known, actual = frame.iloc[train], frame.iloc[test]
        start = time.perf_counter()
        forecast = _fit(name, model, known).forecast()
        seconds = time.perf_counter() - start
        trial.add(forecast, actual, known, options.season_length, seconds)
        _say(
            f"  {name:14}  fold {number}/{options.folds}  "
            f"RMSE {_report.significant(trial.rmse[-1]):>6}  {seconds:5.1f} s"
        )
    return trial


def _fit(name, model, frame):
    try:
        return model.fit(frame)
    except ValueError as error:
        raise UsageError(
            f"{name} cannot be fitted on {len(frame)} rows: {error}"
        ) from None


# ---------------------------------------------------------------------------- the job


def _say(line):
    """Tell how the work goes, apart from its result."""
    print(line, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _quiet_stderr():
    """Hold back what C++ writes to file descriptor 2; show it if something fails.

    TensorFlow 2.21 prints five lines on import and first use, some as errors, before
    it reads TF_CPP_MIN_LOG_LEVEL (tensorflow#100442).
    """
    sys.stderr.flush()
    try:
        shown = os.dup(2)
    except OSError:  # closed: nothing can be shown
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(shown, held.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)


def _load_tensorflow():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _quiet_stderr():
        import keras

        keras.ops.zeros(1)  # the first operation looks for a GPU


def run(options):
    """Do the job that the options describe."""
    series = read_series(options.file, options.time_column, options.target_columns)
    check_rows(len(series.frame), options)
    frame = with_equal_steps(series.frame)
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError('forecast.png needs matplotlib: pip install "skcnnlstm[plot]"')
    prepare_output(options.output)

    print(f"{series.name}: {_report.extent(frame)}", flush=True)
    for note in series.notes:
        print(note, flush=True)
    _say("loading TensorFlow ...")
    _load_tensorflow()
    models = make_models(options, positive=bool((frame > 0).all(axis=None)))
    _say(f"training on {options.folds} folds, {options.epochs} epochs a network ...")
    trials = [evaluate(name, models[name], frame, options) for name in models]

    print(f"\n{_report.table(trials, series.unit, options)}\n")
    best, reason = _report.best(trials)
    chosen = f"Best {reason}: {best.name}"
    if best.name not in _NETWORKS:
        network, _ = _report.best([t for t in trials if t.name in _NETWORKS])
        chosen += f" (of the networks: {network.name})"
    print(f"{chosen}. Fitted on all {len(frame)} rows, it forecasts:\n", flush=True)
    model = _fit(best.name, models[best.name], frame)
    forecast = model.forecast()
    print(_report.forecast_text(forecast, best), flush=True)

    n_shown = _report.shown_rows(len(frame), options)
    figure = _report.draw(
        frame.iloc[-n_shown:],
        fitted=_one_step_ahead(model, frame.iloc[-n_shown - model.window_length :]),
        forecast=forecast,
        trial=best,
        series=series,
    )
    files = _report.write(options.output, forecast, figure)
    print("\nwrote " + " and ".join(map(str, files)), flush=True)


def _one_step_ahead(model, rows):
    """Forecast each row by the rows before it, where there are enough of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the first rows, cut off here
        ahead = model.predict(rows)
    first = np.asarray(ahead).reshape(len(rows), -1)[:-1, : rows.shape[1]]
    fitted = pd.DataFrame(first, index=rows.index[1:], columns=rows.columns)
    return fitted.iloc[model.window_length - 1 :]


def main(argv=None):
    """Run the main job.

    Parameters
    ----------
    argv : list of str or None, default=None
        Arguments; None takes those of the command line.

    Returns
    -------
    status : int
        0 for a forecast, 2 for wrong use (one line on stderr), 130 for Ctrl-C.
    """
    try:
        run(make_parser().parse_args(argv))
    except UsageError as error:
        _say(f"skcnnlstm: {error}")
        return 2
    except KeyboardInterrupt:
        _say("skcnnlstm: interrupted, nothing was written")
        return 130
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a terminal without a ± shows a ?
    try:
        sys.exit(main())
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
