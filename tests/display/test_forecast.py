"""Tests of `ForecastDisplay`."""

import numpy as np
import pandas as pd
import pytest
from display_cases import NORTH, SHOPS, TINY, labels_of, legend_of, ridge, values_of
from matplotlib import pyplot
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

import skcnnlstm as s


def test_the_forecast_is_drawn_after_its_history_with_dates(airline):
    forecaster = ridge().fit(airline)
    display = s.ForecastDisplay.from_estimator(forecaster, airline)
    forecast = forecaster.forecast()
    np.testing.assert_array_equal(values_of(display.line_), forecast)
    assert labels_of(display.line_).equals(forecast.index)
    (drawn,) = display.lines_
    assert set(drawn) == {"history", "forecast"}
    np.testing.assert_array_equal(values_of(drawn["history"]), airline[-60:])
    assert legend_of(display) == ["history", "forecast"]
    assert display.ax_.get_ylabel() == "passengers"
    assert display.ax_.get_xlabel() == "month"
    assert display.figure_ is display.ax_.figure


def test_a_calibrated_forecaster_has_an_interval_and_later_rows_are_actual(airline):
    forecaster = ridge(calibration_fraction=0.3).fit(airline[:-6])
    display = s.ForecastDisplay.from_estimator(forecaster, airline, coverage=0.8)
    intervals = forecaster.forecast_interval(coverage=0.8)
    (drawn,) = display.lines_
    corners = drawn["band"].get_paths()[0].vertices[:, 1]
    assert corners.min() == intervals["lower"].min()
    assert corners.max() == intervals["upper"].max()
    np.testing.assert_array_equal(values_of(drawn["actual"]), airline[-6:])
    np.testing.assert_array_equal(values_of(drawn["history"]), airline[-66:-6])
    assert legend_of(display) == [
        "history",
        "80 % interval",
        "actual",
        "forecast",
    ]
    assert display.ax_.get_ylabel() == "passengers"


def test_quantiles_of_the_network_are_drawn_as_an_interval(airline):
    network = s.CNNRegressor(quantiles=(0.05, 0.25, 0.5, 0.75, 0.95), **TINY)
    pipeline = make_pipeline(s.LastSteps(8), network)
    forecaster = s.SeriesForecaster(pipeline, window_length=12, horizon=3)
    display = s.ForecastDisplay.from_estimator(forecaster.fit(airline), airline)
    assert legend_of(display)[1] == "90 % interval"
    (key,) = display.forecast
    lower, median, upper = (
        side[key].to_numpy()
        for side in (display.lower, display.forecast, display.upper)
    )
    assert (lower <= median).all() and (median <= upper).all()
    np.testing.assert_array_equal(median, forecaster.forecast())
    inner = s.ForecastDisplay.from_estimator(forecaster, airline, coverage=0.5)
    assert (inner.lower[key] >= lower).all() and (inner.upper[key] <= upper).all()
    with pytest.raises(ValueError, match="coverage must be the share between two"):
        s.ForecastDisplay.from_estimator(forecaster, airline, coverage=0.8)
    # Steps past the horizon have no quantiles.
    far = s.ForecastDisplay.from_estimator(forecaster, airline, steps=5)
    assert "band" not in far.lines_[0] and len(far.line_.get_xdata()) == 5


def test_each_target_has_a_panel_and_names_selects_panels(airline):
    frame = pd.DataFrame({"air": airline, "half": airline / 2, "known": airline})
    forecaster = ridge(
        target_columns=["air", "half"], calibration_fraction=0.3, horizon=3
    ).fit(frame)
    display = s.ForecastDisplay.from_estimator(forecaster, frame)
    assert [ax.get_title(loc="left") for ax in display.axes_] == ["air", "half"]
    assert len(display.figure_.legends) == 1
    np.testing.assert_array_equal(
        values_of(display.lines_[1]["history"]), frame["half"][-60:]
    )
    selected = s.ForecastDisplay.from_estimator(forecaster, frame, names="half")
    assert list(selected.forecast) == [(None, "half")]
    assert selected.ax_.get_ylabel() == "half"
    with pytest.raises(
        ValueError, match=r"names must hold titles of panels.*'whole'.*'air'"
    ):
        s.ForecastDisplay.from_estimator(forecaster, frame, names=["whole"])


