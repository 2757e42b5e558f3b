"""Forecast from the record of a fitted forecaster."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pandas as pd

from skcnnlstm._utils.data_warnings import warn_about_extreme_forecasts
from skcnnlstm._utils.time_axis import read_time_axis
from skcnnlstm._utils.warnings import warn
from skcnnlstm.forecasting.covariates import check_given, name_rows_ahead, own_rows
from skcnnlstm.forecasting.fitted import (
    describe_short_history,
    describe_short_tails,
    describe_unknown_targets,
)
from skcnnlstm.forecasting.known import read_known
from skcnnlstm.forecasting.samples import cut_origins, forecast_origins
from skcnnlstm.forecasting.scaling import check_past_covariates_known
from skcnnlstm.windows.views import window_view


def predict_windows(fitted, windows):
    """Predict values of shape (n_windows, block_length, n_outputs).

    Windows and predictions are on the scale of the model.
    """
    predicted = np.asarray(fitted.estimator.predict(windows), dtype=float)
    shape = (len(windows), fitted.block_length, fitted.n_outputs)
    if predicted.size != np.prod(shape):
        raise ValueError(
            f"estimator must predict {shape[1] * shape[2]} values for each window, the "
            f"product of steps ({shape[1]}) and columns ({shape[2]}): got shape "
            f"{predicted.shape} for {shape[0]} windows. Use an estimator that predicts "
            "several outputs."
        )
    return predicted.reshape(shape)


def forecast_steps(fitted, steps, exog):
    """Return forecasts of the next steps of each series, by key.

    Each forecast has the form of its series: an array, a Series or a DataFrame.
    """
    labels, scaled = forecast_scaled(fitted, steps, exog)
    forecasts, ranges = {}, []
    for key, one in fitted.series.items():
        values = one.scale.inverse_transform(scaled[key])[0]
        name = "" if fitted.panel.kind == "one" else f" of series {key!r}"
        ranges.append((name, values, one.low, one.high))
        forecasts[key] = one.form.format_forecasts(values, labels[key])
    warn_about_extreme_forecasts(ranges)
    return forecasts


def forecast_scaled(fitted, steps, exog, predict=predict_windows):
    """Forecast the next steps of each series on the scale of the model.

    Parameters
    ----------
    fitted : FittedForecaster
    steps : int or None
        None for the horizon.
    exog : array-like, Series, DataFrame, list, dict or None
        Covariates of the rows ahead.
    predict : callable, default=predict_windows
        Function of the fitted record and windows that returns forecasts on the scale of
        the model.

    Returns
    -------
    labels : dict of (Index or None)
        The labels of the steps, by key.
    forecasts : dict of ndarray of shape (1, steps, n_modelled, ...)
        The forecasts, by key.
    """
    steps = fitted.check_steps(steps)
    check_past_covariates_known(
        fitted.roles, steps, fitted.horizon, fitted.block_length
    )
    labels, exogs, whole_blocks = read_rows_ahead(fitted, steps, exog)
    for message in (describe_short_tails(fitted), describe_unknown_targets(fitted)):
        if message:
            warn(message)
    # The windows of all series are predicted in one call of the estimator.
    origins, n_channels = [], 0
    for key, one in fitted.series.items():
        channels = _cut_origins(
            fitted, [one.last_segment(exogs[key])], steps, whole_blocks
        )
        origins += channels
        n_channels = len(channels)
    by_channel = forecast_origins(
        partial(predict, fitted), origins, steps, fitted.block_length
    )
    forecasts = {}
    for number, (key, one) in enumerate(fitted.series.items()):
        own = by_channel[number * n_channels : (number + 1) * n_channels]
        forecasts[key] = np.concatenate(own, axis=2)
        if labels[key] is not None:
            labels[key] = labels[key][:steps]
        elif fitted.panel.kind == "long":
            labels[key] = pd.RangeIndex(1, steps + 1)  # the frame has row numbers only
        forecasts[key][:, :, one.unknown_targets(fitted)] = np.nan
    return labels, forecasts


def read_rows_ahead(fitted, steps, exog):
    """Return labels and covariates of the next rows, and whether they fill all blocks.

    A block is the rows that the estimator predicts at once. For more than one block,
    covariates of `steps` rows are enough, even if they do not fill the last block.
    """
    n_whole = math.ceil(steps / fitted.block_length) * fitted.block_length
    if exog is not None and fitted.block_length < steps < n_whole:
        try:
            return *_prepare_rows_ahead(fitted, n_whole, exog), True
        except ValueError:
            pass  # too few rows for whole blocks, or an error that is raised below
        n_spare = n_whole - steps
        return *_prepare_rows_ahead(fitted, steps, exog, n_spare), False
    return *_prepare_rows_ahead(fitted, n_whole, exog), True


def _prepare_rows_ahead(fitted, n_ahead, exog, n_spare=0):
    """Return the labels and the covariates of the next rows, each by series."""
    panel = fitted.panel
    check_given(exog, fitted.exog_columns)
    labels = dict.fromkeys(fitted.series)
    if exog is not None:
        axes = {key: one.axis for key, one in fitted.series.items()}
        labels = name_rows_ahead(exog, panel, axes, n_ahead)
    previous = None
    for key, one in fitted.series.items():
        if labels[key] is None and one.axis is not None:
            if previous is None or not one.axis.ends_like(previous):
                previous, following = one.axis, one.axis.next_labels(n_ahead)
            labels[key] = following
    wanted = {key: (n_ahead, labels[key]) for key in fitted.series}
    exogs = read_known(fitted, exog, panel, wanted, n_spare=n_spare, ahead=True)
    return labels, exogs


def forecast_rows(fitted, panel, tables, exog):
    """Return the forecasts from each row of each series, by key.

    The arrays have the shape ``(n_rows, horizon)`` for one target, else ``(n_rows,
    horizon, n_targets)``.
    """
    scaled = forecast_rows_scaled(fitted, panel, tables, exog)
    forecasts = {}
    for key, values in scaled.items():
        values = fitted.series[key].scale.inverse_transform(values)
        forecasts[key] = values[:, :, 0] if fitted.n_targets == 1 else values
    return forecasts


def forecast_rows_scaled(fitted, panel, tables, exog, predict=predict_windows):
    """Forecast from each row of each series on the scale of the model.

    Parameters
    ----------
    fitted : FittedForecaster
    panel : Panel
        The form of the series. Covariates may have this form, too.
    tables : dict of Rows
        The rows of each series.
    exog : array-like, Series, DataFrame, list, dict or None
        Covariates of the rows and of the horizon after them.
    predict : callable, default=predict_windows
        Function of the fitted record and windows that returns forecasts on the scale of
        the model.

    Returns
    -------
    forecasts : dict of ndarray of shape (n_rows, horizon, n_modelled, ...)
        The forecasts, by key.
    """
    runs = fitted.find_runs(tables)
    exogs = read_exog_with_rows_ahead(fitted, panel, tables, exog, runs)
    if message := describe_short_history(fitted, runs):
        warn(message)
    forecasts, n_unknown = {}, 0
    for key, rows in tables.items():
        with panel.naming(key):
            segments = fitted.series[key].extract_segments(
                rows, exogs[key], *runs[key], n_ahead=fitted.horizon, with_last=False
            )
            forecasts[key] = forecast_segments(fitted, segments, predict)
            n_unknown += remove_unknown(fitted, segments, forecasts[key])
    if n_unknown:
        warn(
            f"{n_unknown} windows have no known value of a target column: the "
            "forecasts of this column from these windows are NaN. Remove columns and "
            "series that have ended, or use a longer window_length."
        )
    return forecasts


def read_exog_with_rows_ahead(fitted, panel, tables, exog, runs):
    """Return known-future columns of rows and of the horizon after them, by key.

    With `exog`, each entry is an array. Without `exog`, each entry is a list with one
    array for each run, or None if the forecaster has no known-future columns.
    """
    check_given(exog, fitted.exog_columns)
    if fitted.known is None:
        return dict.fromkeys(tables)
    if exog is None:
        return _read_known_without_exog(fitted, panel, tables, runs)
    _check_no_gap(panel, runs)
    axes = {key: fitted.series[key].axis_after(rows) for key, rows in tables.items()}
    after = name_rows_ahead(exog, panel, axes, fitted.horizon)
    wanted, indexes = {}, {}
    for key, rows in tables.items():
        labels = None if after[key] is None else rows.index.append(after[key])
        wanted[key] = len(rows.values) + fitted.horizon, labels
        indexes[key] = labels
        if labels is None and fitted.known.calendar is not None:
            labels = fitted.series[key].labels_of(rows)
            indexes[key] = _with_labels_ahead(fitted, key, labels)
    return read_known(fitted, exog, panel, wanted, indexes=indexes)


def _read_known_without_exog(fitted, panel, tables, runs):
    """Return known-future columns of each run and of the horizon after it, by key."""
    indexes, cuts = {}, {}
    for key, rows in tables.items():
        spans = runs[key][0]
        if fitted.known.calendar is not None:
            labels = fitted.series[key].labels_of(rows)
            indexes[key] = _with_labels_after_each(fitted, key, labels, spans)
        cuts[key] = np.cumsum([stop - start + fitted.horizon for start, stop in spans])
    counts = {key: ends[-1] for key, ends in cuts.items()}
    nothing = dict.fromkeys(tables)
    columns = fitted.known.transform(panel, nothing, indexes, counts)
    return {key: np.split(columns[key], cuts[key][:-1]) for key in tables}


def _with_labels_after_each(fitted, key, labels, spans):
    """Return the labels of the rows of each run and of the horizon after it.

    `labels` holds the labels of all rows. If it is None, the result is None.
    """
    if labels is None:
        return None
    parts = [
        _with_labels_ahead(fitted, key, labels[start:stop]) for start, stop in spans
    ]
    return parts[0].append(parts[1:]) if len(parts) > 1 else parts[0]


def _with_labels_ahead(fitted, key, labels):
    """Return the labels of rows and of the horizon after them; None without labels."""
    if labels is None:
        return None
    axis = fitted.series[key].axis
    if axis is not None and axis.is_comparable(labels):
        axis = axis.after(labels)
    else:
        axis = read_time_axis(labels)
    return labels.append(axis.next_labels(fitted.horizon))


def _check_no_gap(panel, runs):
    for key, (spans, _) in runs.items():
        if len(spans) > 1:
            with panel.naming(key):
                raise ValueError(
                    "series must have no gap in time for predict with exog: got "
                    f"{len(spans)} parts separated by gaps. Fill the gaps, or predict "
                    "one part at a time."
                )


def read_own_exog(fitted, panel, tables, exog, *, n_spare=0):
    """Return the known-future columns of the rows, without rows ahead, by key."""
    indexes = None
    if fitted.known is not None and fitted.known.calendar is not None:
        indexes = {
            key: fitted.series[key].labels_of(rows) for key, rows in tables.items()
        }
    wanted = own_rows(tables)
    return read_known(fitted, exog, panel, wanted, indexes=indexes, n_spare=n_spare)


def forecast_each_origin(fitted, tables, exogs):
    """Forecast from each row that is followed by `horizon` given rows.

    If the rows continue the known rows, a forecast also starts from the last known row.

    Returns
    -------
    results : dict of (forecasts, actual)
        By key, two arrays of shape (n_origins, horizon, n_targets) on the user's scale.
    """
    results, all_runs = {}, fitted.find_runs(tables)
    for key, rows in tables.items():
        one = fitted.series[key]
        with fitted.panel.naming(key):
            runs, next_run, actual = one.find_scored_runs(
                rows, fitted.horizon, *all_runs[key]
            )
            segments = one.extract_segments(
                rows,
                exogs[key],
                runs,
                next_run,
                n_ahead=fitted.horizon,
                with_last=True,
            )
            scaled = forecast_segments(fitted, segments)
            results[key] = one.scale.inverse_transform(scaled), _join(actual)
    return results


def forecasts_and_actual(fitted, panel, tables, exog):
    """Return the forecasts and the actual values of all series, for a score.

    Both arrays have the shape (n_origins, horizon, n_targets). Some, but not all,
    actual values may be NaN.
    """
    exogs = read_own_exog(fitted, panel, tables, exog, n_spare=fitted.horizon)
    results = forecast_each_origin(fitted, tables, exogs).values()
    forecasts, actual = (_join(arrays) for arrays in zip(*results, strict=True))
    if np.isnan(actual).all():
        raise ValueError(
            "series must have at least one known value in the rows that are forecast: "
            "got only NaN. Use longer test folds."
        )
    return forecasts, actual


def append_rows(fitted, tables, exogs):
    """Return the fitted record after more rows of some series.

    `tables` and `exogs` hold the rows and their covariates by key.
    """

    def append(key, one):
        if key not in tables:
            return one
        with fitted.panel.naming(key):
            return one.append(tables[key], exogs[key])

    return fitted.replace_series(append)


def forecast_segments(fitted, segments, predict=predict_windows):
    """Forecast the horizon from each window of some segments.

    Segments and forecasts are on the scale of the model.
    """
    predict = partial(predict, fitted)
    # One channel at a time, so that the windows of a channel remain a view.
    channels = [
        forecast_origins(predict, [origin], fitted.horizon, fitted.block_length)[0]
        for origin in _cut_origins(fitted, segments, fitted.horizon)
    ]
    return np.concatenate(channels, axis=2)


def remove_unknown(fitted, segments, forecasts):
    """Set forecasts of a target to NaN if their window has only NaN of this target.

    `forecasts` is changed. Return the number of such windows.
    """
    if not fitted.accepts_nan or fitted.n_modelled != fitted.n_targets:
        return 0
    unknown = np.concatenate(
        [
            window_view(
                np.isnan(one.columns[:, : fitted.n_modelled]), fitted.window_length
            ).all(axis=1)
            for one in segments
        ]
    )
    for target in np.flatnonzero(unknown.any(axis=0)):
        forecasts[unknown[:, target], :, target] = np.nan
    return int(unknown.any(axis=1).sum())


def _cut_origins(fitted, segments, steps, whole_blocks=True):
    return cut_origins(
        segments,
        fitted.window_length,
        fitted.block_length,
        steps,
        fitted.n_modelled,
        fitted.independent,
        whole_blocks,
    )


def _join(arrays):
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
