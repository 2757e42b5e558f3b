"""Forecast with a saved model: ``skcnnlstm forecast MODEL FILE``."""

from typing import Any, NamedTuple

from skcnnlstm.cli import figure, report
from skcnnlstm.cli.options import (
    UsageError,
    check_figure,
    make_printer,
    prepare_output,
)
from skcnnlstm.cli.read_csv import NO_COLUMN, read_series
from skcnnlstm.cli.rows import Rows


class FittedColumns(NamedTuple):
    """Names of the columns that a model was fitted on, by role."""

    order: list[str]  # targets and past covariates, in the order of the fit
    targets: list[str]
    past: list[str]
    exog: list[str]
    time: str
    has_many: bool  # whether the model was fitted on many series


def run_forecast(options):
    """Load a model, add the new rows of a file, and write the forecast."""
    check_figure()
    model = _load(options.model)
    columns = _read_columns(model, options.model)
    if columns.has_many != (options.id_column is not None):
        raise UsageError(
            f"{options.model} was fitted on many series. Use --id-column with the "
            "column that names the series"
            if columns.has_many
            else f"{options.model} was fitted on one series. Leave out --id-column"
        )
    series = read_series(
        options.file,
        options.time_column or columns.time,
        columns.targets,
        past_covariates=columns.past,
        exog=columns.exog,
        id_column=options.id_column,
        date_format=options.date_format,
        decimal=options.decimal,
        encoding=options.encoding,
        skip_rows=options.skip_rows,
    )
    prepare_output(options.output)
    show = make_printer(options)
    show(report.describe_series(series))
    for note in series.notes:
        show(note)
    frames = {key: one[columns.order] for key, one in series.frames.items()}
    rows = Rows(frames, series.exogs, columns.targets)
    try:
        forecast, n_new = _forecast(model, rows, options)
    except ValueError as error:
        raise UsageError(f"{options.model} cannot forecast: {error}") from None
    show(f"new rows: {n_new}\n")
    show(report.format_forecast(forecast, None))
    n_history = max(12 * len(next(iter(forecast.mean.values()))), 150)
    history = {key: frame.iloc[-n_history:] for key, frame in frames.items()}
    drawing = figure.draw_forecast(
        history, forecast, series, model_name=options.model.name
    )
    files = report.write_files(options.output, forecast, drawing, options.id_column)
    show(f"\n{report.list_files(files)}")


def _load(path):
    """Return a saved model; raise UsageError if it cannot be loaded."""
    from skcnnlstm import load

    try:
        return load(path)
    except FileNotFoundError:
        raise UsageError(f"no such file: {path}") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except ImportError as error:
        raise UsageError(str(error)) from None
    except ValueError as error:
        raise UsageError(f"cannot load {path}: {error}") from None


def _read_columns(model, path):
    """Return the columns that a saved model reads."""
    from skcnnlstm import SeriesForecaster
    from skcnnlstm.references.base import ReferenceForecaster, ReferencePanel

    has_many = isinstance(model, ReferencePanel)
    if has_many:
        model = next(iter(model.models.values()))
    names = list(getattr(model, "feature_names_in_", ()))
    if isinstance(model, ReferenceForecaster) and names:
        time = _name_of(model._known.axis)
        return FittedColumns(names, names, [], [], time, has_many)
    if not isinstance(model, SeriesForecaster) or not names:
        raise UsageError(
            f"{path} must hold a forecaster that `skcnnlstm --save` wrote: got "
            f"{type(model).__name__}. Load it in Python with skcnnlstm.load"
        )
    from skcnnlstm.forecasting.fitted import fitted_state

    fitted = fitted_state(model)
    targets = [names[at] for at in fitted.roles.targets]
    past = [name for name in names if name not in targets]
    exog = [] if fitted.exog_columns is None else list(fitted.exog_columns[1])
    axis = next(iter(fitted.series.values())).axis
    has_many = fitted.panel.kind != "one"
    return FittedColumns(names, targets, past, exog, _name_of(axis), has_many)


def _name_of(axis: Any):
    """Return the name of the time column; "none" if rows are numbered."""
    name = None if axis is None else axis.ends.name
    return NO_COLUMN if name is None else str(name)


def _forecast(model, rows, options):
    """Return the `Forecast` of a model, and the number of rows that are new to it.

    A reference model is fitted again on all rows. They all count as new.
    """
    from skcnnlstm.cli.fitting import forecast_references, forecast_rows
    from skcnnlstm.references.base import ReferenceForecaster, ReferencePanel

    steps, coverage = options.steps, options.interval
    if isinstance(model, ReferenceForecaster | ReferencePanel):
        if steps is None:
            raise UsageError("--steps must be given: the model has no horizon")
        models = getattr(model, "models", {None: model})
        fitted = {}
        for key, frame in rows.frames.items():
            _check_known(key, models)
            fitted[key] = models[key].fit(frame[rows.targets])
        forecast = forecast_references(fitted, steps, coverage, rows.targets)
        return forecast, sum(map(len, rows.frames.values()))
    from skcnnlstm.forecasting.fitted import fitted_state

    fitted, new = fitted_state(model), {}
    for key, frame in rows.frames.items():
        _check_known(key, fitted.series)
        positions = fitted.series[key].axis.locate(frame.index)
        if positions is None:
            last = fitted.series[key].axis.last_label[0]
            raise UsageError(
                "the time column must continue that of the fitted rows: got "
                f"{frame.index[0]} in the first row, but {last} in the last fitted "
                "row. Use the time column of the fitted file"
            )
        if (positions > 0).any():
            new[key] = frame[positions > 0]
    if new:
        exog = None if rows.exogs is None else {key: rows.exogs[key] for key in new}
        later = Rows(new, exog, rows.targets)
        model.update(later.values, **later.exog)
    if coverage is None and fitted.calibration is not None:
        coverage = 0.9
    steps = fitted.check_steps(steps)
    return forecast_rows(model, steps, coverage, rows), sum(map(len, new.values()))


def _check_known(key, fitted):
    """Raise an error if the model was not fitted on a series of this name."""
    if key not in fitted:
        raise UsageError(
            "all series must be among those that the model was fitted on: got series "
            f"{key!r}, but the model was fitted on "
            f"{', '.join(map(str, list(fitted)[:20]))}. Fit a model on series {key!r}"
        )
