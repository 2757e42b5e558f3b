"""ForecastDisplay: what was, what will be, and how sure that is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.introspection import unwrap_search
from skcnnlstm._utils.time_index import find_frequency
from skcnnlstm._utils.validation import check_integer, check_target
from skcnnlstm.display import _axes
from skcnnlstm.display._tables import has_labels, match, split_loss, take_bands_apart
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.forecasting.calendar import Calendar
from skcnnlstm.forecasting.fitted import fitted_state
from skcnnlstm.forecasting.panel import check_same_series, listed, read_panel
from skcnnlstm.forecasting.quantiles import quantiles_of


class ForecastDisplay:
    """Forecast of one series or of many, beside their history.

    Made by `from_estimator` or `from_predictions`, which draw it, too.

    Parameters
    ----------
    forecast : dict of Series
        One a panel, by (key of the series, name of the target).
    history, actual : dict of Series or None, default=None
        By the same keys: the rows before, and what came.
    lower, upper : dict of Series or None, default=None
        Bounds of an interval, by the same keys.
    coverage : float or None, default=None
        Share of values that the interval should hold, for the legend.

    Attributes
    ----------
    ax_ : Axes
        The first panel.
    axes_ : ndarray of Axes
        All panels.
    figure_ : Figure
        What they stand in.
    line_ : Line2D
        The forecast in the first panel.
    lines_ : list of dict
        For each panel `history`, `forecast`, `actual` (lines) and `band`, those that
        there are.

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
        """Forecast, and draw that after the series.

        Parameters
        ----------
        forecaster : SeriesForecaster, or a search around one
            Fitted.
        series : array-like, Series, DataFrame, list, dict or long frame
            What is known, in the form that was fitted. Rows that an index shows to lie
            after the first step forecast are drawn as what came.
        steps : int or None, default=None
            Time steps to forecast; None for the horizon.
        coverage : float or None, default=None
            Share of values that the band should hold. None takes 0.9 where the
            forecaster has a `calibration_fraction`, that between the outer `quantiles`
            where the network has some (as far from 0 as from 1), and draws no band
            else.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of the steps, as for ``SeriesForecaster.forecast``.
        actual : like `series`, or None, default=None
            What came in the steps that are forecast.
        names : list, str or None, default=None
            Which series and targets to draw, a panel each; None for all, at most 12.
        n_history : int, "auto" or None, default="auto"
            How many of the last rows of the series to draw; "auto" ten for each step
            forecast, 60 at least; None all of them.
        ax : Axes, sequence of them (one a panel) or None, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For the line of the forecast, as for ``Axes.plot``.

        Returns
        -------
        display : ForecastDisplay
        """
        forecaster = unwrap_search(forecaster)
        if not isinstance(forecaster, SeriesForecaster):
            raise TypeError(
                "forecaster must be a SeriesForecaster, or a search around one: got "
                f"forecaster={forecaster!r}. Use from_predictions for others."
            )
        check_is_fitted(forecaster)
        _check_history(series, forecaster)
        forecast, coverage = _forecast(forecaster, steps, coverage, exog)
        return cls.from_predictions(
            forecast,
            _targets_alone(series, forecaster),
            actual=None if actual is None else _targets_alone(actual, forecaster),
            coverage=coverage,
            id_column=forecaster.id_column,
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
        """Draw a forecast that is there already.

        Parameters
        ----------
        forecast : array-like, Series, DataFrame, list, dict or long frame
            What ``SeriesForecaster.forecast`` or ``forecast_interval`` returns, or
            any forecast in such a form.
        history : array-like, Series, DataFrame, list, dict, long frame or None, \
default=None
            The rows before, with the columns forecast. Rows that an index shows to lie
            after the first step forecast are drawn as what came.
        lower, upper : like `forecast`, or None, default=None
            Bounds of an interval; those in the forecast of `forecast_interval` are
            taken by themselves.
        actual : like `forecast`, or None, default=None
            What came.
        coverage : float or None, default=None
            Share of values that the interval should hold, for the legend.
        id_column : str or None, default=None
            Names the series in long frames.
        names, n_history, ax, **kwargs
            As for `from_estimator`.

        Returns
        -------
        display : ForecastDisplay
        """
        labelled = has_labels(forecast), history is None or has_labels(history)
        forecast, *found = take_bands_apart(forecast, id_column)
        if (lower is None) != (upper is None):
            raise ValueError(
                "lower and upper must be given together: got one of them. Give both, "
                "or none for no band."
            )
        if lower is not None:
            found = [split_loss(bound, id_column) for bound in (lower, upper)]
        past, came = {}, {}
        if history is not None:
            past = split_loss(history, id_column)
        if actual is not None:
            came = split_loss(actual, id_column)
        if len(past) == len(forecast) and past.keys() != forecast.keys():
            # A frame of intervals does not name its target, if there is one.
            forecast = dict(zip(past, forecast.values(), strict=True))
        keys = list(forecast)
        titles = [_axes.title_of(key, keys) for key in keys]
        chosen = [keys[place] for place in _axes.check_names(names, titles, keys)]
        lower, upper, past, came = (
            match(columns, keys, chosen, what)
            for columns, what in (
                (found[0], "lower"),
                (found[1], "upper"),
                (past, "history"),
                (came, "actual"),
            )
        )
        panels = {
            key: _in_time(
                [forecast[key], lower[key], upper[key]],
                past[key],
                came[key],
                labelled,
            )
            for key in chosen
        }
        n_shown = _n_shown(n_history, max(len(each[0]) for each in panels.values()))
        parts = zip(*panels.values(), strict=True)
        said, low, high, before, after = (
            dict(zip(chosen, part, strict=True)) for part in parts
        )
        before = {
            key: None if rows is None else rows.iloc[-n_shown:] if n_shown else rows
            for key, rows in before.items()
        }
        display = cls(
            forecast=said,
            history=before,
            actual=after,
            lower=low,
            upper=high,
            coverage=coverage,
        )
        return display.plot(ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw.

        Parameters
        ----------
        ax : Axes, sequence of them (one a panel) or None, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For the line of the forecast, as for ``Axes.plot``.

        Returns
        -------
        display : ForecastDisplay
        """
        keys = list(self.forecast)
        self.axes_ = _axes.make_axes("ForecastDisplay", ax, len(keys))
        self.lines_ = [
            self._draw(panel, key, kwargs)
            for panel, key in zip(self.axes_, keys, strict=True)
        ]
        for panel, key in zip(self.axes_, keys, strict=True):
            _axes.name_panel(panel, key, keys, len(keys))
            if len(keys) == 1 and key[0] is not None:  # one of many that are not drawn
                panel.set_title(str(key[0]), loc="left", fontsize=10)
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.line_ = self.lines_[0]["forecast"]
        _axes.add_legend(self.axes_, alone=ax is None)
        return self

    def _draw(self, ax, key, kwargs):
        drawn, forecast = {}, self.forecast[key]
        few = len(forecast) <= 60
        style = {
            "color": _axes.FORECAST,
            "linewidth": 1.8,
            "marker": "o" if few else None,
            "markersize": 3,
            "label": "forecast",
        }
        history = (self.history or {}).get(key)
        actual = (self.actual or {}).get(key)
        lower, upper = ((bound or {}).get(key) for bound in (self.lower, self.upper))
        if history is not None and len(history):
            drawn["history"] = _axes.draw_line(
                ax,
                _axes.positions(history.index),
                history.to_numpy(),
                {"color": _axes.HISTORY, "linewidth": 1.4, "label": "history"},
            )
        ahead = _axes.positions(forecast.index)
        if lower is not None:
            of = "" if self.coverage is None else f"{100 * self.coverage:g} % "
            drawn["band"] = _axes.draw_band(
                ax,
                ahead,
                lower.to_numpy(),
                upper.to_numpy(),
                alpha=0.25,
                label=f"{of}interval",
            )
        if actual is not None and len(actual):
            came = {"color": _axes.ACTUAL, "linewidth": 1.4, "linestyle": "--"}
            drawn["actual"] = _axes.draw_line(
                ax,
                _axes.positions(actual.index),
                actual.to_numpy(),
                came | {"label": "what came"},
            )
        drawn["forecast"] = _axes.draw_line(
            ax, ahead, forecast.to_numpy(), style, kwargs
        )
        _axes.dress(ax, forecast.index)
        return drawn


# --------------------------------------------------------------------- what is drawn


def _forecast(forecaster, steps, coverage, exog):
    """Return a forecast, with its bounds where there are any, and their coverage."""
    if coverage is None:
        coverage = _usual_coverage(forecaster, steps)
    if coverage is None:
        return forecaster.forecast(steps, exog), None
    return forecaster.forecast_interval(steps, coverage, exog=exog), coverage


def _usual_coverage(forecaster, steps):
    """Return the coverage of the band that is drawn unasked, None for no band."""
    if forecaster.calibration_fraction is not None:
        return 0.9
    quantiles = quantiles_of(forecaster.estimator_)
    # Past the horizon a forecaster reads its forecasts: no quantiles of those to come.
    at_once = forecaster.horizon if forecaster.strategy == "direct" else 1
    if quantiles is None or (steps or forecaster.horizon) > at_once:
        return None
    share = quantiles[-1] - quantiles[0]
    return share if np.isclose(quantiles[0] + quantiles[-1], 1) and share else None


def _check_history(series, forecaster):
    """Raise where a history is not that of the series that were fitted.

    The columns that are forecast will do: nothing else is drawn.
    """
    panel = read_panel(series, forecaster.id_column)
    fitted = fitted_state(forecaster)
    check_same_series(panel, fitted.panel, fitted.series)
    fitted = list(getattr(forecaster, "feature_names_in_", ()))
    n_fitted = forecaster.n_features_in_
    for key, one in panel.series.items():
        shape = np.shape(one)
        width = shape[1] if len(shape) > 1 else 1
        names = list(getattr(one, "columns", ()))
        right = width in (n_fitted, forecaster.n_targets_)
        if right and fitted and names:
            right = names == fitted or set(names) <= set(_target_names(forecaster))
        if not right:
            with panel.naming(key):
                raise ValueError(
                    "series must have the columns given to fit: got "
                    f"{_columns(width, names)}, fitted on {_columns(n_fitted, fitted)}."
                    " Give those alone, of many series in the form that was fitted."
                )
        index = one.index if hasattr(one, "iloc") else pd.RangeIndex(len(one))
        if index.has_duplicates:
            with panel.naming(key):
                raise ValueError(
                    "series must have each label once: got "
                    f"{index[index.duplicated()][0]} more than once. Give the rows of "
                    "one series, or of many in the form that was fitted."
                )


def _target_names(forecaster):
    """Return the names of the columns that are forecast, where columns have names."""
    names = forecaster.feature_names_in_
    if forecaster.target_columns is None:
        return list(names)
    return list(
        names[check_target(forecaster.target_columns, len(names), names, name="")]
    )


def _columns(width, names):
    if names:
        return listed(names)
    return f"{width} column{'s' if width > 1 else ''}"


def _targets_alone(series, forecaster):
    """Return the columns of a series that are forecast."""
    if forecaster.target_columns is None:
        return series
    panel = read_panel(series, forecaster.id_column)
    kept = {}
    for key, one in panel.series.items():
        columns = getattr(one, "columns", None)
        values = one if hasattr(one, "iloc") else np.asarray(one)
        if values.ndim == 1:
            return series
        places = check_target(
            forecaster.target_columns, values.shape[1], columns, name="target_columns"
        )
        kept[key] = getattr(values, "iloc", values)[:, places]
    return panel.join_rows(kept)


def _in_time(said, past, came, labelled):
    """Put forecast, bounds, history and what came on one axis of time.

    `labelled` says whether forecast and history have labels; where the one has none,
    those of the other are continued.
    """
    n_steps, ahead = len(said[0]), said[0].index
    if past is not None and not labelled[1]:
        ahead = pd.RangeIndex(len(past), len(past) + n_steps)
    elif past is not None and not labelled[0]:
        calendar = Calendar.of(past.index, find_frequency(past.index))
        ahead = calendar.following(n_steps)
    elif past is not None:
        later = past.index >= ahead[0]
        if came is None and later.any():
            came = past[later & (past.index <= ahead[-1])]
        past = past[~later]
    said = [None if each is None else each.set_axis(ahead) for each in said]
    if came is not None and not came.index.isin(ahead).any():
        came = came.iloc[:n_steps].set_axis(ahead[: min(len(came), n_steps)])
    return *said, past, came


def _n_shown(n_history, steps):
    if n_history is None:
        return None
    if isinstance(n_history, str):
        if n_history == "auto":
            return max(10 * steps, 60)
        raise ValueError(
            f'n_history must be an integer >= 1, "auto" or None: got {n_history!r}.'
        )
    return check_integer("n_history", n_history)
