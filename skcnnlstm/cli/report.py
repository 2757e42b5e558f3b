"""What the main job tells: scores, a table, a csv and a picture."""

import contextlib
import math
import os
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

# What pandas calls a step, as people do; before pandas 2.2 some had other names.
_STEP_NAMES = {
    "YE": "years",
    "YS": "years",
    "Y": "years",
    "QE": "quarters",
    "QS": "quarters",
    "Q": "quarters",
    "ME": "months",
    "MS": "months",
    "M": "months",
    "W": "weeks",
    "D": "days",
    "B": "business days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
}


# ----------------------------------------------------------------------------- scores


def scores(forecast, actual, train, season_length):
    """Return RMSE, MAE and MASE, each a mean over targets.

    The scale of MASE is the mean absolute difference between training rows that are
    `season_length` apart, for each target its own; NaN where one of them is zero.

    Parameters
    ----------
    forecast, actual : DataFrame of shape (horizon, n_targets)
        What was said and what came.
    train : DataFrame of shape (n_rows, n_targets)
        The rows that the forecaster was fitted on.
    season_length : int
        In time steps.

    Returns
    -------
    rmse, mae, mase : float
        Means over targets.
    """
    from skcnnlstm.metrics import scale_of_mase  # scikit-learn: after the first words

    errors = forecast.to_numpy() - actual.to_numpy()
    mae = np.abs(errors).mean(axis=0)
    mase = mae / scale_of_mase(train, season_length)
    rmse = np.sqrt((errors**2).mean(axis=0))
    return float(rmse.mean()), float(mae.mean()), float(mase.mean())


@dataclass
class Trial:
    """How one model did, fold by fold."""

    name: str
    rmse: list = field(default_factory=list)
    mae: list = field(default_factory=list)
    mase: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    errors: list = field(default_factory=list)  # (horizon, n_targets) a fold

    def add(self, forecast, actual, train, season_length, seconds):
        """Add a fold."""
        rmse, mae, mase = scores(forecast, actual, train, season_length)
        self.rmse.append(rmse)
        self.mae.append(mae)
        self.mase.append(mase)
        self.seconds.append(seconds)
        self.errors.append(forecast.to_numpy() - actual.to_numpy())

    def typical_errors(self):
        """Return the RMSE of each target, a mean over folds as in the table."""
        return np.sqrt((np.array(self.errors) ** 2).mean(axis=1)).mean(axis=0)


def best(trials):
    """Return the best trial, and by what.

    By RMSE; by MASE where several targets may differ in scale.
    """
    several = trials[0].errors[0].shape[1] > 1
    if several and all(np.isfinite(trial.mase).all() for trial in trials):
        return min(trials, key=lambda trial: np.mean(trial.mase)), "by MASE"
    return min(trials, key=lambda trial: np.mean(trial.rmse)), "by RMSE"


# ------------------------------------------------------------------------------- text


def _decimals(value, digits=3):
    """Return the decimals that show `digits` significant digits of a value."""
    if not np.isfinite(value) or value == 0:
        return 1
    return int(np.clip(digits - 1 - math.floor(math.log10(abs(value))), 0, 12))


def significant(value):
    """Write a number with three significant digits, more before the point."""
    return f"{value:.{_decimals(value)}f}"


def table(trials, unit, options):
    """Lay out the scores, the best model first.

    Parameters
    ----------
    trials : list of Trial
        One a model.
    unit : str
        Of the targets.
    options : Namespace
        `folds`, `horizon` and `season_length` are named.

    Returns
    -------
    text : str
        Aligned lines.
    """
    ranked = sorted(trials, key=lambda trial: np.mean(trial.rmse))
    measures = {"RMSE": "rmse", "MAE": "mae", "MASE": "mase", "seconds": "seconds"}
    fixed = {"MASE": 2, "seconds": 1}
    lines = [["model", *measures], *([trial.name] for trial in ranked)]
    for title, name in measures.items():
        values = [getattr(trial, name) for trial in ranked]
        decimals = fixed.get(title, _decimals(np.mean(values[0])))
        for line, folds in zip(lines[1:], values, strict=True):
            line.append(_mean_and_spread(folds, decimals))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    text = [
        line[0].ljust(widths[0])
        + "".join(f"   {c:>{w}}" for c, w in zip(line[1:], widths[1:], strict=True))
        for line in lines
    ]
    n_targets = trials[0].errors[0].shape[1]
    over = f", means over {n_targets} targets" if n_targets > 1 else ""
    text += [
        "",
        f"Mean ± standard deviation over {options.folds} folds of {options.horizon} "
        "steps, each trained on all before.",
        f"RMSE and MAE in {unit}{over}.",
        "MASE below 1: nearer than the seasonal naive forecast (lag "
        f"{options.season_length}) in the training part.",
    ]
    return "\n".join(text)


def _mean_and_spread(values, decimals):
    if not np.isfinite(values).all():
        return "undefined"
    return f"{np.mean(values):.{decimals}f} ± {np.std(values):.{decimals}f}"


def label(value):
    """Write the label of a row, a date without its midnight, or a step in time."""
    if isinstance(value, pd.Timedelta):
        days = value / pd.Timedelta(days=1)
        return f"{days:g} day{'s' * (days != 1)}" if days >= 1 else str(value)[7:]
    return str(value).removesuffix(" 00:00:00")


def labels(index):
    """Write the labels of rows; times only where one of them is not midnight."""
    if isinstance(index, pd.DatetimeIndex):
        midnight = index.tz is None and (index == index.normalize()).all()
        return [str(value.date() if midnight else value) for value in index]
    return [str(value) for value in index]


