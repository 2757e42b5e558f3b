"""Draw the figure of the command line: history, in-sample fit, forecast, interval."""

from skcnnlstm.cli.report import format_number, step_name


def draw_forecast(history, forecast, series, *, model_name, fitted=None, note=None):
    """Draw one panel for each series and target, at most 12.

    Parameters
    ----------
    history : dict of DataFrame
        The rows of each series, with a column for each target.
    forecast : Forecast
    series : InputSeries
        Name and unit of the series label the figure.
    model_name : str
    fitted : dict of DataFrame or None, default=None
        One-step-ahead forecasts of the history. None draws no such forecasts.
    note : dict of str or None, default=None
        The line above each panel, by (name of the series, target).

    Returns
    -------
    figure : Figure
    """
    from matplotlib.figure import Figure

    from skcnnlstm.display._axes import MAX_PANELS

    keys = [(key, name) for key, mean in forecast.mean.items() for name in mean]
    drawn = keys[:MAX_PANELS]
    height = 4.8 if len(drawn) == 1 else 1.3 + 2.4 * len(drawn)
    figure = Figure(figsize=(10.5, height), layout="constrained")
    panels = figure.subplots(len(drawn), squeeze=False)[:, 0]
    for panel, (key, name) in zip(panels, drawn, strict=True):
        in_sample = None if fitted is None else fitted[key][name]
        _draw_target(panel, history[key][name], in_sample, forecast, key, name)
        several = len(forecast.mean[key].columns) > 1
        label = str(name) if several or key is not None else series.unit
        panel.set_ylabel(label)
        parts = [str(key)] if key is not None else []
        parts += [str(name)] if several else []
        subtitle = ", ".join(parts)
        if note is not None:
            subtitle = f"{subtitle}: {note[key, name]}" if parts else note[key, name]
        panel.set_title(subtitle, loc="left", fontsize=10, color="#555555")
    mean = forecast.mean[keys[0][0]]
    steps = f"{len(mean)} {step_name(mean.index)}"
    part = f" ({len(drawn)} of {len(keys)} panels)" if len(drawn) < len(keys) else ""
    # The title is text of the first panel, so that it is aligned with the other titles.
    panels[0].annotate(
        f"{series.name}: the next {steps} by {model_name}{part}",
        xy=(0, 1),
        xycoords="axes fraction",
        xytext=(0, 26),
        textcoords="offset points",
        fontsize=14,
        fontweight="bold",
    )
    panels[-1].set_xlabel(str(mean.index.name or "row"))
    lines = panels[0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", frameon=False, ncols=4)
    return figure


def describe_rmse(rmse, n_folds, steps):
    """Return the line above each panel, by key: its RMSE in the cross-validation."""
    return {
        key: f"RMSE {format_number(value)} in {n_folds} folds of {steps}"
        for key, value in rmse.items()
    }


def _draw_target(panel, history, fitted, forecast, key, name):
    from skcnnlstm.display import ForecastDisplay
    from skcnnlstm.display._axes import FORECAST, OTHERS, positions

    if fitted is not None:
        panel.plot(
            positions(fitted.index),
            fitted,
            color=OTHERS[-1],
            linewidth=1.2,
            label="in-sample fit, one step ahead",
            zorder=2.1,  # above the history
        )
    mean, bounds = forecast.mean[key][[name]], {}
    if forecast.lower is not None:
        bounds = {
            "lower": forecast.lower[key][[name]],
            "upper": forecast.upper[key][[name]],
            "coverage": forecast.coverage,
        }
    ForecastDisplay.from_predictions(
        mean, history.to_frame(), n_history=None, ax=panel, **bounds
    )
    past, future = positions(history.index), positions(mean.index)
    panel.axvspan(past[-1], future[-1], color=FORECAST, alpha=0.06, linewidth=0)
    panel.set_title("")
    panel.get_legend().remove()  # the figure has one for all panels
