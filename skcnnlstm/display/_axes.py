"""What every picture shares: axes, colours, dates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from skcnnlstm._utils.warnings import warn
from skcnnlstm.forecasting.panel import listed

# Colours that stay apart in grey and for colour-blind eyes (after Okabe and Ito).
HISTORY, ACTUAL, FORECAST = "#2b2d42", "#009e73", "#d55e00"
OTHERS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_GRID = "#d9d9d9"

MAX_PANELS = 12

# Kinds of labels that matplotlib places by their value; all others are text.
_PLACED = ("integer", "floating", "mixed-integer-float", "decimal", "datetime", "date")


def make_axes(who, ax, n_panels=1):
    """Return axes to draw on, one a panel: those given, or those of a new figure.

    Parameters
    ----------
    who : str
        The display that asks, for errors.
    ax : Axes, sequence of them, or None
        What the user gave.
    n_panels : int, default=1
        How many are needed.

    Returns
    -------
    axes : ndarray of Axes, shape (n_panels,)
    """
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise ImportError(
                f'{who} draws with matplotlib: pip install "skcnnlstm[plot]"'
            ) from error
        height = 4.8 if n_panels == 1 else 1.0 + 1.9 * n_panels
        figure = pyplot.figure(figsize=(6.4, height), layout="constrained")
        return figure.subplots(n_panels, squeeze=False)[:, 0]
    axes = np.atleast_1d(np.array(ax, dtype=object)).ravel()
    if len(axes) != n_panels:
        raise ValueError(
            f"ax must be as many axes as there are panels: got {len(axes)}, "
            f"{n_panels} panels. Use ax=None, or choose panels by names."
        )
    return axes


def check_names(names, titles, keys):
    """Return the positions of the panels that are chosen.

    Parameters
    ----------
    names : list, one name, or None
        Titles of panels, or what stands in their keys; None for the first 12.
    titles : list of str
        Of all panels.
    keys : list of tuple
        (series, target) of all panels.
    """
    if names is None:
        if len(titles) > MAX_PANELS:
            warn(
                f"{MAX_PANELS} of {len(titles)} panels are drawn, the first ones. "
                "Choose others by names=."
            )
        return list(range(min(len(titles), MAX_PANELS)))
    wanted = names if isinstance(names, list | tuple) else [names]
    places = []
    for name in wanted:
        found = [
            place
            for place, (title, key) in enumerate(zip(titles, keys, strict=True))
            if name == title or name in key
        ]
        if not found:
            raise ValueError(
                "names must be among those of the panels: got "
                f"{name!r}. Use some of {listed(titles)}."
            )
        places += [place for place in found if place not in places]
    return places


def title_of(key, keys):
    """Name a panel by the series, the target, or both: by what tells them apart."""
    series, target = key
    parts = []
    if len({k[0] for k in keys}) > 1:
        parts.append(str(series))
    if len({k[1] for k in keys}) > 1 or not parts:
        parts.append(str(target))
    return ": ".join(parts)


def name_panel(ax, key, keys, n_drawn):
    """Write the series above a panel, and the target beside it.

    `keys` are of all panels there are, `n_drawn` of them in the picture.
    """
    title = title_of(key, keys) if n_drawn > 1 or len({k[0] for k in keys}) > 1 else ""
    ax.set_title(title, loc="left", fontsize=10)
    # A target that has no name is counted.
    if not isinstance(key[1], int) and str(key[1]) != title:
        ax.set_ylabel(str(key[1]))


def draw_line(ax, at, values, style, kwargs=()):
    """Draw a line, and a dot for what is known between unknowns; return the line.

    `style` is ours, `kwargs` the user's, under any of matplotlib's names.
    """
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    style = style | normalize_kwargs(dict(kwargs), Line2D)
    alone = np.flatnonzero(_stand_alone(~pd.isna(values)))
    if style.get("marker") is None and len(alone):
        style = {"markersize": 3, **style, "marker": "o", "markevery": alone.tolist()}
    (line,) = ax.plot(at, values, **style)
    return line


def draw_band(ax, at, lower, upper, *, alpha, label):
    """Draw an interval, a bar where no other step is beside it."""
    style = {"color": FORECAST, "alpha": alpha}
    # matplotlib draws nothing for bounds that are infinite.
    known = np.isfinite(lower) & np.isfinite(upper)
    alone = _stand_alone(known)
    band = None
    if not alone.any() or (known & ~alone).any():
        band = ax.fill_between(at, lower, upper, linewidth=0, label=label, **style)
    if alone.any():
        style |= {"linewidth": 7, "label": label if band is None else None}
        bars = ax.vlines(at[alone], lower[alone], upper[alone], **style)
        band = band or bars
    return band


def _stand_alone(known):
    """Tell which are known while both beside them are not."""
    padded = np.concatenate([[False], known, [False]])
    return known & ~padded[:-2] & ~padded[2:]


def positions(index):
    """Return what matplotlib can place: times without a timezone, numbers, or text."""
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if isinstance(index, pd.DatetimeIndex):
        return index.tz_localize(None).to_numpy()
    if isinstance(index, pd.TimedeltaIndex):
        return index / pd.Timedelta(days=1)
    if isinstance(index, pd.CategoricalIndex):
        return positions(pd.Index(index.to_list()))
    if index.inferred_type in _PLACED:
        return index.to_numpy()
    return np.array([str(label) for label in index])


def dress(ax, index=None):
    """Take away what is not needed; write dates on the axis where they are dates."""
    ax.margins(x=0.01)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color=_GRID, linewidth=0.6)
    ax.set_axisbelow(True)
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        from skcnnlstm.display._dates import write_dates

        write_dates(ax)
    elif isinstance(index, pd.TimedeltaIndex):
        ax.set_xlabel(str(index.name or "days"))
    if index is not None and index.name:
        ax.set_xlabel(str(index.name))


def add_legend(axes, *, alone):
    """Say what the lines of the first panel are: of all panels.

    Below the panels where the figure is theirs `alone`, so that it hides no line.
    """
    entries = axes[0].get_legend_handles_labels()
    if alone:
        where = {"loc": "outside lower center", "ncols": 4}
        axes[0].figure.legend(*entries, frameon=False, fontsize=9, **where)
    else:
        axes[0].legend(*entries, frameon=False, fontsize=9)
    for panel, below in pairwise(axes):
        if panel.get_xlabel() == below.get_xlabel():
            panel.set_xlabel("")
