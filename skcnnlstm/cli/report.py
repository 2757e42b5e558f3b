"""Report the result: table of scores, forecast, CSV file and figure."""

import contextlib
import math
import os

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
    """Return RMSE, MAE, MASE and seconds of each fold, which has one forecast.

    Scores are means over targets; NaN where the score of one target is undefined.
    """
    measures = ["rmse", "mae", "mase"]
    by_target = result.scores(by=["fold", "target"])[measures]
    shape = len(result.folds), -1, len(measures)
    values = by_target.to_numpy().reshape(shape).mean(axis=1)
    seconds = result.folds["seconds"].to_numpy()
    return pd.DataFrame(values, columns=measures).assign(seconds=seconds)


def mean_rmse(result):
    """Return the RMSE of each target, a mean over folds, as a Series."""
    rmse = result.scores(by=["fold", "target"])["rmse"]
    return rmse.groupby("target").mean()


def select_best(results):
    """Return the name of the best model, and "by RMSE" or "by MASE".

    RMSE selects for one target, and MASE for several: their scales may differ. Where
    MASE is undefined, RMSE selects.
    """
    scores = {
        name: scores_by_fold(result).mean(skipna=False)
        for name, result in results.items()
    }
    n_targets = next(iter(results.values())).forecasts["target"].nunique()
    defined = not any(np.isnan(means["mase"]) for means in scores.values())
    measure = "mase" if n_targets > 1 and defined else "rmse"
    best = min(scores, key=lambda name: scores[name][measure])
    return best, f"by {measure.upper()}"


# ------------------------------------------------------------------------------- text


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
    n_targets = next(iter(results.values())).forecasts["target"].nunique()
    average = f", averaged over {n_targets} targets" if n_targets > 1 else ""
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
    """Format a number with three significant digits, and all digits of an integer."""
    return f"{value:.{_n_decimals(value)}f}"


def _n_decimals(value, n_digits=3):
    """Return the number of decimals that show `n_digits` significant digits."""
    if not np.isfinite(value) or value == 0:
        return 1
    return int(np.clip(n_digits - 1 - math.floor(math.log10(abs(value))), 0, 12))


def step_name(index):
    """Return the unit of the steps of an index: "months", "days", else "steps"."""
    number, unit = step_unit(index)
    return _STEP_NAMES.get(unit, "steps") if number == 1 else "steps"


def format_label(value):
    """Format a label (a date without midnight) or a step in time (in days)."""
    if isinstance(value, pd.Timedelta):
        days = value / pd.Timedelta(days=1)
        return f"{days:g} day{'s' * (days != 1)}" if days >= 1 else str(value)[7:]
    return str(value).removesuffix(" 00:00:00")


def format_labels(index):
    """Format the labels of rows: dates alone if every time is midnight."""
    if isinstance(index, pd.DatetimeIndex):
        midnight = index.tz is None and (index == index.normalize()).all()
        return [str(value.date() if midnight else value) for value in index]
    return [str(value) for value in index]


def format_forecast(forecast, rmse, max_rows=48, max_columns=8):
    """Format a forecast, one step per line.

    `rmse`, by target, limits the digits that are shown.
    """
    shown = forecast.iloc[:max_rows, :max_columns]
    columns = [["", *format_labels(shown.index)]]
    for name, values in shown.items():
        decimals = _n_decimals(rmse[name])
        columns.append([str(name), *(f"{value:.{decimals}f}" for value in values)])
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  " + "  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True))
        for row in zip(*columns, strict=True)
    ]
    if shown.shape != forecast.shape:
        n_steps, n_targets = forecast.shape
        lines.append(f"  ... see forecast.csv: {n_steps} steps, {n_targets} targets")
    return "\n".join(lines)


# ------------------------------------------------------------------------------- files


def round_forecast(forecast):
    """Round each column to six significant digits of its largest value."""
    largest = forecast.abs().max()
    return forecast.round({name: _n_decimals(largest[name], 6) for name in forecast})


def write_files(folder, forecast, figure):
    """Write forecast.csv and forecast.png: both or, after an error, neither."""
    table = round_forecast(forecast).set_axis(format_labels(forecast.index))
    table.index.name = forecast.index.name or "row"
    paths = [folder / name for name in OUTPUT_FILES]
    parts = [folder / f".{name}.{os.getpid()}.part" for name in OUTPUT_FILES]
    with contextlib.ExitStack() as stack:
        for part in parts:
            stack.callback(part.unlink, missing_ok=True)
        table.to_csv(parts[0], lineterminator="\n")
        figure.savefig(parts[1], format="png", dpi=150)
        # Renaming complete files never leaves half of one.
        for part, path in zip(parts, paths, strict=True):
            os.replace(part, path)
    return paths


# ------------------------------------------------------------------------------ figure


def draw_forecast(history, fitted, forecast, *, rmse, model_name, n_folds, series):
    """Draw the history, the one-step-ahead forecasts of it, and the forecast.

    The three frames have the same columns. `rmse`, by target, is the half width of the
    band. The figure has one panel for each target, at most 12.
    """
    from matplotlib.figure import Figure

    from skcnnlstm.display._axes import MAX_PANELS

    n_targets = history.shape[1]
    names = list(history.columns[:MAX_PANELS])
    height = 4.8 if len(names) == 1 else 1.3 + 2.4 * len(names)
    figure = Figure(figsize=(10.5, height), layout="constrained")
    panels = figure.subplots(len(names), sharex=True, squeeze=False)[:, 0]
    steps = f"{len(forecast)} {step_name(forecast.index)}"
    for panel, name in zip(panels, names, strict=True):
        _draw_target(panel, history[name], fitted[name], forecast[name], rmse[name])
        panel.set_ylabel(series.unit if n_targets == 1 else str(name))
        title = f"RMSE {format_number(rmse[name])} in {n_folds} folds of {steps}"
        panel.set_title(
            title if len(names) == 1 else f"{name}: {title}",
            loc="left",
            fontsize=10,
            color="#555555",
        )
    part = f" ({len(names)} of {n_targets} targets)" if len(names) < n_targets else ""
    figure.suptitle(
        f"{series.name}: the next {steps} by {model_name}{part}",
        x=0.01,
        ha="left",
        fontsize=14,
        fontweight="bold",
    )
    panels[-1].set_xlabel(str(history.index.name or "row"))
    lines = panels[0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", frameon=False, ncols=4)
    return figure


def _draw_target(panel, history, fitted, forecast, rmse):
    from skcnnlstm.display import ForecastDisplay
    from skcnnlstm.display._axes import FORECAST, OTHERS, positions

    panel.plot(
        positions(fitted.index),
        fitted,
        color=OTHERS[-1],
        linewidth=1.2,
        label="fitted, one step ahead",
        zorder=2.1,  # above the history
    )
    display = ForecastDisplay.from_predictions(
        forecast,
        history,
        lower=forecast - rmse,
        upper=forecast + rmse,
        n_history=None,
        ax=panel,
    )
    display.lines_[0]["band"].set_label("± RMSE in cross-validation")
    past, future = positions(history.index), positions(forecast.index)
    panel.axvspan(past[-1], future[-1], color=FORECAST, alpha=0.06, linewidth=0)
    panel.get_legend().remove()  # the figure has one for all panels
