"""Display of the forecasts or errors of a backtest."""

import numpy as np

from skcnnlstm._utils.validation import check_choice
from skcnnlstm.display import _axes
from skcnnlstm.model_selection.backtesting import BacktestResult


class BacktestDisplay:
    """Forecasts of a backtest with the actual values, or forecast errors by step.

    Create it with `from_result`, which also draws it.

    Parameters
    ----------
    result : BacktestResult
        Result of `backtest`.

    Attributes
    ----------
    ax_ : Axes
        First panel.
    axes_ : ndarray of Axes
        All panels.
    figure_ : Figure
        Figure that contains the panels.
    line_ : Line2D
        Line of the forecaster in the first panel: its forecasts in the first fold, or
        its errors.

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
        """Draw the result of a backtest.

        Parameters
        ----------
        result : BacktestResult
            Result of `backtest`.
        kind : {"forecasts", "errors"}, default="forecasts"
            "forecasts" draws the actual values, and the forecasts and intervals from
            the first origin of each fold. "errors" draws the mean absolute error for
            each step ahead, of the forecaster and of the naive and the seasonal naive
            forecast.
        names : list, str or None, default=None
            Series and targets to draw, one panel each. None draws all, at most 12.
        ax : Axes, sequence of them (one for each panel) or None, default=None
            Axes to draw on; None creates a figure.
        **kwargs : dict
            Passed to ``Axes.plot`` for the lines of the forecaster.

        Returns
        -------
        display : BacktestDisplay
        """
        if not isinstance(result, BacktestResult):
            raise TypeError(
                "result must be a BacktestResult: got "
                f"{type(result).__name__}. Pass the result of backtest(...)."
            )
        return cls(result=result).plot(ax, kind=kind, names=names, **kwargs)

    def plot(self, ax=None, *, kind="forecasts", names=None, **kwargs):
        """Draw the forecasts or the errors.

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
        drawn = _axes.select_panels(names, keys)
        self.axes_ = _axes.make_axes("BacktestDisplay", ax, len(drawn))
        draw = _draw_forecasts if kind == "forecasts" else _draw_errors
        lines = []
        for panel, key in zip(self.axes_, drawn, strict=True):
            _axes.label_panel(panel, key, keys, len(drawn))
            lines.append(draw(panel, panels[key], self.result, kwargs))
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.line_ = lines[0]
        _axes.add_legend(self.axes_, below=ax is None)
        return self


def _draw_forecasts(ax, table, result, kwargs):
    """Draw the forecasts from the first origin of each fold.

    Return the line of the first fold.
    """
    actual = table.drop_duplicates("time").set_index("time")["actual"].sort_index()
    style = {"color": _axes.HISTORY, "linewidth": 1.4, "label": "actual"}
    _axes.draw_line(ax, actual, style)
    lines = []
    for _, fold in table.groupby("fold"):
        first = fold[fold["origin"] == fold["origin"].iloc[0]].set_index("time")
        if "lower" in first:
            label = None if lines else _axes.interval_label(result.coverage)
            _axes.draw_band(ax, first["lower"], first["upper"], alpha=0.2, label=label)
        label = None if lines else "forecast from the start of each fold"
        style = {"color": _axes.FORECAST, "linewidth": 1.6, "label": label}
        lines.append(_axes.draw_line(ax, first["forecast"], style, kwargs))
        start = _axes.positions(first.index)[0]
        ax.axvline(start, color="#bbbbbb", linewidth=0.8, linestyle=":", zorder=0)
    _axes.style_axes(ax, actual.index.rename(result.time_name or "time"))
    return lines[0]


def _draw_errors(ax, table, result, kwargs):
    """Draw the mean absolute error by step; return the line of the forecaster."""
    names = {"naive": "naive", "seasonal_naive": "seasonal naive"}
    if np.array_equal(table["naive"], table["seasonal_naive"]):
        del names["seasonal_naive"]
    names["forecast"] = "forecaster"
    colours = {
        "naive": _axes.OTHERS[5],
        "seasonal_naive": _axes.OTHERS[0],
        "forecast": _axes.FORECAST,
    }
    for name, label in names.items():
        errors = (table["actual"] - table[name]).abs().groupby(table["step"]).mean()
        style = {
            "color": colours[name],
            "linestyle": "-" if name == "forecast" else "--",
            "marker": "o" if len(errors) <= 60 else None,
            "markersize": 3,
            "label": label,
        }
        line = _axes.draw_line(ax, errors, style, kwargs if name == "forecast" else {})
    ax.set_xlabel("steps ahead")
    ax.set_ylabel("mean absolute error")
    ax.set_ylim(bottom=0)
    # With its default `min_n_ticks`, the locator would split a single step into parts.
    ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    _axes.style_axes(ax)
    if len(errors) == 1:
        ax.set_xlim(0.5, 1.5)
    return line
