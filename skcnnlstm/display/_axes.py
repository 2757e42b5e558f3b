"""Axes, colours, lines and labels that all displays share."""

from itertools import pairwise

import numpy as np
import pandas as pd

from skcnnlstm._utils.warnings import warn
from skcnnlstm.forecasting.panel import listed

# Colours of Okabe and Ito, which stay distinct in grey and for colour-blind readers.
HISTORY, ACTUAL, FORECAST = "#2b2d42", "#009e73", "#d55e00"
OTHERS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
# Colours of several models. The actual values have another colour.
MODELS = (FORECAST, "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_GRID = "#d9d9d9"

MAX_PANELS = 12

# Kinds of labels that matplotlib positions by value; all others are drawn as text.
_POSITIONED = (
    "integer",
    "floating",
    "mixed-integer-float",
    "decimal",
    "datetime",
    "date",
)


def make_axes(display, ax, n_panels=1):
    """Return an array of the axes to draw on, and create a figure if `ax` is None.

    `ax` is the argument of the user. `display` is the name of the display, for errors.
    """
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise ImportError(
                f'{display} requires matplotlib: pip install "skcnnlstm[plot]"'
            ) from error
        height = 4.8 if n_panels == 1 else 1.0 + 1.9 * n_panels
        figure = pyplot.figure(figsize=(6.4, height), layout="constrained")
        return figure.subplots(n_panels, squeeze=False)[:, 0]
    axes = np.atleast_1d(np.array(ax, dtype=object)).ravel()
    if len(axes) != n_panels:
        raise ValueError(
            f"ax must contain one Axes for each panel: got {len(axes)} Axes, "
            f"{n_panels} panels. Use ax=None, or select panels by names=[...]."
        )
    return axes


def select_panels(names, keys):
    """Return the keys (series, target) of the panels to draw.

    `names` selects panels by title, series or target. It is one name or a list. None
    selects the first 12 panels.
    """
    if names is None:
        if len(keys) > MAX_PANELS:
            warn(
                f"only the first {MAX_PANELS} of {len(keys)} panels are drawn. "
                "Select others by names=[...]."
            )
        return keys[:MAX_PANELS]
    titles = [panel_title(key, keys) for key in keys]
    selected = []
    for name in names if isinstance(names, list | tuple) else [names]:
        matching = [
            key
            for title, key in zip(titles, keys, strict=True)
            if name == title or name in key
        ]
        if not matching:
            raise ValueError(
                "names must hold titles of panels, keys of series or names of "
                "targets: got "
                f"{name!r}. Use one or more of {listed(titles)}."
            )
        selected += [key for key in matching if key not in selected]
    return selected


def panel_title(key, keys):
    """Return the title of a panel: the parts of its key in which the panels differ."""
    series, target = key
    parts = []
    if len({k[0] for k in keys}) > 1:
        parts.append(str(series))
    if len({k[1] for k in keys}) > 1 or not parts:
        parts.append(str(target))
    return ": ".join(parts)


def label_panel(ax, key, keys, n_drawn):
    """Write the title above a panel, and the target on its y-axis.

    `keys` holds the keys of all panels; `n_drawn` is the number of drawn ones. A single
    panel of a single series has no title.
    """
    several_series = len({k[0] for k in keys}) > 1
    title = panel_title(key, keys) if n_drawn > 1 or several_series else ""
    ax.set_title(title, loc="left", fontsize=10)
    # An integer is the position of a target without a name.
    if not isinstance(key[1], int) and str(key[1]) != title:
        ax.set_ylabel(str(key[1]))


def interval_label(coverage):
    """Return the legend label of an interval."""
    return "interval" if coverage is None else f"{100 * coverage:g} % interval"


def draw_line(ax, series, style, kwargs=()):
    """Draw a Series as a line, and return the line.

    A value between two missing values is drawn as a dot. `kwargs` are the arguments of
    the user. They override `style`, and may use any alias of matplotlib.
    """
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    values = series.to_numpy()
    style = style | normalize_kwargs(dict(kwargs), Line2D)
    isolated = np.flatnonzero(_find_isolated(~pd.isna(values)))
    if style.get("marker") is None and len(isolated):
        style = {"markersize": 3, **style, "marker": "o"}
        style["markevery"] = isolated.tolist()
    (line,) = ax.plot(positions(series.index), values, **style)
    return line


def draw_band(ax, lower, upper, *, alpha, label):
    """Draw lower and upper bounds as a band, and return the band.

    A step between two steps without finite bounds is drawn as a bar.
    """
    x, lower, upper = positions(lower.index), lower.to_numpy(), upper.to_numpy()
    style = {"color": FORECAST, "alpha": alpha}
    # matplotlib draws nothing at infinite bounds.
    known = np.isfinite(lower) & np.isfinite(upper)
    isolated = _find_isolated(known)
    band = None
    if not isolated.any() or (known & ~isolated).any():
        band = ax.fill_between(x, lower, upper, linewidth=0, label=label, **style)
    if isolated.any():
        style |= {"linewidth": 7, "label": label if band is None else None}
        bars = ax.vlines(x[isolated], lower[isolated], upper[isolated], **style)
        band = band or bars
    return band


def _find_isolated(known):
    """Return a mask of the known values that have no known neighbour."""
    padded = np.concatenate([[False], known, [False]])
    return known & ~padded[:-2] & ~padded[2:]


def positions(index):
    """Return an index as values that matplotlib can draw: times, numbers or text."""
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if isinstance(index, pd.DatetimeIndex):
        return index.tz_localize(None).to_numpy()
    if isinstance(index, pd.TimedeltaIndex):
        return index / pd.Timedelta(days=1)
    if isinstance(index, pd.CategoricalIndex):
        return positions(pd.Index(index.to_list()))
    if index.inferred_type in _POSITIONED:
        return index.to_numpy()
    return np.array([str(label) for label in index])


def style_axes(ax, index=None):
    """Remove two frame lines, add a grid, and format the x-axis for an index.

    The x-axis gets the name of the index as its label.
    """
    ax.margins(x=0.01)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color=_GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        from skcnnlstm.display._dates import format_dates

        format_dates(ax)
    elif isinstance(index, pd.TimedeltaIndex):
        ax.set_xlabel(str(index.name or "days"))
    if index is not None and index.name:
        ax.set_xlabel(str(index.name))


def add_legend(axes, *, below):
    """Add one legend for all panels, and remove repeated x-labels.

    With `below`, the legend is placed below the panels, where it hides no line.
    Otherwise it is placed in the first panel.
    """
    entries = axes[0].get_legend_handles_labels()
    if below:
        where = {"loc": "outside lower center", "ncols": 4}
        axes[0].figure.legend(*entries, frameon=False, fontsize=9, **where)
    else:
        axes[0].legend(*entries, frameon=False, fontsize=9)
    for panel, next_panel in pairwise(axes):
        if panel.get_xlabel() == next_panel.get_xlabel():
            panel.set_xlabel("")