def extent(frame):
    """Say how many rows there are, from when to when."""
    first, last = labels(frame.index[[0, -1]])
    steps = step_name(frame.index)
    return f"{len(frame)} {steps}, {first} to {last}"


def step_name(index):
    """Name the steps of an index: months, days; steps where they have no name."""
    freq = getattr(index, "freqstr", None) or ""
    return _STEP_NAMES.get(freq.partition("-")[0], "steps")


def rounded(forecast):
    """Keep six significant digits of the largest value of each column."""
    largest = forecast.abs().max()
    return forecast.round({name: _decimals(largest[name], 6) for name in forecast})


def forecast_text(forecast, trial, most=48):
    """Lay out a forecast, one step a line, as exactly as it is known."""
    n_digits = [_decimals(error) for error in trial.typical_errors()]
    shown = forecast.iloc[:most, :8]
    columns = [["", *labels(shown.index)]]
    for (name, values), digits in zip(shown.items(), n_digits, strict=False):
        columns.append([str(name), *(f"{value:.{digits}f}" for value in values)])
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  " + "  ".join(c.rjust(w) for c, w in zip(line, widths, strict=True))
        for line in zip(*columns, strict=True)
    ]
    if shown.shape != forecast.shape:
        steps, targets = forecast.shape
        lines.append(f"  ... {steps} steps of {targets} targets are in forecast.csv")
    return "\n".join(lines)


# -------------------------------------------------------------------------------- files


def write(folder, forecast, figure):
    """Write forecast.csv and forecast.png, each whole or not at all; return paths."""
    named = rounded(forecast).set_axis(labels(forecast.index))
    named.index.name = forecast.index.name or "row"

    def write_csv(path):
        named.to_csv(path, lineterminator="\n")

    def write_png(path):
        figure.savefig(path, format="png", dpi=150)

    writers = {"forecast.csv": write_csv, "forecast.png": write_png}
    with contextlib.ExitStack() as stack:
        for name, write_to in writers.items():
            part = folder / f".{name}.{os.getpid()}.part"
            stack.callback(part.unlink, missing_ok=True)
            write_to(part)
        # Both are whole now: two renames cannot leave half of either.
        for name in writers:
            os.replace(folder / f".{name}.{os.getpid()}.part", folder / name)
    return [folder / name for name in writers]


# ------------------------------------------------------------------------------ picture


def shown_rows(n_rows, options):
    """Return how much history makes a readable picture, in rows."""
    wanted = max(12 * options.horizon, 4 * options.window_length)
    return min(n_rows, max(wanted, 150))


def draw(history, fitted, forecast, *, trial, series):
    """Draw what was, what the model made of it, and what it says will come.

    Parameters
    ----------
    history, fitted, forecast : DataFrame
        The same columns: rows that came, forecasts of them one step ahead, and the
        rows that follow.
    trial : Trial
        Of the model that made them: its errors in the folds are the band.
    series : Series
        Its `name` and, for a single target, its `unit` are written.

    Returns
    -------
    figure : matplotlib.figure.Figure
        One panel a target, at most 12.
    """
    from matplotlib.figure import Figure

    # Loads scikit-learn, which `__main__` does after it has said something.
    from skcnnlstm.display._axes import MAX_PANELS

    names = list(history.columns[:MAX_PANELS])
    height = 4.8 if len(names) == 1 else 1.3 + 2.4 * len(names)
    figure = Figure(figsize=(10.5, height), layout="constrained")
    panels = figure.subplots(len(names), sharex=True, squeeze=False)[:, 0]
    spreads = trial.typical_errors()
    steps = f"{len(forecast)} {step_name(forecast.index)}"
    for panel, name, spread in zip(panels, names, spreads, strict=False):
        _draw_target(panel, history[name], fitted[name], forecast[name], spread)
        panel.set_ylabel(series.unit if history.shape[1] == 1 else str(name))
        said = f"RMSE {significant(spread)} in {len(trial.errors)} folds of {steps}"
        panel.set_title(
            said if len(names) == 1 else f"{name}: {said}",
            loc="left",
            fontsize=10,
            color="#555555",
        )
    n_targets = history.shape[1]
    of = f" ({len(names)} of {n_targets} targets)" if len(names) < n_targets else ""
    figure.suptitle(
        f"{series.name}: the next {steps} by {trial.name}{of}",
        x=0.01,
        ha="left",
        fontsize=14,
        fontweight="bold",
    )
    panels[-1].set_xlabel(str(history.index.name or "row"))
    lines = panels[0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", frameon=False, ncols=4)
    return figure


def _draw_target(panel, history, fitted, forecast, spread):
    from skcnnlstm.display import ForecastDisplay
    from skcnnlstm.display._axes import FORECAST, OTHERS, positions

    panel.plot(
        positions(fitted.index),
        fitted,
        color=OTHERS[-1],
        linewidth=1.2,
        label="fitted, one step ahead",
        zorder=2.1,  # over the history
    )
    display = ForecastDisplay.from_predictions(
        forecast,
        history,
        lower=forecast - spread,
        upper=forecast + spread,
        n_history=None,
        ax=panel,
    )
    display.lines_[0]["band"].set_label("± RMSE in cross-validation")
    past, ahead = positions(history.index), positions(forecast.index)
    panel.axvspan(past[-1], ahead[-1], color=FORECAST, alpha=0.06, linewidth=0)
    panel.get_legend().remove()  # the figure has one for all panels
