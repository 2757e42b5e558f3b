"""Display of a forecast after the history of its series."""

import numpy as np
import pandas as pd

from skcnnlstm._utils.introspection import unwrap_search
from skcnnlstm._utils.time_axis import read_time_axis
from skcnnlstm._utils.validation import check_integer, check_target
from skcnnlstm._utils.validation.series import refresh_index
from skcnnlstm.display import _axes
from skcnnlstm.display._tables import (
    has_index,
    select_columns,
    split_columns,
    split_intervals,
)
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.forecasting.fitted import fitted_state
from skcnnlstm.forecasting.panel import check_same_series, listed, read_panel
from skcnnlstm.forecasting.quantiles import quantiles_of


class ForecastDisplay:
    """Forecasts of one or many series, drawn after their history.

    Create it with `from_estimator` or `from_predictions`, which also draw it.

    Parameters
    ----------
    forecast : dict of Series
        Forecast of each panel, by (key of the series, name of the target).
    history, actual : dict of Series or None, default=None
        Rows before the forecast, and actual values of the forecast rows, by the same
        keys.
    lower, upper : dict of Series or None, default=None
        Bounds of the prediction interval, by the same keys.
    coverage : float or None, default=None
        Coverage of the interval, for the legend.

    Attributes
    ----------
    ax_ : Axes
        First panel.
    axes_ : ndarray of Axes
        All panels.
    figure_ : Figure
        Figure that contains the panels.
    line_ : Line2D
        Forecast line of the first panel.
    lines_ : list of dict
        The drawn parts of each panel, by name: the lines `history`, `forecast` and
        `actual`, and the `band` of the interval.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcnnlstm import FlattenWindows, ForecastDisplay, SeriesForecaster
    >>> from skcnnlstm.datasets import load_airline
    >>> series = load_airline()
    >>> ridge = make_pipeline(FlattenWindows(), Ridge())
    >>> forecaster = SeriesForecaster(ridge, horizon=12, transformer="log").fit(series)
    >>> display = ForecastDisplay.from_estimator(forecaster, series)
    >>> len(display.line_.get_xdata())
    12
    """

    def __init__(
        self,
        *,
        forecast,
        history=None,
        actual=None,
        lower=None,
        upper=None,
        coverage=None,
    ):
        self.forecast = forecast
        self.history = history
        self.actual = actual
        self.lower = lower
        self.upper = upper
        self.coverage = coverage

    @classmethod
    def from_estimator(
        cls,
        forecaster,
        series,
        *,
        steps=None,
        coverage=None,
        exog=None,
        actual=None,
        names=None,
        n_history="auto",
        ax=None,
        **kwargs,
    ):
        """Forecast with a fitted forecaster and draw the result.

        Parameters
        ----------
        forecaster : SeriesForecaster, or a search around one
            Fitted forecaster.
        series : array-like, Series, DataFrame, list, dict or long frame
            Known rows, in the form passed to `fit`. Rows at or after the first forecast
            step are drawn as actual values.
        steps : int or None, default=None
            Number of time steps to forecast; None uses the horizon.
        coverage : float or None, default=None
            Coverage of the interval. None means:

            - 0.9 for a forecaster with a `calibration_fraction`;
            - for a network with `quantiles`, the share between the outer ones, if they
              are symmetric around 0.5 and no step depends on earlier forecasts;
            - no interval in all other cases.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of the forecast steps, as for ``SeriesForecaster.forecast``.
        actual : like `series`, or None, default=None
            Actual values of the forecast steps.
        names : list, str or None, default=None
            Series and targets to draw, one panel for each. None draws all, but at most
            12 panels.
        n_history : int, "auto" or None, default="auto"
            Number of history rows to draw. "auto" draws ten rows for each forecast
            step, but at least 60. None draws all rows.
        ax : Axes, sequence of them (one for each panel) or None, default=None
            Axes to draw on; None creates a figure.
        **kwargs : dict
            Passed to ``Axes.plot`` for the forecast line.

        Returns
        -------
        display : ForecastDisplay
        """
        forecaster = unwrap_search(forecaster)
        if not isinstance(forecaster, SeriesForecaster):
            raise TypeError(
                "forecaster must be a SeriesForecaster or a search around one: got "
                f"forecaster={forecaster!r}. Use from_predictions for other models."
            )
        fitted = fitted_state(forecaster)
        _check_history(series, fitted)
        if coverage is None:
            coverage = _default_coverage(fitted, steps)
        if coverage is None:
            forecast = forecaster.forecast(steps, exog)
        else:
            forecast = forecaster.forecast_interval(steps, coverage, exog=exog)
        return cls.from_predictions(
            forecast,
            _select_targets(series, fitted),
            actual=None if actual is None else _select_targets(actual, fitted),
            coverage=coverage,
            id_column=fitted.panel.id_column,
            names=names,
            n_history=n_history,
            ax=ax,
            **kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        forecast,
        history=None,
        *,
        lower=None,
        upper=None,
        actual=None,
        coverage=None,
        id_column=None,
        names=None,
        n_history="auto",
        ax=None,
        **kwargs,
    ):
        """Draw an existing forecast.

        Parameters
        ----------
        forecast : array-like, Series, DataFrame, list, dict or long frame
            Output of ``SeriesForecaster.forecast`` or ``forecast_interval``, or any
            forecast of this form.
        history : array-like, Series, DataFrame, list, dict, long frame or None, \
default=None
            Known rows of the same columns. Rows at or after the first forecast step are
            drawn as actual values.
        lower, upper : like `forecast`, or None, default=None
            Bounds of the interval. A forecast of `forecast_interval` contains them.
        actual : like `forecast`, or None, default=None
            Actual values of the forecast steps.
        coverage : float or None, default=None
            Coverage of the interval, for the legend.
        id_column : str or None, default=None
            Column that names the series in long frames.
        names, n_history, ax, **kwargs
            As for `from_estimator`.

        Returns
        -------
        display : ForecastDisplay
        """
        indexed = has_index(forecast), history is None or has_index(history)
        forecast, *limits = split_intervals(forecast, id_column)
        if (lower is None) != (upper is None):
            raise ValueError(
                "lower and upper must be given together: got only one of them. Pass "
                "both, or neither to draw no interval."
            )
        if lower is not None:
            limits = [split_columns(limit, id_column) for limit in (lower, upper)]
        past = {} if history is None else split_columns(history, id_column)
        if len(past) == len(forecast) and past.keys() != forecast.keys():
            # A frame of intervals for one target does not contain its name.
            forecast = dict(zip(past, forecast.values(), strict=True))
        keys = list(forecast)
        keys_drawn = _axes.select_panels(names, keys)
        parts = {
            "forecast": forecast,
            "lower": limits[0],
            "upper": limits[1],
            "history": past,
            "actual": {} if actual is None else split_columns(actual, id_column),
        }
        parts = {
            name: select_columns(columns, keys, keys_drawn, name)
            for name, columns in parts.items()
        }
        panels = {
            key: _align(
                {name: columns[key] for name, columns in parts.items()}, *indexed
            )
            for key in keys_drawn
        }
        n_shown = _count_history_rows(
            n_history, max(len(panel["forecast"]) for panel in panels.values())
        )
        for panel in panels.values():
            if n_shown and panel["history"] is not None:
                panel["history"] = panel["history"].iloc[-n_shown:]
        by_part = {
            name: {key: panel[name] for key, panel in panels.items()} for name in parts
        }
        return cls(coverage=coverage, **by_part).plot(ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the forecasts.

        Parameters
        ----------
        ax, **kwargs
            As for `from_estimator`.

        Returns
        -------
        display : ForecastDisplay
        """
        keys = list(self.forecast)
        self.axes_ = _axes.make_axes("ForecastDisplay", ax, len(keys))
        self.lines_ = []
        for panel, key in zip(self.axes_, keys, strict=True):
            self.lines_.append(self._draw(panel, key, kwargs))
            _axes.label_panel(panel, key, keys, len(keys))
            if len(keys) == 1 and key[0] is not None:  # one selected series of many
                panel.set_title(str(key[0]), loc="left", fontsize=10)
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.line_ = self.lines_[0]["forecast"]
        _axes.add_legend(self.axes_, below=ax is None)
        return self

    def _draw(self, ax, key, kwargs):
        lines, forecast = {}, self.forecast[key]
        history, actual, lower, upper = (
            (part or {}).get(key)
            for part in (self.history, self.actual, self.lower, self.upper)
        )
        if history is not None and len(history):
            style = {"color": _axes.HISTORY, "linewidth": 1.4, "label": "history"}
            lines["history"] = _axes.draw_line(ax, history, style)
        if lower is not None:
            label = _axes.interval_label(self.coverage)
            lines["band"] = _axes.draw_band(ax, lower, upper, alpha=0.25, label=label)
        if actual is not None and len(actual):
            style = {"color": _axes.ACTUAL, "linewidth": 1.4, "linestyle": "--"}
            lines["actual"] = _axes.draw_line(ax, actual, style | {"label": "actual"})
        style = {
            "color": _axes.FORECAST,
            "linewidth": 1.8,
            "marker": "o" if len(forecast) <= 60 else None,
            "markersize": 3,
            "label": "forecast",
        }
        lines["forecast"] = _axes.draw_line(ax, forecast, style, kwargs)
        _axes.style_axes(ax, forecast.index)
        return lines


# ---------------------------------------------------------------- fitted forecasters


def _default_coverage(fitted, steps):
    """Return the coverage of the interval to draw, or None for no interval."""
    if fitted.calibration is not None:
        return 0.9
    quantiles = quantiles_of(fitted.estimator)
    # Steps that depend on earlier forecasts have no quantiles.
    if quantiles is None or (steps or fitted.horizon) > fitted.block_length:
        return None
    share = quantiles[-1] - quantiles[0]
    return share if np.isclose(quantiles[0] + quantiles[-1], 1) and share else None


def _check_history(series, fitted):
    """Raise if the history has other columns than those fitted, or repeated labels.

    The history may have all fitted columns, or only the target columns.
    """
    panel = read_panel(series, fitted.panel.id_column)
    check_same_series(panel, fitted.panel, list(fitted.series))
    fitted_names = _column_names(fitted)
    for key, one in panel.series.items():
        shape = np.shape(one)
        width = shape[1] if len(shape) > 1 else 1
        names = list(getattr(one, "columns", ()))
        valid = width in (fitted.n_features, fitted.n_targets)
        if valid and fitted_names and names:
            targets = {fitted_names[at] for at in fitted.roles.targets}
            valid = names == fitted_names or set(names) <= targets
        if not valid:
            expected = _describe_columns(fitted.n_features, fitted_names)
            with panel.naming(key):
                raise ValueError(
                    "series must have the columns given to fit: got "
                    f"{_describe_columns(width, names)}, fitted on {expected}. Pass "
                    "all columns given to fit, or only the target columns. Pass many "
                    "series in the form given to fit."
                )
        index = one.index if hasattr(one, "iloc") else pd.RangeIndex(len(one))
        index = refresh_index(index)
        if not index.is_unique:
            with panel.naming(key):
                raise ValueError(
                    "series must have unique labels: got the label "
                    f"{index[index.duplicated()][0]} more than once. Pass the rows of "
                    "one series, or many series in the form passed to fit."
                )


def _column_names(fitted):
    """Return the names of the fitted columns; empty if they have none."""
    return [] if fitted.feature_names is None else list(fitted.feature_names)


def _describe_columns(width, names):
    if names:
        return listed(names)
    return f"{width} column{'s' if width > 1 else ''}"


def _select_targets(series, fitted):
    """Return the target columns of a series, in the form of the series."""
    names, targets = _column_names(fitted), fitted.roles.targets
    if targets == list(range(fitted.n_features)):
        return series
    panel = read_panel(series, fitted.panel.id_column)
    selected = {}
    for key, one in panel.series.items():
        columns = getattr(one, "columns", None)
        values = one if hasattr(one, "iloc") else np.asarray(one)
        if values.ndim == 1:
            return series
        named = columns is not None and names
        positions = check_target(
            [names[at] for at in targets] if named else targets,
            values.shape[1],
            columns,
            name="target_columns",
        )
        selected[key] = getattr(values, "iloc", values)[:, positions]
    return panel.join_rows(selected)


# ------------------------------------------------------------------------- time axis


def _align(panel, forecast_indexed, history_indexed):
    """Return the parts of a panel on one time axis.

    `panel` holds the forecast, lower, upper, history and actual of a target. If the
    history or the forecast has no index, the forecast continues the labels or row
    numbers of the history.
    """
    forecast, history, actual = panel["forecast"], panel["history"], panel["actual"]
    index, n_steps = forecast.index, len(forecast)
    if history is not None and not history_indexed:
        index = pd.RangeIndex(len(history), len(history) + n_steps)
    elif history is not None and not forecast_indexed:
        index = read_time_axis(history.index).next_labels(n_steps)
    elif history is not None:
        later = history.index >= index[0]
        if actual is None and later.any():
            actual = history[later & (history.index <= index[-1])]
        history = history[~later]
    if actual is not None and not actual.index.isin(index).any():
        actual = actual.iloc[:n_steps].set_axis(index[: min(len(actual), n_steps)])
    aligned = {
        name: None if panel[name] is None else panel[name].set_axis(index)
        for name in ("forecast", "lower", "upper")
    }
    return aligned | {"history": history, "actual": actual}


def _count_history_rows(n_history, n_steps):
    """Return the number of history rows to draw; None for all."""
    if n_history is None:
        return None
    if isinstance(n_history, str):
        if n_history == "auto":
            return max(10 * n_steps, 60)
        raise ValueError(
            'n_history must be an integer >= 1, "auto" or None: got '
            f"n_history={n_history!r}. Use None for all rows."
        )
    return check_integer("n_history", n_history)
