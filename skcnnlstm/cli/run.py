"""Run the command line: compare models by cross-validation, forecast with the best."""

import contextlib
import importlib.util
import os
import sys
import tempfile
import warnings

# scikit-learn and TensorFlow are imported on first use: errors in the options or the
# file appear before they load.
import numpy as np
import pandas as pd

from skcnnlstm.cli import report
from skcnnlstm.cli.options import (
    NETWORKS,
    UsageError,
    check_rows,
    make_parser,
    prepare_output,
)
from skcnnlstm.cli.read_csv import read_series


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str or None, default=None
        Arguments; None reads those of the process.

    Returns
    -------
    status : int
        0 for success, 2 for invalid options or data (one line on stderr), 130 for
        Ctrl-C.
    """
    try:
        run(make_parser().parse_args(argv))
    except UsageError as error:
        _print_progress(f"skcnnlstm: {error}")
        return 2
    except KeyboardInterrupt:
        _print_progress("skcnnlstm: interrupted, no file was written")
        return 130
    return 0


def run(options):
    """Compare the models, print the report and write the forecast of the best one."""
    series = read_series(
        options.file,
        options.time_column,
        options.target_columns,
        date_format=options.date_format,
        decimal=options.decimal,
    )
    season_note = _set_season_length(options, series)
    check_rows(len(series.frame), options)
    frame = series.frame
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError('forecast.png needs matplotlib: pip install "skcnnlstm[plot]"')
    prepare_output(options.output)

    first, last = report.format_labels(frame.index[[0, -1]])
    n_steps = f"{len(frame)} {report.step_name(frame.index)}"
    print(f"{series.name}: {n_steps}, {first} to {last}", flush=True)
    for note in [*series.notes, *season_note]:
        print(note, flush=True)
    _print_progress("loading TensorFlow ...")
    _load_tensorflow()
    from skcnnlstm.cli.models import make_models

    # Rows are at equal steps here: models see numbers, and the report sees labels.
    rows = frame.reset_index(drop=True)
    models = make_models(
        options,
        positive=bool(((rows > 0) | rows.isna()).all(axis=None)),
        has_missing=bool(rows.isna().any(axis=None)),
    )
    _print_progress(
        f"training on {options.folds} folds, {options.epochs} epochs per network ..."
    )
    results = {name: evaluate(name, models[name], rows, options) for name in models}

    print(f"\n{report.format_scores(results, series.unit, options)}\n")
    best, measure = report.select_best(results)
    message = f"Best {measure}: {best}"
    if best not in NETWORKS:
        networks = {name: results[name] for name in results if name in NETWORKS}
        message += f" (best network: {report.select_best(networks)[0]})"
    print(
        f"{message}. Its forecast after a fit on all {len(frame)} rows:\n", flush=True
    )
    with _fit_errors(best):
        model = models[best].fit(rows)
    from skcnnlstm._utils.time_axis import read_time_axis

    labels = read_time_axis(frame.index).next_labels(options.horizon)
    forecast = model.forecast().set_axis(labels)
    rmse = report.mean_rmse(results[best])
    print(report.format_forecast(forecast, rmse), flush=True)

    n_history = max(12 * options.horizon, 4 * options.window_length, 150)
    figure = report.draw_forecast(
        frame.iloc[-n_history:],
        one_step_ahead(model, rows, frame.index).iloc[-n_history:],
        forecast,
        rmse=rmse,
        model_name=best,
        n_folds=options.folds,
        series=series,
    )
    files = report.write_files(options.output, forecast, figure)
    print("\nwrote " + " and ".join(map(str, files)), flush=True)


def evaluate(name, model, frame, options):
    """Return the `BacktestResult` of one model, with one forecast per fold."""
    from sklearn.model_selection import TimeSeriesSplit

    from skcnnlstm import backtest

    with _fit_errors(name):
        result = backtest(
            model,
            frame,
            TimeSeriesSplit(options.folds, test_size=options.horizon),
            stride="fold",
            season_length=options.season_length,
            verbose=int(sys.stderr.isatty()),
        )
    scores = report.scores_by_fold(result)
    for number, fold in enumerate(scores.itertuples(), start=1):
        _print_progress(
            f"  {name:14}  fold {number}/{options.folds}  "
            f"RMSE {report.format_number(fold.rmse):>6}  {fold.seconds:5.1f} s"
        )
    return result


@contextlib.contextmanager
def _fit_errors(name):
    """Report a ValueError of a fit as an error in the options or the data."""
    try:
        yield
    except ValueError as error:
        raise UsageError(f"{name} cannot be fitted: {error}") from None


def _set_season_length(options, series):
    """Set an option that is not given by the step of the series; return a note."""
    if options.season_length is not None:
        return []
    length, source = series.season_length, "by the step of the rows"
    if length is None:
        length, source = 12, "the step is unknown"
    rows_left = len(series.frame) - (options.folds + 1) * options.horizon
    if length > max(rows_left, options.window_length):
        length, source = 1, f"too few rows for {length}"
    options.season_length = length
    return [f"season length: {length} ({source}; see --season-length)"]


def one_step_ahead(model, rows, labels):
    """Forecast each row from the rows before it, where a whole window is known."""
    with warnings.catch_warnings():
        # The first rows have incomplete windows; they are dropped below.
        warnings.simplefilter("ignore", UserWarning)
        predicted = model.predict(rows)
    first = np.asarray(predicted).reshape(len(rows), -1)[:-1, : rows.shape[1]]
    fitted = pd.DataFrame(first, index=labels[1:], columns=rows.columns)
    return fitted.iloc[model.window_length - 1 :]


def _print_progress(line):
    """Print a line to stderr; the results go to stdout."""
    print(line, file=sys.stderr, flush=True)


def _load_tensorflow():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _hidden_stderr():
        import keras

        keras.ops.zeros(1)  # the first operation searches for a GPU


@contextlib.contextmanager
def _hidden_stderr():
    """Hide what C++ code writes to file descriptor 2, unless an error is raised.

    TensorFlow 2.21 prints five lines on import and first use, some as errors, before
    it reads TF_CPP_MIN_LOG_LEVEL (tensorflow#100442).
    """
    sys.stderr.flush()
    try:
        original = os.dup(2)
    except OSError:  # stderr is closed
        yield
        return
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except BaseException:
            hidden.seek(0)
            os.write(original, hidden.read())
            raise
        finally:
            os.dup2(original, 2)
            os.close(original)
