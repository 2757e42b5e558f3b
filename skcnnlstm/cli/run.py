"""Run the command line: compare models by cross-validation, forecast with the best."""

import sys

from skcnnlstm.cli import figure, report
from skcnnlstm.cli.options import (
    NETWORKS,
    UsageError,
    check_compare,
    check_figure,
    check_interval_rows,
    check_rows,
    make_printer,
    parse_options,
    prepare_output,
    prepare_save,
    read_model_name,
)
from skcnnlstm.cli.progress import Progress
from skcnnlstm.cli.read_csv import read_series
from skcnnlstm.cli.rows import Rows

# scikit-learn and TensorFlow are imported on first use, so that errors in the options
# or the file appear without the time for these imports.


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
        options = parse_options(argv)
        if options.command == "forecast":
            from skcnnlstm.cli.forecast import run_forecast

            run_forecast(options)
        else:
            run(options)
    except UsageError as error:
        print(f"skcnnlstm: {error}", file=sys.stderr, flush=True)
        return 2
    except KeyboardInterrupt as interrupt:
        state = str(interrupt) or "no file was written"
        print(f"skcnnlstm: interrupted, {state}", file=sys.stderr, flush=True)
        return 130
    return 0


def run(options):
    """Compare the models, print the report and write the forecast of the best one."""
    series = read_series(
        options.file,
        options.time_column,
        options.target_columns,
        past_covariates=options.past_covariates,
        exog=options.exog,
        id_column=options.id_column,
        date_format=options.date_format,
        decimal=options.decimal,
        encoding=options.encoding,
        skip_rows=options.skip_rows,
    )
    chosen = read_model_name(options)
    season_note = _set_season_length(options, series)
    for key, frame in series.frames.items():
        check_rows(len(frame), options, key)
    check_rows_ahead(series, options.horizon)
    check_interval_rows(min(map(len, series.frames.values())), options)
    check_figure()
    prepare_output(options.output)
    check_compare(options.compare)
    prepare_save(options.save)

    show = make_printer(options)
    show(report.describe_series(series))
    for note in [*series.notes, *season_note]:
        show(note)
    progress = Progress(
        [name for name in options.models if name in NETWORKS],
        (2 if options.interval else 1) / options.folds,
        quiet=options.quiet,
    )
    progress.show("loading TensorFlow ...")
    from skcnnlstm.cli.fitting import (
        fewer_warnings,
        fit_and_forecast,
        fit_errors,
        one_step_ahead,
        save_model,
    )
    from skcnnlstm.cli.models import count_epochs, make_models

    if options.epochs is None:
        n_left = options.window_length + options.horizon - 1
        options.epochs = count_epochs(
            sum(len(frame) - n_left for frame in series.frames.values())
        )
    # Rows are at equal steps here: models see numbers, and the report sees labels.
    data = Rows.numbered(series)
    models = make_models(
        options, series.targets, data.are_positive(), has_missing=data.have_missing()
    )
    progress.show(
        f"training on {options.folds} folds, {options.epochs} epochs per network ..."
    )
    results = {}
    for name, model in models.items():
        progress.start()
        results[name] = evaluate(name, model, data, options)
        rmse = report.scores_by_fold(results[name])["rmse"].mean()
        progress.show_model(name, report.format_number(rmse))

    show(f"\n{report.format_scores(results, series.unit, options)}\n")
    metric = report.select_metric(results)
    ranked = report.rank_models(results, metric)
    show(report.describe_winner(ranked, metric))
    best = chosen or ranked.columns[0]
    n_rows = sum(len(frame) for frame in series.frames.values())
    show(f"Forecast of {best} after a fit on all {n_rows} rows:\n")
    labelled = Rows(series.frames, series.exogs, series.targets)
    with fit_errors(best), fewer_warnings():
        fitted, forecast = fit_and_forecast(models[best], labelled, options)
    rmse = report.mean_rmse(results[best], many=options.id_column is not None)
    show(report.format_forecast(forecast, rmse))

    n_history = max(12 * options.horizon, 4 * options.window_length, 150)
    steps = f"{options.horizon} {report.step_name(series.frame.index)}"
    in_sample = None
    if hasattr(fitted, "predict"):
        in_sample = one_step_ahead(fitted, labelled)
        in_sample = {key: one.iloc[-n_history:] for key, one in in_sample.items()}
    history = {
        key: frame[series.targets].iloc[-n_history:]
        for key, frame in series.frames.items()
    }
    drawing = figure.draw_forecast(
        history,
        forecast,
        series,
        model_name=best,
        fitted=in_sample,
        note=figure.describe_rmse(rmse, options.folds, steps),
    )
    files = report.write_files(options.output, forecast, drawing, options.id_column)
    try:
        if options.save is not None:
            save_model(fitted, best, options.save)
            files.append(options.save)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the model was not saved") from None
    finally:  # the forecast is written even if its model cannot be saved
        show(f"\n{report.list_files(files)}")


def evaluate(name, model, data, options):
    """Return the `BacktestResult` of one model, with one forecast per fold."""
    from sklearn.model_selection import TimeSeriesSplit

    from skcnnlstm import SeriesForecaster, backtest
    from skcnnlstm.cli.fitting import fewer_warnings, fit_errors

    arguments = {"series": data.target_values, "horizon": options.horizon}
    if isinstance(model, SeriesForecaster):
        arguments = {"series": data.values, **data.exog}
    with fit_errors(name), fewer_warnings():
        return backtest(
            model,
            cv=TimeSeriesSplit(options.folds, test_size=options.horizon),
            stride="fold",
            season_length=options.season_length,
            verbose=int(sys.stderr.isatty() and not options.quiet),
            **arguments,
        )


def check_rows_ahead(series, horizon):
    """Raise if covariates known ahead have fewer than `horizon` rows ahead."""
    for key, exog in (series.exogs or {}).items():
        n_ahead = len(exog) - len(series.frames[key])
        if n_ahead < horizon:
            whose = "" if key is None else f" of series {key!r}"
            remedy = f", or use --horizon {n_ahead}" if n_ahead else ""
            raise UsageError(
                f"--exog needs a row for each of the {horizon} steps ahead: got "
                f"{n_ahead} rows after the last known target{whose}. Add rows with "
                f"values of the --exog columns and empty targets{remedy}"
            )


def _set_season_length(options, series):
    """If `season_length` is None, choose it from the time step; return notes.

    It is 12 if the time step is unknown, and 1 if there are too few rows.
    """
    if options.season_length is not None:
        return []
    length, source = series.season_length, "by the step of the rows"
    if length is None:
        length, source = 12, "the step is unknown"
    n_rows = min(len(frame) for frame in series.frames.values())
    rows_left = n_rows - (options.folds + 1) * options.horizon
    if length > max(rows_left, options.window_length):
        length, source = 1, f"too few rows for {length}"
    options.season_length = length
    return [f"season length: {length} ({source}; see --season-length)"]
