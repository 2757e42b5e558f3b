"""Fit a forecaster: from parameters and series to a `FittedForecaster`."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from skcnnlstm._utils.data_warnings import warn_about_lost_windows
from skcnnlstm._utils.identity import once_per_object
from skcnnlstm._utils.time_axis import TimeAxis
from skcnnlstm._utils.validation import check_boolean, check_choice, check_integer
from skcnnlstm._utils.validation.tables import to_pandas_first
from skcnnlstm._utils.warnings import warn
from skcnnlstm.forecasting.calendar import check_calendar
from skcnnlstm.forecasting.covariate_encoding import check_transformer
from skcnnlstm.forecasting.covariates import (
    check_covariates_known,
    check_window,
    own_rows,
    read_covariates,
)
from skcnnlstm.forecasting.fitted import FittedForecaster, learn_series
from skcnnlstm.forecasting.gaps import (
    find_training_runs,
    for_each_series,
    read_axes,
    warn_about_labels,
    without_gaps,
)
from skcnnlstm.forecasting.inner_estimator import (
    accepts_nan,
    channels_are_independent,
    check_estimator,
    configure_estimator,
    contains_network,
    fit_on_windows,
    validation_share,
)
from skcnnlstm.forecasting.intervals import calibrate, count_held_out, find_units
from skcnnlstm.forecasting.known import learn_known
from skcnnlstm.forecasting.panel import Panel, listed, read_panel
from skcnnlstm.forecasting.predict import append_rows, forecast_each_origin
from skcnnlstm.forecasting.samples import (
    check_has_samples,
    cut_samples,
    join_samples,
    order_in_time,
    without_empty,
)
from skcnnlstm.forecasting.scaling import (
    TransformerFactory,
    check_past_covariates_known,
    find_roles,
    is_log,
    make_transformer,
)
from skcnnlstm.forecasting.series_input import Rows, read_series
from skcnnlstm.forecasting.static_covariates import read_static
from skcnnlstm.forecasting.weights import (
    check_takes_weights,
    count_left_out,
    read_weights,
)


class Settings(NamedTuple):
    """The validated parameters of a forecaster."""

    estimator: Any
    window_length: int
    horizon: int
    transformer: Any
    block_length: int  # steps that the estimator predicts at once
    independent: bool | None  # None: chosen by the training rows
    target_columns: Any
    id_column: Any
    calibration_fraction: Any  # checked against the number of rows
    freq: Any  # checked against the labels
    refit: bool  # whether a model is fitted on all rows
    replay: int  # older windows that `partial_fit` trains on
    exog_transformer: Any
    calendar: Any
    static_transformer: Any

    @property
    def calibrated(self):
        """Whether a model is fitted without the rows held out for calibration."""
        return self.calibration_fraction is not None


def check_parameters(forecaster):
    """Return the validated parameters of a forecaster."""
    refit = check_boolean("refit_after_calibration", forecaster.refit_after_calibration)
    horizon = check_integer("horizon", forecaster.horizon)
    strategy = check_choice("strategy", forecaster.strategy, ("direct", "recursive"))
    channels = check_choice(
        "channels", forecaster.channels, ("auto", "joint", "independent")
    )
    settings = Settings(
        estimator=forecaster.estimator,
        window_length=check_integer("window_length", forecaster.window_length),
        horizon=horizon,
        transformer=forecaster.transformer,
        block_length=horizon if strategy == "direct" else 1,
        independent=None if channels == "auto" else channels == "independent",
        target_columns=forecaster.target_columns,
        id_column=forecaster.id_column,
        calibration_fraction=forecaster.calibration_fraction,
        freq=forecaster.freq,
        refit=refit or forecaster.calibration_fraction is None,
        replay=check_integer("replay", forecaster.replay, minimum=0),
        exog_transformer=forecaster.exog_transformer,
        calendar=forecaster.calendar,
        static_transformer=forecaster.static_transformer,
    )
    check_transformer("exog_transformer", settings.exog_transformer)
    check_calendar(settings.calendar)
    check_transformer("static_transformer", settings.static_transformer)
    check_estimator(settings.estimator)
    make_transformer(settings.transformer)
    return settings


class TrainingData(NamedTuple):
    """Validated series with their covariates, by key."""

    panel: Panel
    tables: dict[Any, Rows]
    axes: dict[Any, TimeAxis | None]  # None for rows without labels
    exogs: dict[Any, Any]  # as given; None without covariates
    weights: dict[Any, np.ndarray | None]  # (n_rows,) each
    exog_columns: tuple[int, list | None] | None  # None without covariates
    n_features: int
    feature_names: np.ndarray | None
    static: Any  # (rows, columns), a row for each series; None without any

    def between(self, spans):
        """Return the data of some rows: `spans` holds (start, stop) by series key.

        Series that are not in `spans` are left out.
        """
        return self._replace(
            tables={key: self.tables[key].between(*spans[key]) for key in spans},
            axes={
                key: None if self.axes[key] is None else self.axes[key].between(*span)
                for key, span in spans.items()
            },
            exogs=_cut(self.exogs, spans),
            weights=_cut(self.weights, spans),
        )


def _cut(arrays, spans):
    """Return, by key, the rows of each array in its span; None stays None.

    `spans` holds (start, stop), by key.
    """
    return {
        key: None if arrays[key] is None else arrays[key][slice(*span)]
        for key, span in spans.items()
    }


def read_training_data(reader, series, exog, static, sample_weight, settings):
    """Return the validated series, covariates and weights of `fit`.

    `reader` is an unfitted clone of the forecaster, on which scikit-learn's validation
    sets the number and the names of the columns.
    """
    accept_nan = accepts_nan(settings.estimator)
    panel = read_panel(series, settings.id_column)
    tables = read_series(
        reader,
        panel,
        reset=True,
        accept_nan=accept_nan,
        id_column=settings.id_column,
    )
    exogs, exog_columns = _read_exog(exog, panel, tables, settings)
    transformed = settings.static_transformer is not None
    if static is not None:
        static = read_static(static, panel, list(tables), raw=transformed)
    elif transformed:
        raise ValueError(
            "static_transformer must be None without static: got static=None, "
            f"static_transformer={settings.static_transformer!r}. Pass static to fit, "
            "or set static_transformer=None."
        )
    weights = read_weights(sample_weight, panel, tables)
    if sample_weight is not None:
        check_takes_weights(settings.estimator)
    axes = read_axes(panel, tables, settings.freq)
    warn_about_labels(panel, tables, axes)
    return TrainingData(
        panel,
        tables,
        axes,
        exogs,
        weights,
        exog_columns,
        reader.n_features_in_,
        getattr(reader, "feature_names_in_", None),
        static,
    )


def _read_exog(exog, panel, tables, settings):
    """Return the covariates of the rows, by key, and their columns.

    The columns are the pair (number, names), or None without covariates.
    """
    lengths = settings.window_length, settings.block_length
    if settings.calendar is not None:
        check_window(*lengths, name="calendar")
    encoded = settings.exog_transformer is not None
    if exog is None:
        if encoded:
            raise ValueError(
                "exog_transformer must be None without exog: got exog=None, "
                f"exog_transformer={settings.exog_transformer!r}. Pass exog to fit, or "
                "set exog_transformer=None."
            )
        return dict.fromkeys(tables), None
    check_window(*lengths)
    exogs, columns = read_covariates(
        exog,
        panel,
        own_rows(tables),
        accept_nan=accepts_nan(settings.estimator),
        raw=encoded,
    )
    for key, table in exogs.items():
        if not encoded:
            with panel.naming(key):
                check_covariates_known(table)
    return exogs, columns


def fit_forecaster(settings, data, tasks):
    """Return the fitted record, with a calibration if the settings require it.

    `tasks` reports the fits of the inner estimator to scikit-learn's callbacks.
    """
    calibrated = None
    if settings.calibrated:
        task = partial(tasks.fit, number=0, name="fit-to-calibrate")
        calibrated = _fit_and_calibrate(settings, data, task)
    if not settings.refit:
        return calibrated
    task = partial(tasks.fit, number=int(settings.calibrated), name="fit-estimator")
    fitted = _fit_all_rows(settings, data, task)
    if calibrated is None:
        return fitted
    return replace(fitted, calibration=calibrated.calibration)


def _fit_and_calibrate(settings, data, task):
    """Return the record fitted on the early rows and calibrated on the late rows.

    The late rows are appended as history.
    """
    first, last = _split_to_calibrate(settings, data)
    early, late = data.between(first), data.between(last)
    fitted = _fit_all_rows(settings, early, task, warn_of_lost=not settings.refit)
    relative = is_log(settings.transformer)
    units = find_units(early.tables, fitted.roles.targets, relative)
    # Late rows continue early rows if there is no gap between them. The labels of the
    # late rows alone may not show this.
    runs = find_training_runs(
        data.panel, data.tables, data.axes, settings.window_length, settings.horizon
    )
    fitted = fitted.replace_series(
        lambda key, one: replace(
            one, continued=_is_within_a_run(runs[key], first[key][1])
        )
    )
    exogs = late.exogs
    if fitted.known is not None:
        indexes = {key: rows.index for key, rows in late.tables.items()}
        counts = {key: len(rows.values) for key, rows in late.tables.items()}
        exogs = fitted.known.transform(data.panel, exogs, indexes, counts)
    results = forecast_each_origin(fitted, late.tables, exogs)
    fitted = append_rows(fitted, late.tables, exogs)
    # `predict` regards both the early and the late rows as fitted.
    fitted = fitted.replace_series(
        lambda key, one: one.with_fitted_rows(data.tables[key])
    )
    for key in fitted.series:
        if key not in results:
            nothing = np.empty((0, settings.horizon, fitted.n_targets))
            results[key] = nothing, nothing
    results = {key: results[key] for key in fitted.series}
    return replace(fitted, calibration=calibrate(results, units, relative))


def _split_to_calibrate(settings, data):
    """Return the spans (start, stop) of the early and of the late rows, by series.

    A series that is too short to hold out rows has no late rows, with a warning. If all
    series are too short, raise.
    """
    first, last, short = {}, {}, {}
    for key, rows in data.tables.items():
        n_rows = len(rows.values)
        try:
            with data.panel.naming(key):
                n_held_out = count_held_out(
                    settings.calibration_fraction,
                    n_rows,
                    settings.window_length,
                    settings.horizon,
                )
        except ValueError as error:
            short[key] = error
            first[key] = 0, n_rows
            continue
        cut = n_rows - n_held_out
        first[key], last[key] = (0, cut), (cut, n_rows)
    if not last:
        raise next(iter(short.values()))
    if short:
        warn(
            "calibration_fraction="
            f"{settings.calibration_fraction:g} holds out no rows of series that are "
            f"too short: got {listed(list(short))}. All rows of these series are used "
            "for training, and their intervals use the errors of the other series. "
            "Use longer series, or remove these."
        )
    return first, last


def _fit_all_rows(settings, data, task, warn_of_lost=True):
    """Fit the transformers and the estimator on `data`; return the fitted record.

    The estimator is fitted inside the context manager ``task(estimator)``.
    `warn_of_lost` is whether to warn about windows that are lost at gaps and NaN.
    """
    panel, tables, length = data.panel, data.tables, settings.window_length
    roles = find_roles(settings.target_columns, next(iter(tables.values())))
    check_past_covariates_known(
        roles, settings.horizon, settings.horizon, settings.block_length
    )
    runs = find_training_runs(panel, tables, data.axes, length, settings.horizon)
    known, exogs = learn_known(
        settings, data, accept_nan=accepts_nan(settings.estimator)
    )
    n_static = 0 if known is None else known.n_static
    series, parts, widths = {}, {}, {}
    without_rows = once_per_object(lambda axis: axis and axis.without_rows())
    factory = TransformerFactory(settings.transformer)
    # A window that new rows complete may begin this many rows before them.
    n_recent = length + settings.block_length - 1
    n_recent += math.ceil(settings.replay / len(tables))
    for key, rows in tables.items():
        with panel.naming(key):
            series[key], parts[key] = learn_series(
                settings.transformer,
                roles,
                rows,
                exogs[key],
                without_rows(data.axes[key]),
                runs[key],
                length,
                factory,
                n_recent,
                data.weights[key],
                n_static,
            )
            widths[key] = parts[key][0].columns.shape[1] - len(roles.past)
    n_modelled = _check_same_width(widths)
    independent = settings.independent
    if independent is None:
        independent = _choose_channels(settings, parts, tables, n_modelled, n_static)
    samples = []
    for segments in parts.values():
        samples += cut_samples(
            segments, length, settings.block_length, n_modelled, independent
        )
    n_outputs = 1 if independent else n_modelled
    estimator, n_windows = _fit_estimator(settings, samples, n_outputs, n_static, task)
    if warn_of_lost:
        n_left_out = sum(
            count_left_out(segments, length, settings.block_length)
            for segments in parts.values()
        )
        warn_about_lost_windows(
            n_windows // (n_modelled if independent else 1) + n_left_out,
            runs,
            length + settings.block_length - 1,
            *_fill_gaps(runs, data),
        )
    return FittedForecaster(
        estimator=estimator,
        n_windows=n_windows,
        series=series,
        panel=panel.form(),
        window_length=length,
        horizon=settings.horizon,
        block_length=settings.block_length,
        independent=independent,
        n_modelled=n_modelled,
        accepts_nan=accepts_nan(settings.estimator),
        n_features=data.n_features,
        feature_names=data.feature_names,
        exog_columns=data.exog_columns,
        unfitted_transformer=settings.transformer,
        freq=settings.freq,
        known=known,
    )


def _choose_channels(settings, parts, tables, n_modelled, n_static):
    """Return whether each column is modelled separately.

    The decision depends on the samples of the longest series. Series whose weights are
    all zero are ignored.
    """
    if n_modelled == 1:
        return False
    weighted = {key: runs for key, runs in parts.items() if _has_weight(runs)}
    longest = max(
        weighted.values(), key=lambda runs: max(len(run.columns) for run in runs)
    )
    length, n_ahead = settings.window_length, settings.block_length
    cut = partial(cut_samples, longest, length, n_ahead, n_modelled)
    n_rows = sum(len(tables[key].values) for key in weighted)
    return channels_are_independent(
        settings.estimator, cut, n_modelled, n_rows, n_ahead, n_static
    )


def _fill_gaps(runs, data):
    """Return code that fills gaps, and a sentence about converting the series first.

    Both are for a warning. The code fills the gaps of the first series that has gaps
    and a frequency. The sentence is empty if the user passed pandas objects. Both texts
    are empty if there is no such series.
    """
    for key, spans in runs.items():
        axis = data.axes[key]
        if len(spans) > 1 and axis is not None and axis.freq is not None:
            fill = without_gaps(data.tables[key].index, axis.freq)
            fill = for_each_series(f"{fill}.interpolate()", data.panel.id_column)
            return fill, to_pandas_first(data.panel.series[key], "series")
    return "", ""


def _fit_estimator(settings, samples, n_outputs, n_static, task):
    """Fit a clone of the estimator; return the clone and the number of windows.

    `samples` holds a list for each channel of each series. Its entries are (windows,
    targets) or (windows, targets, weights), one for each segment.
    """
    weighted = any(len(pair) == 3 for pairs in samples for pair in pairs)
    samples = without_empty(samples)
    check_has_samples(samples, weighted)
    counts = [sum(len(windows) for windows, *_ in pairs) for pairs in samples]
    share = validation_share(settings.estimator)
    order, n_gap = order_in_time(counts, share, settings.block_length - 1)
    # Networks compute in float32, so a copy of the windows need not be wider.
    dtype = np.float32 if contains_network(settings.estimator) else None
    pairs = [pair for pairs in samples for pair in pairs]
    joined = join_samples(pairs, order, dtype)
    estimator = configure_estimator(
        clone(settings.estimator), n_outputs, n_gap, *joined, n_static=n_static
    )
    with task(estimator):
        return fit_on_windows(estimator, *joined), len(joined[0])


def _has_weight(segments):
    """Return whether segments have no weights, or at least one positive weight."""
    return any(one.weight is None or one.weight.any() for one in segments)


def _is_within_a_run(runs, position):
    """Return whether the row at `position` follows the row before it without a gap."""
    return any(start < position < stop for start, stop in runs)


def _check_same_width(widths):
    """Return the number of transformed columns; raise if it differs between series."""
    if len(set(widths.values())) > 1:
        keys = sorted(widths, key=widths.get)[:: len(widths) - 1]
        counts = listed(keys, lambda key: f"{widths[key]} for series {key!r}")
        raise ValueError(
            "transformer must make the same number of columns for each series: got "
            f"{counts}. Use a transformer with a fixed number of columns."
        )
    return next(iter(widths.values()))
