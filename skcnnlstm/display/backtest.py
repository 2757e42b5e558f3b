"""BacktestDisplay: what was forecast in the past, and what came."""

from __future__ import annotations

import numpy as np

from skcnnlstm._utils.validation import check_choice
from skcnnlstm.display import _axes
from skcnnlstm.model_selection.backtesting import BacktestResult


class BacktestDisplay:
    """Forecasts of the past beside what came, or their errors by step ahead.

    Made by `from_result`, which draws it, too.

    Parameters
    ----------
    result : BacktestResult
        What `backtest` returned.

    Attributes
    ----------
    ax_ : Axes
        The first panel.
    axes_ : ndarray of Axes
        All panels.
    figure_ : Figure
        What they stand in.
    line_ : Line2D
        Of the forecasts in the first panel: of the first fold, or of the errors.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcnnlstm import BacktestDisplay, FlattenWindows, SeriesForecaster
    >>> from skcnnlstm import backtest
    >>> from skcnnlstm.datasets import load_airline
    >>> ridge = make_pipeline(FlattenWindows(), Ridge())
    >>> forecaster = SeriesForecaster(ridge, horizon=12, transformer="log")
    >>> folds = TimeSeriesSplit(4, test_size=12)
    >>> result = backtest(forecaster, load_airline(), folds, verbose=0)
    >>> BacktestDisplay.from_result(result).ax_.get_ylabel()
    'passengers'
    """

    def __init__(self, *, result):
        self.result = result

    @classmethod
    def from_result(cls, result, *, kind="forecasts", names=None, ax=None, **kwargs):
        """Draw what a backtest found.

        Parameters
        ----------
        result : BacktestResult
            What `backtest` returned.
        kind : {"forecasts", "errors"}, default="forecasts"
            "forecasts" draws those from the first origin of each fold, and their
            intervals, over what came. "errors" draws the mean absolute error by steps
            ahead, beside those of the naive and the seasonal naive forecast.
        names : list, str or None, default=None
            Which series and targets to draw, a panel each; None for all, at most 12.
        ax : Axes, sequence of them (one a panel) or None, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For the lines of the forecasts, or of their errors, as for ``Axes.plot``.

        Returns
        -------
        display : BacktestDisplay
        """
        if not isinstance(result, BacktestResult):
            raise TypeError(
                "result must be a BacktestResult: got "
                f"{type(result).__name__}. Use what backtest(...) returns."
            )
        return cls(result=result).plot(ax, kind=kind, names=names, **kwargs)

    def plot(self, ax=None, *, kind="forecasts", names=None, **kwargs):
        """Draw.

        Parameters
        ----------
        ax, kind, names, **kwargs
            As for `from_result`.

        Returns
        -------
        display : BacktestDisplay
        """
        check_choice("kind", kind, ("forecasts", "errors"))
        table = self.result.forecasts.join(self.result.references)
        panels = dict(list(table.groupby(["series", "target"], sort=False)))
        keys = list(panels)
        titles = [_axes.title_of(key, keys) for key in keys]
        places = _axes.check_names(names, titles, keys)
        self.axes_ = _axes.make_axes("BacktestDisplay", ax, len(places))
        draw = _draw_forecasts if kind == "forecasts" else _draw_errors
        lines = []
        for panel, place in zip(self.axes_, places, strict=True):
            _axes.name_panel(panel, keys[place], keys, len(places))
            lines.append(draw(panel, panels[keys[place]], self.result, kwargs))
        self.ax_, self.figure_, self.line_ = (
            self.axes_[0],
            self.axes_[0].figure,
            lines[0],
        )
        _axes.add_legend(self.axes_, alone=ax is None)
        return self


def _draw_forecasts(ax, table, result, kwargs):
    """Draw the forecasts from the first origin of each fold; return the first line."""
    came = table.drop_duplicates("time").set_index("time")["actual"].sort_index()
    style = {"color": _axes.HISTORY, "linewidth": 1.4, "label": "what came"}
    _axes.draw_line(ax, _axes.positions(came.index), came.to_numpy(), style)
    of = "" if result.coverage is None else f"{100 * result.coverage:g} % "
    lines = []
    for _, fold in table.groupby("fold"):
        first = fold[fold["origin"] == fold["origin"].iloc[0]].set_index("time")
        ahead = _axes.positions(first.index)
        label = None if lines else "forecast from the start of each fold"
        if "lower" in first:
            _axes.draw_band(
                ax,
                ahead,
                first["lower"].to_numpy(),
                first["upper"].to_numpy(),
                alpha=0.2,
                label=None if lines else f"{of}interval",
            )
        style = {"color": _axes.FORECAST, "linewidth": 1.6, "label": label}
        said = first["forecast"].to_numpy()
        line = _axes.draw_line(ax, ahead, said, style, kwargs)
        ax.axvline(ahead[0], color="#bbbbbb", linewidth=0.8, linestyle=":", zorder=0)
        lines.append(line)
    _axes.dress(ax, came.index.rename(result.time_name or "time"))
    return lines[0]


def _draw_errors(ax, table, result, kwargs):
    """Draw the mean absolute error by steps ahead; return the forecaster's line."""
    names = {"naive": "naive", "seasonal_naive": "seasonal naive"}
    if np.array_equal(table["naive"], table["seasonal_naive"]):
        del names["seasonal_naive"]
    names["forecast"] = "forecaster"
    colours = dict(zip(names, (_axes.OTHERS[5], _axes.OTHERS[0]), strict=False))
    for name, label in names.items():
        errors = (table["actual"] - table[name]).abs().groupby(table["step"]).mean()
        style = {
            "color": _axes.FORECAST if name == "forecast" else colours[name],
            "linestyle": "-" if name == "forecast" else "--",
            "marker": "o" if len(errors) <= 60 else None,
            "markersize": 3,
            "label": label,
        }
        own = kwargs if name == "forecast" else {}
        line = _axes.draw_line(ax, errors.index, errors.to_numpy(), style, own)
    ax.set_xlabel("steps ahead")
    ax.set_ylabel("mean absolute error")
    ax.set_ylim(bottom=0)
    # Without a least number it would divide the only step there may be.
    ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    _axes.dress(ax)
    if len(errors) == 1:
        ax.set_xlim(0.5, 1.5)
    return line
