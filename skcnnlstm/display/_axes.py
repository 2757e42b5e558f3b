"""What every picture shares: axes, colours, dates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

# Colours that stay apart in grey and for colour-blind eyes (after Okabe and Ito).
HISTORY, ACTUAL, FORECAST = "#2b2d42", "#009e73", "#d55e00"
OTHERS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_GRID = "#d9d9d9"

MOST_PANELS = 12

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
        return list(range(min(len(titles), MOST_PANELS)))
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
                f"{name!r}. Use some of {', '.join(map(repr, titles[:10]))}."
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
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        width = ax.get_window_extent().width / ax.figure.dpi  # in inches
        # Fewer than seven places would not do for what is just too short for three of
        # the larger unit: 35 months.
        locator = AutoDateLocator(minticks=3, maxticks=max(7, int(1.3 * width)))
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
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
