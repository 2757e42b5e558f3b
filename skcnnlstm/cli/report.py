"""Report the result: table of scores, forecast, CSV file."""

import contextlib
import math
import os
from typing import NamedTuple

import numpy as np
import pandas as pd

from skcnnlstm.cli.options import OUTPUT_FILES
from skcnnlstm.cli.read_dates import step_unit

_STEP_NAMES = {
    "Y": "years",
    "Q": "quarters",
    "M": "months",
    "W": "weeks",
    "D": "days",
    "B": "business days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
}


# ----------------------------------------------------------------------------- scores


def scores_by_fold(result):
    """Return a table of RMSE, MAE, MASE and seconds, with one row for each fold.

    Scores are means over series and targets. A mean is NaN if the score of one series
    or target is undefined.
    """
    measures = ["rmse", "mae", "mase"]
    each = result.scores(by=["fold", "series", "target"])[measures]
    n_folds = result.forecasts["fold"].nunique()
    values = each.to_numpy().reshape(n_folds, -1, len(measures)).mean(axis=1)
    seconds = result.folds["seconds"].to_numpy()[:n_folds]  # equal for all series
    return pd.DataFrame(values, columns=measures).assign(seconds=seconds)


def mean_rmse(result, *, many=False):
    """Return the mean RMSE over folds, by (name of the series, target).

    `many` is whether there are many series. Otherwise the name of the series is None.
    """
    rmse = result.scores(by=["fold", "series", "target"])["rmse"]
    means = rmse.groupby(["series", "target"], sort=False).mean().to_dict()
    if many:
        return means
    return {(None, target): value for (_, target), value in means.items()}


def select_metric(results):
    """Return the name of the score that selects the best model, "rmse" or "mase".

    This is RMSE for one target of one series. For several targets or series, whose
    scales may differ, it is MASE, or RMSE if MASE is undefined.
    """
    forecasts = next(iter(results.values())).forecasts
    several = (forecasts[["series", "target"]].nunique() > 1).any()
    undefined = any(
        np.isnan(scores_by_fold(result)["mase"]).any() for result in results.values()
    )
    return "mase" if several and not undefined else "rmse"


def rank_models(results, metric):
    """Return the scores of each fold, (n_folds, n_models), the best model first."""
    scores = {name: scores_by_fold(result)[metric] for name, result in results.items()}
    return pd.DataFrame(
        {
            name: scores[name]
            for name in sorted(scores, key=lambda name: scores[name].mean())
        }
    )


# ------------------------------------------------------------------------------- text


def describe_series(series):
    """Return a line with the name, the length and the first and last label of a series.

    For many series, the line has their number and their lengths, but no labels.
    """
    lengths = [len(frame) for frame in series.frames.values()]
    frame = series.frame
    first, last = format_labels(frame.index[[0, -1]])
    n_steps = f"{len(frame)} {step_name(frame.index)}"
    if len(lengths) > 1:
        shortest, longest = min(lengths), max(lengths)
        shown = f"{shortest} to {longest}" if shortest < longest else f"{longest}"
        n_steps = f"{len(lengths)} series of {shown} "
        n_steps += step_name(frame.index)
        return f"{series.name}: {n_steps}"
    return f"{series.name}: {n_steps}, {first} to {last}"


def describe_winner(ranked, metric):
    """Return a sentence with the best model and its lead over the second.

    The sentence also states whether the lead is greater than its standard deviation
    over the folds. `ranked` is the result of `rank_models`.
    """
    best = ranked.iloc[:, 0]
    text = f"Best by {metric.upper()}: {best.name}"
    if ranked.shape[1] == 1:
        return f"{text}."
    second = ranked.iloc[:, 1]
    difference = second - best
    mean, spread = difference.mean(), difference.std(ddof=1)
    decimals = 2 if metric == "mase" else _n_decimals(best.mean())
    share = f" ({100 * mean / second.mean():.0f} %)" if second.mean() > 0 else ""
    text += f", {mean:.{decimals}f}{share} ahead of {second.name}; this is "
    if mean > spread:
        return f"{text}more than its spread over the folds ({spread:.{decimals}f})."
    return (
        f"{text}within its spread over the folds ({spread:.{decimals}f}), so the order "
        "of the two may be chance."
    )