@pytest.mark.parametrize("form", ["list", "dict", "long", "long with two columns"])
def test_each_of_many_series_has_a_panel_in_every_form(airline, form):
    early, late = airline[:100], airline[20:]
    id_column, many = None, [early, late]
    titles = ["0", "1"]
    if form == "dict":
        many, titles = {"early": early, "late": late}, ["early", "late"]
    if form.startswith("long"):
        parts = [early.to_frame("y").assign(id="a"), late.to_frame("y").assign(id="b")]
        many, id_column, titles = pd.concat(parts), "id", ["a", "b"]
    if form == "long with two columns":
        many["z"] = many["y"] / 2
        titles = ["a: y", "a: z", "b: y", "b: z"]
    forecaster = ridge(calibration_fraction=0.3, id_column=id_column).fit(many)
    display = s.ForecastDisplay.from_estimator(forecaster, many)
    assert [ax.get_title(loc="left") for ax in display.axes_] == titles
    first, last = display.lines_[0], display.lines_[-1]
    assert labels_of(first["forecast"])[0] == early.index[-1] + early.index.freq
    assert labels_of(last["forecast"])[0] == late.index[-1] + late.index.freq
    assert all("band" in drawn for drawn in display.lines_)


def test_rows_of_arrays_are_numbered(airline):
    values = airline.to_numpy()
    forecaster = ridge(calibration_fraction=0.3).fit(values)
    display = s.ForecastDisplay.from_estimator(forecaster, values, actual=values[:6])
    (drawn,) = display.lines_
    for part in ("forecast", "actual"):
        assert list(drawn[part].get_xdata()) == [144, 145, 146, 147, 148, 149]
    assert drawn["history"].get_xdata()[-1] == 143


def test_a_forecast_without_an_index_continues_that_of_its_history(airline):
    display = s.ForecastDisplay.from_predictions(np.ones(2), airline, n_history=5)
    following = pd.date_range("1961-01-01", periods=2, freq="MS")
    assert labels_of(display.line_).equals(following)
    assert len(display.lines_[0]["history"].get_xdata()) == 5


def test_given_bounds_are_drawn_without_a_history():
    forecast = pd.Series([1.0, 2.0], index=[10, 11])
    display = s.ForecastDisplay.from_predictions(
        forecast, lower=forecast - 1, upper=forecast + 1, color="k", label="mine"
    )
    assert legend_of(display) == ["interval", "mine"]
    assert display.line_.get_color() == "k"
    assert list(display.line_.get_xdata()) == [10, 11]
    with pytest.raises(ValueError, match="lower and upper must be given together"):
        s.ForecastDisplay.from_predictions(forecast, lower=forecast)


def test_a_search_is_unwrapped_and_given_axes_are_used(airline):
    search = GridSearchCV(
        ridge(), {"window_length": [12]}, cv=TimeSeriesSplit(2, test_size=6)
    ).fit(airline)
    _, ax = pyplot.subplots()
    display = s.ForecastDisplay.from_estimator(search, airline, ax=ax)
    assert display.ax_ is ax and display.figure_ is ax.figure
    again = display.plot()
    assert again is display and display.ax_ is not ax
    frame = pd.DataFrame({"a": airline, "b": airline})
    with pytest.raises(ValueError, match=r"ax must contain one Axes .* got 1 Axes"):
        s.ForecastDisplay.from_estimator(ridge().fit(frame), frame, ax=ax)


def test_invalid_input_raises_an_error(airline):
    wide = pd.DataFrame(np.ones((9, 3)), columns=list("abc"))
    with pytest.raises(TypeError, match="forecaster must be a SeriesForecaster"):
        s.ForecastDisplay.from_estimator(Ridge(), airline)
    with pytest.raises(ValueError, match="calibration_fraction"):
        s.ForecastDisplay.from_estimator(ridge().fit(airline), airline, coverage=0.9)
    with pytest.raises(
        ValueError, match="history must have the columns of the forecast"
    ):
        s.ForecastDisplay.from_predictions(np.ones(2), wide)
    with pytest.raises(ValueError, match="n_history must be an integer"):
        s.ForecastDisplay.from_predictions(np.ones(2), airline, n_history="all")


