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
        Line of the first model in the first panel: its forecasts in the first fold, or
        its errors.
    lines_ : dict of Line2D
        The same lines for all models in the first panel, by the name of the model. In a
        backtest of one model without a name, the key is None.

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
    def from_result(
        cls, result, *, kind="forecasts", names=None, models=None, ax=None, **kwargs
    ):
        """Draw the result of a backtest.

        Parameters
        ----------
        result : BacktestResult
            Result of `backtest`.
        kind : {"forecasts", "errors"}, default="forecasts"
            What is drawn.

            - "forecasts": the actual values, and the forecasts from the first origin of
              each fold. For a single model, also the intervals of these forecasts.
            - "errors": the mean absolute error at each step ahead, of each model and of
              the naive and the seasonal naive forecast.
        names : list, str or None, default=None
            Series and targets to draw, one panel for each. None draws all, but at most
            12 panels.
        models : list, str or None, default=None
            Names of the models to draw. None draws all.
        ax : Axes, sequence of them (one for each panel) or None, default=None
            Axes to draw on; None creates a figure.
        **kwargs : dict
            Passed to ``Axes.plot`` for the lines of the models.

        Returns
        -------
        display : BacktestDisplay
        """
        if not isinstance(result, BacktestResult):
            raise TypeError(
                "result must be a BacktestResult: got "
                f"{type(result).__name__}. Pass the result of backtest(...)."
            )
        display = cls(result=result)
        return display.plot(ax, kind=kind, names=names, models=models, **kwargs)

    def plot(self, ax=None, *, kind="forecasts", names=None, models=None, **kwargs):
        """Draw the forecasts or the errors.

        Parameters
        ----------
        ax, kind, names, models, **kwargs
            As for `from_result`.

        Returns
        -------
        display : BacktestDisplay
        """
        check_choice("kind", kind, ("forecasts", "errors"))
        table = self.result.forecasts.join(self.result.references)
        table = _select_models(table, models)
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
        self.lines_ = lines[0]
        self.line_ = next(iter(self.lines_.values()))
        _axes.add_legend(self.axes_, below=ax is None)
        return self


def _select_models(table, models):
    """Return the rows of the models to draw."""
    if models is None:
        return table
    known = list(table["model"].unique()) if "model" in table else []
    wanted = list(models) if isinstance(models, list | tuple) else [models]
    for name in wanted:
        if name not in known:
            remedy = f"Use one or more of {', '.join(map(repr, known))}."
            if not known:
                remedy = "This backtest has one model without a name: use models=None."
            raise ValueError(
                f"models must be names of models of the backtest: got {name!r}. "
                f"{remedy}"
            )
    return table[table["model"].isin(wanted)]


def _split_models(table):
    """Return the rows, the colour and the line style of each model, by name."""
    if "model" not in table:
        return {None: (table, {"color": _axes.FORECAST})}
    styles = {}
    for number, (name, rows) in enumerate(table.groupby("model", sort=False)):
        turn, place = divmod(number, len(_axes.MODELS))
        linestyle = ("-", "--", ":", "-.")[turn % 4]
        style = {"color": _axes.MODELS[place], "linestyle": linestyle}
        styles[name] = rows, style
    return styles


def _draw_forecasts(ax, table, result, kwargs):
    """Draw the forecasts of each model from the first origin of each fold.

    Return the lines of the first fold, by model.
    """
    actual = table.drop_duplicates("time").set_index("time")["actual"].sort_index()
    style = {"color": _axes.HISTORY, "linewidth": 1.4, "label": "actual"}
    _axes.draw_line(ax, actual, style)
    lines, models = {}, _split_models(table)
    for name, (rows, colour) in models.items():
        label = "forecast from the start of each fold" if name is None else str(name)
        for _, fold in rows.groupby("fold"):
            first = fold[fold["origin"] == fold["origin"].iloc[0]].set_index("time")
            # The bands of several models would hide each other.
            if "lower" in first and len(models) == 1:
                band = _axes.interval_label(result.coverage)
                _axes.draw_band(
                    ax,
                    first["lower"],
                    first["upper"],
                    alpha=0.2,
                    label=None if name in lines else band,
                )
            style = {**colour, "linewidth": 1.6}
            style["label"] = None if name in lines else label
            line = _axes.draw_line(ax, first["forecast"], style, kwargs)
            lines.setdefault(name, line)
            start = _axes.positions(first.index)[0]
            ax.axvline(start, color="#bbbbbb", linewidth=0.8, linestyle=":", zorder=0)
    _axes.style_axes(ax, actual.index.rename(result.time_name or "time"))
    return lines


def _draw_errors(ax, table, result, kwargs):
    """Draw the mean absolute error at each step; return the lines by model."""
    models = _split_models(table)
    reference = next(iter(models.values()))[0]
    names = {"naive": "naive", "seasonal_naive": "seasonal naive"}
    if np.array_equal(reference["naive"], reference["seasonal_naive"], equal_nan=True):
        del names["seasonal_naive"]
    names = {name: label for name, label in names.items() if label not in models}
    colours = {"naive": _axes.OTHERS[5], "seasonal_naive": _axes.OTHERS[0]}
    if None not in models:
        colours = {"naive": "#999999", "seasonal_naive": "#555555"}
    for name, label in names.items():
        errors = _errors_by_step(reference, name)
        style = {"color": colours[name], "linestyle": "--", "label": label}
        _draw_steps(ax, errors, style, {})
    lines = {}
    for name, (rows, colour) in models.items():
        errors = _errors_by_step(rows, "forecast")
        style = {**colour, "label": "forecaster" if name is None else str(name)}
        lines[name] = _draw_steps(ax, errors, style, kwargs)
    ax.set_xlabel("steps ahead")
    ax.set_ylabel("mean absolute error")
    ax.set_ylim(bottom=0)
    # With its default `min_n_ticks`, the locator would split a single step into parts.
    ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    _axes.style_axes(ax)
    if len(errors) == 1:
        ax.set_xlim(0.5, 1.5)
    return lines


def _errors_by_step(table, name):
    """Return the mean absolute error of a column of forecasts for each step."""
    return (table["actual"] - table[name]).abs().groupby(table["step"]).mean()


def _draw_steps(ax, errors, style, kwargs):
    marker = "o" if len(errors) <= 60 else None
    return _axes.draw_line(
        ax, errors, {**style, "marker": marker, "markersize": 3}, kwargs
    )