def format_scores(results, unit, options):
    """Format the scores as a table, the best RMSE first, with notes below."""
    scores = {name: scores_by_fold(result) for name, result in results.items()}
    ranked = sorted(scores, key=lambda name: scores[name]["rmse"].mean())
    titles = {"RMSE": "rmse", "MAE": "mae", "MASE": "mase", "seconds": "seconds"}
    fixed = {"MASE": 2, "seconds": 1}
    rows = [["model", *titles], *([name] for name in ranked)]
    for title, column in titles.items():
        best = scores[ranked[0]][column].mean()
        decimals = fixed.get(title, _n_decimals(best))
        for row, name in zip(rows[1:], ranked, strict=True):
            row.append(_format_mean(scores[name][column], decimals))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    lines = [
        row[0].ljust(widths[0])
        + "".join(f"   {c:>{w}}" for c, w in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    counts = next(iter(results.values())).forecasts[["series", "target"]].nunique()
    parts = [
        f"{counts[column]} {name}"
        for column, name in (("series", "series"), ("target", "targets"))
        if counts[column] > 1
    ]
    average = f", averaged over {' and '.join(parts)}" if parts else ""
    lines += [
        "",
        f"Mean ± standard deviation over {options.folds} folds of {options.horizon} "
        "steps, each fitted on all earlier rows.",
        f"RMSE and MAE in {unit}{average}.",
        "MASE is relative to the error of the seasonal naive forecast (lag "
        f"{options.season_length}) in training.",
    ]
    return "\n".join(lines)


def _format_mean(values, decimals):
    """Format the mean and the standard deviation over folds."""
    values = np.asarray(values)
    if not np.isfinite(values).all():
        return "undefined"
    return f"{values.mean():.{decimals}f} ± {values.std():.{decimals}f}"


def format_number(value):
    """Format a number with at least three significant digits."""
    return f"{value:.{_n_decimals(value)}f}"


def _n_decimals(value, n_digits=3):
    """Return the number of decimals that show `n_digits` significant digits."""
    if not np.isfinite(value) or value == 0:
        return 1
    return int(np.clip(n_digits - 1 - math.floor(math.log10(abs(value))), 0, 12))


def step_name(index):
    """Return the unit of the steps of an index, such as "months" or "days".

    If a step is not one unit of this kind, return "steps".
    """
    number, unit = step_unit(index)
    return _STEP_NAMES.get(unit, "steps") if number == 1 else "steps"


def format_label(value):
    """Format a label or a duration. Dates at midnight are shown without the time."""
    if isinstance(value, pd.Timedelta):
        days = value / pd.Timedelta(days=1)
        return f"{days:g} day{'s' * (days != 1)}" if days >= 1 else str(value)[7:]
    return str(value).removesuffix(" 00:00:00")


def format_labels(index):
    """Format the labels of rows: dates without the time if all are at midnight."""
    if isinstance(index, pd.DatetimeIndex):
        midnight = index.tz is None and (index == index.normalize()).all()
        return [str(value.date() if midnight else value) for value in index]
    return [str(value) for value in index]


class Forecast(NamedTuple):
    """Forecasts and bounds by series, with one column for each target."""

    mean: dict[str | None, pd.DataFrame]
    lower: dict[str | None, pd.DataFrame] | None = None  # None without intervals
    upper: dict[str | None, pd.DataFrame] | None = None
    coverage: float | None = None

    def table(self, key):
        """Return the forecasts and bounds of a series in one table.

        Without intervals, the table has one column for each target. With intervals, the
        columns of the bounds have the suffixes "_lower" and "_upper".
        """
        mean = self.mean[key]
        if self.lower is None:
            return mean
        columns = {}
        for name in mean:
            columns[name] = mean[name]
            columns[f"{name}_lower"] = self.lower[key][name]
            columns[f"{name}_upper"] = self.upper[key][name]
        return pd.DataFrame(columns)


def format_forecast(forecast, rmse, max_rows=48, max_columns=8):
    """Format a `Forecast` as text, with one line for each step.

    At most `max_rows` steps over all series, and `max_columns` columns, are shown.
    `rmse` is a dict by (name of the series, target). Forecasts have as many decimals as
    the RMSE with three significant digits. If `rmse` is None, the largest value of a
    target has four significant digits.
    """
    lines, n_left, n_cut = [], max_rows, 0
    for key, mean in forecast.mean.items():
        table = forecast.table(key)
        shown = table.iloc[: max(0, n_left), :max_columns]
        n_left -= len(shown)
        n_cut += shown.shape != table.shape
        if shown.empty:
            continue
        if key is not None:
            lines.append(f"  {key}")
        lines += _format_table(shown, mean, key, rmse)
    if n_cut:
        n_steps, n_targets = mean.shape
        text = f"{n_steps} steps, {n_targets} target{'s' * (n_targets > 1)}"
        if len(forecast.mean) > 1:
            text = f"{len(forecast.mean)} series, {text}"
        lines.append(f"  ... see forecast.csv: {text}")
    return "\n".join(lines)


def _format_table(shown, mean, key, rmse):
    columns = [["", *format_labels(shown.index)]]
    for name, values in shown.items():
        target = next(one for one in mean if name in _names(one))
        if rmse is None:
            decimals = _n_decimals(mean[target].abs().max(), 4)
        else:
            decimals = _n_decimals(rmse[key, target])
        columns.append([str(name), *(f"{value:.{decimals}f}" for value in values)])
    widths = [max(map(len, column)) for column in columns]
    return [
        "  " + "  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True))
        for row in zip(*columns, strict=True)
    ]


def _names(target):
    return target, f"{target}_lower", f"{target}_upper"


# ------------------------------------------------------------------------------- files


def round_forecast(forecast):
    """Round each column to six significant digits of its largest value."""
    largest = forecast.abs().max()
    return forecast.round({name: _n_decimals(largest[name], 6) for name in forecast})


def write_files(folder, forecast, figure, id_column=None):
    """Write forecast.csv and forecast.png; return their paths.

    Neither file is written if one of them cannot be created.
    """
    tables = []
    for key in forecast.mean:
        table = round_forecast(forecast.table(key))
        labels = pd.Index(format_labels(table.index), name=table.index.name or "row")
        table = table.set_axis(labels).reset_index()
        if key is not None:
            table.insert(0, id_column, key)
        tables.append(table)
    paths = [folder / name for name in OUTPUT_FILES]
    parts = [folder / f".{name}.{os.getpid()}.part" for name in OUTPUT_FILES]
    with contextlib.ExitStack() as stack:
        for part in parts:
            stack.callback(part.unlink, missing_ok=True)
        pd.concat(tables).to_csv(parts[0], lineterminator="\n", index=False)
        figure.savefig(parts[1], format="png", dpi=150)
        # Complete files are renamed, so an interrupted run leaves no partial file.
        for part, path in zip(parts, paths, strict=True):
            os.replace(part, path)
    return paths


def list_files(paths):
    """Return a line that names the files that were written."""
    *names, last = map(str, paths)
    return f"wrote {', '.join(names)} and {last}"