def test_a_history_other_than_the_fitted_series_raises_an_error():
    one = ridge().fit(NORTH["sales"])
    two = ridge().fit(NORTH[["sales"]].assign(price=1.5 + np.arange(40)))
    panel = ridge(id_column="shop").fit(SHOPS)
    for forecaster, series, message in [
        (
            one,
            SHOPS,
            "^series must have .*: got 'shop', 'sales', fitted on 1 column. P",
        ),
        (one, SHOPS[["sales"]], "^series must have unique labels: got the label 2025-"),
        (two, NORTH[["sales"]], "got 'sales', fitted on 'sales', 'price'. Pass all"),
        (two, NORTH[["sales"]].to_numpy(), "got 1 column, fitted on 'sales', 'price'"),
        (
            panel,
            SHOPS.rename(columns={"sales": "visits"}),
            "^In series 'north': series must have .*'visits', fitted on 'sales'",
        ),
        (panel, NORTH.assign(shop="south"), "series must be among .* fit: got 'south'"),
        (
            panel,
            NORTH,
            r"got 'north', drawn are .* Use names=\['north'\] to draw only",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            s.ForecastDisplay.from_estimator(forecaster, series)


def test_one_of_many_series_is_drawn_from_its_own_rows():
    panel = ridge(id_column="shop").fit(SHOPS)
    display = s.ForecastDisplay.from_estimator(panel, NORTH, names=["north"])
    np.testing.assert_array_equal(
        values_of(display.lines_[0]["history"]), NORTH["sales"]
    )
    assert display.ax_.get_title(loc="left") == "north"
    assert display.ax_.get_ylabel() == "sales"
    all_three = s.ForecastDisplay.from_estimator(panel, SHOPS)
    assert {ax.get_ylabel() for ax in all_three.axes_} == {"sales"}
    folds = s.PanelTimeSeriesSplit(2, test_size=6)
    panel.set_params(window_length=12)
    result = s.backtest(panel, SHOPS, folds, verbose=0)
    backtest = s.BacktestDisplay.from_result(result)
    assert [ax.get_ylabel() for ax in backtest.axes_] == ["sales"] * 3
    assert [ax.get_title(loc="left") for ax in backtest.axes_] == list(
        SHOPS["shop"].unique()
    )
    assert backtest.axes_[-1].get_xlabel() == "time"


def test_a_history_needs_only_the_target_columns(airline):
    frame = pd.DataFrame({"air": airline, "known": airline})
    forecaster = ridge(target_columns=["air"]).fit(frame)
    for history in (frame, frame[["air"]], airline):
        display = s.ForecastDisplay.from_estimator(forecaster, history)
        np.testing.assert_array_equal(
            values_of(display.lines_[0]["history"]), airline[-60:]
        )


@pytest.mark.parametrize(
    ("form", "params"),
    [
        ("series", {"calibration_fraction": 0.3}),
        ("series", {"strategy": "recursive"}),
        ("frame", {"target_columns": ["half"]}),
        ("array", {"target_columns": [1]}),
        ("long", {"id_column": "shop", "calibration_fraction": 0.3}),
    ],
)
def test_set_params_after_fit_changes_nothing(airline, form, params):
    frame = pd.DataFrame({"air": airline, "half": airline / 2})
    forms = {"series": airline, "frame": frame, "array": frame.to_numpy()}
    series = forms.get(form, SHOPS)
    forecaster = ridge(window_length=12, **params).fit(series)
    before = s.ForecastDisplay.from_estimator(forecaster, series)
    calibrated = "calibration_fraction" in params
    forecaster.set_params(
        estimator=Ridge(),
        window_length=3,
        horizon=2,
        strategy="direct" if "strategy" in params else "recursive",
        target_columns=None if "target_columns" in params else ["other"],
        id_column=None if "id_column" in params else "other",
        calibration_fraction=None if calibrated else 0.5,
    )
    after = s.ForecastDisplay.from_estimator(forecaster, series)
    assert after.coverage == before.coverage == (0.9 if calibrated else None)
    assert after.forecast.keys() == before.forecast.keys()
    for name in ("forecast", "history", "lower", "upper"):
        for key in before.forecast:
            one, other = getattr(before, name)[key], getattr(after, name)[key]
            assert one is other is None or one.equals(other)


def test_quantiles_after_set_params_are_those_of_the_fit(airline):
    network = s.CNNRegressor(quantiles=(0.05, 0.5, 0.95), **TINY)
    forecaster = s.SeriesForecaster(network, window_length=12, horizon=3).fit(airline)
    forecaster.set_params(horizon=1, strategy="recursive", estimator__quantiles=None)
    display = s.ForecastDisplay.from_estimator(forecaster, airline)
    assert legend_of(display)[1] == "90 % interval"
    assert len(display.line_.get_xdata()) == 3


def test_actual_columns_are_selected_by_name(airline):
    frame = pd.DataFrame({"air": airline, "half": airline / 2})
    forecaster = ridge(target_columns=["half"]).fit(frame[:-6])
    actual = frame[["half", "air"]][-6:]
    display = s.ForecastDisplay.from_estimator(forecaster, frame[:-6], actual=actual)
    np.testing.assert_array_equal(
        values_of(display.lines_[0]["actual"]), frame["half"][-6:]
    )
