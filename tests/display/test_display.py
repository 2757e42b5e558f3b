"""Pictures: what is drawn where, by the structure of the axes."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

import skcnnlstm as s
from skcnnlstm.datasets import load_airline

matplotlib = pytest.importorskip("matplotlib", reason="the extra plot draws")
matplotlib.use("Agg")
from matplotlib import dates as mdates  # noqa: E402
from matplotlib import pyplot  # noqa: E402

TINY = {"filters": 4, "epochs": 3, "random_state": 0}


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def airline():
    return load_airline()


def ridge(**params):
    estimator = make_pipeline(s.FlattenWindows(), Ridge())
    return s.SeriesForecaster(estimator, **{"horizon": 6, **params})


def legend_of(display):
    legend = display.ax_.get_legend() or display.figure_.legends[0]
    return [text.get_text() for text in legend.get_texts()]


def values_of(line):
    return np.asarray(line.get_ydata(), dtype=float)


def labels_of(line):
    return pd.DatetimeIndex(line.get_xdata())


# --------------------------------------------------------------------------- forecast


def test_a_forecast_stands_after_its_history_with_dates(airline):
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


def test_a_calibrated_forecaster_has_a_band_and_rows_that_came(airline):
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
        "what came",
        "forecast",
    ]
    assert display.ax_.get_ylabel() == "passengers"


def test_quantiles_of_the_network_are_a_band(airline):
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
    with pytest.raises(ValueError, match="coverage must lie between two"):
        s.ForecastDisplay.from_estimator(forecaster, airline, coverage=0.8)
    # Past the horizon there is a forecast, and no quantile of it.
    far = s.ForecastDisplay.from_estimator(forecaster, airline, steps=5)
    assert "band" not in far.lines_[0] and len(far.line_.get_xdata()) == 5


def test_several_targets_have_a_panel_each_and_may_be_chosen(airline):
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
    chosen = s.ForecastDisplay.from_estimator(forecaster, frame, names="half")
    assert list(chosen.forecast) == [(None, "half")]
    assert chosen.ax_.get_ylabel() == "half"
    with pytest.raises(ValueError, match=r"names must be among .*'whole'.*'air'"):
        s.ForecastDisplay.from_estimator(forecaster, frame, names=["whole"])


@pytest.mark.parametrize("form", ["list", "dict", "long", "long with two columns"])
def test_many_series_have_a_panel_each_in_every_form(airline, form):
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


def test_arrays_are_counted(airline):
    values = airline.to_numpy()
    forecaster = ridge(calibration_fraction=0.3).fit(values)
    display = s.ForecastDisplay.from_estimator(forecaster, values, actual=values[:6])
    (drawn,) = display.lines_
    for part in ("forecast", "actual"):
        assert list(drawn[part].get_xdata()) == [144, 145, 146, 147, 148, 149]
    assert drawn["history"].get_xdata()[-1] == 143


def test_a_forecast_without_labels_takes_those_that_follow_its_history(airline):
    display = s.ForecastDisplay.from_predictions(np.ones(2), airline, n_history=5)
    following = pd.date_range("1961-01-01", periods=2, freq="MS")
    assert labels_of(display.line_).equals(following)
    assert len(display.lines_[0]["history"].get_xdata()) == 5


def test_bounds_of_ones_own_and_no_history():
    forecast = pd.Series([1.0, 2.0], index=[10, 11])
    display = s.ForecastDisplay.from_predictions(
        forecast, lower=forecast - 1, upper=forecast + 1, color="k", label="mine"
    )
    assert legend_of(display) == ["interval", "mine"]
    assert display.line_.get_color() == "k"
    assert list(display.line_.get_xdata()) == [10, 11]
    with pytest.raises(ValueError, match="lower and upper must be given together"):
        s.ForecastDisplay.from_predictions(forecast, lower=forecast)


def test_a_search_is_looked_into_and_axes_may_be_given(airline):
    search = GridSearchCV(
        ridge(), {"window_length": [12]}, cv=TimeSeriesSplit(2, test_size=6)
    ).fit(airline)
    _, ax = pyplot.subplots()
    display = s.ForecastDisplay.from_estimator(search, airline, ax=ax)
    assert display.ax_ is ax and display.figure_ is ax.figure
    again = display.plot()
    assert again is display and display.ax_ is not ax
    frame = pd.DataFrame({"a": airline, "b": airline})
    with pytest.raises(ValueError, match=r"ax must be as many axes .* got 1, 2 pan"):
        s.ForecastDisplay.from_estimator(ridge().fit(frame), frame, ax=ax)


def test_what_cannot_be_drawn_is_told(airline):
    wide = pd.DataFrame(np.ones((9, 3)), columns=list("abc"))
    with pytest.raises(TypeError, match="forecaster must be a SeriesForecaster"):
        s.ForecastDisplay.from_estimator(Ridge(), airline)
    with pytest.raises(ValueError, match="calibration_fraction"):
        s.ForecastDisplay.from_estimator(ridge().fit(airline), airline, coverage=0.9)
    with pytest.raises(ValueError, match="history must have the columns that are fore"):
        s.ForecastDisplay.from_predictions(np.ones(2), wide)
    with pytest.raises(ValueError, match="n_history must be an integer"):
        s.ForecastDisplay.from_predictions(np.ones(2), airline, n_history="all")


def test_what_is_known_between_gaps_is_a_dot(airline):
    history = airline.copy()
    history.iloc[[-2, -4]] = np.nan
    actual = pd.Series([1, np.nan, 3, 4, np.nan, 6.0])
    display = s.ForecastDisplay.from_predictions(
        ridge().fit(airline).forecast(), history, actual=actual, n_history=10, ms=5
    )
    (drawn,) = display.lines_
    assert drawn["history"].get_markevery() == [7, 9]
    assert drawn["actual"].get_markevery() == [0, 5]
    assert {drawn[part].get_marker() for part in ("history", "actual")} == {"o"}
    assert drawn["forecast"].get_markevery() is None
    assert drawn["forecast"].get_markersize() == 5
    whole = s.ForecastDisplay.from_predictions(np.ones(3), airline)
    assert whole.lines_[0]["history"].get_marker() == "None"


def test_the_interval_of_one_step_is_a_bar(airline):
    forecaster = ridge(horizon=1, calibration_fraction=0.3).fit(airline)
    display = s.ForecastDisplay.from_estimator(forecaster, airline)
    (ends,) = display.lines_[0]["band"].get_segments()
    interval = forecaster.forecast_interval()
    assert ends[:, 1].tolist() == interval[["lower", "upper"]].to_numpy()[0].tolist()
    assert legend_of(display) == ["history", "90 % interval", "forecast"]
    result = s.backtest(
        forecaster, airline, TimeSeriesSplit(3, test_size=2), coverage=0.5, verbose=0
    )
    bars = s.BacktestDisplay.from_result(result).ax_.collections
    assert [len(bar.get_segments()) for bar in bars] == [1, 1, 1]
    ax = s.BacktestDisplay.from_result(result, kind="errors").ax_
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [1]


def test_a_band_with_a_step_between_unknown_ones_has_both():
    low = pd.Series([0, 1, np.inf, 3, np.nan, 5, 6.0])
    said = low.fillna(4).replace(np.inf, 2)
    display = s.ForecastDisplay.from_predictions(said, lower=low, upper=low + 1)
    band, bar = display.ax_.collections
    assert display.lines_[0]["band"] is band
    assert [ends.tolist() for ends in bar.get_segments()] == [[[3, 3], [3, 4]]]
    assert legend_of(display) == ["interval", "forecast"]


def test_more_panels_than_are_drawn_are_told(airline):
    many = [airline] * 14
    forecast = [np.ones(2)] * 14
    with pytest.warns(
        UserWarning, match=r"^12 of 14 panels are drawn, .* by names=\.$"
    ):
        display = s.ForecastDisplay.from_predictions(forecast, many)
    assert len(display.axes_) == 12
    with pytest.raises(ValueError, match="of '0', '1', '2', '3', '4' and 9 more"):
        s.ForecastDisplay.from_predictions(forecast, many, names="north")
    chosen = s.ForecastDisplay.from_predictions(forecast, many, names=["12", "13"])
    assert [ax.get_title(loc="left") for ax in chosen.axes_] == ["12", "13"]


@pytest.mark.parametrize(
    ("dates", "labels"),
    [
        ("2025-07-15 2025-08-01 2025-08-15", ["15\nJul 2025", "01\nAug", "15"]),
        ("2025-12-30 2025-12-31 2026-01-01", ["30\nDec 2025", "31", "01\nJan 2026"]),
        ("2025-07-15 2026-07-15", ["15\nJul 2025", "15\nJul 2026"]),
        ("2025-09-01 2025-10-01 2026-01-01", ["Sep\n2025", "Oct", "Jan\n2026"]),
        ("2025-01-01 2026-01-01", ["2025", "2026"]),
        (
            "2025-12-31T12 2025-12-31T18 2026-01-01T00",
            ["12:00\n31 Dec 2025", "18:00", "00:00\n01 Jan 2026"],
        ),
        (
            "2025-12-31T23:59:50 2026-01-01T00:00:00",
            ["23:59:50\n31 Dec 2025", "00:00:00\n01 Jan 2026"],
        ),
    ],
)
def test_dates_name_the_month_and_year_where_they_begin(airline, dates, labels):
    axis = s.ForecastDisplay.from_predictions(airline).ax_.xaxis
    ticks = mdates.date2num(np.array(dates.split(), dtype="datetime64[s]"))
    assert axis.get_major_formatter().format_ticks(ticks) == labels
    assert axis.get_major_formatter().get_offset() == ""


SHOPS = pd.concat(
    [
        pd.DataFrame(
            {"shop": shop, "sales": np.arange(40.0) + place},
            pd.date_range("2025", periods=40),
        )
        for place, shop in enumerate(["north", "west", "east"])
    ]
)
NORTH = SHOPS[SHOPS["shop"] == "north"]


def test_a_history_that_was_not_fitted_is_refused():
    one = ridge().fit(NORTH["sales"])
    two = ridge().fit(NORTH[["sales"]].assign(price=1.5 + np.arange(40)))
    panel = ridge(id_column="shop").fit(SHOPS)
    for forecaster, series, message in [
        (
            one,
            SHOPS,
            "^series must have .*: got 'shop', 'sales', fitted on 1 column. G",
        ),
        (one, SHOPS[["sales"]], "^series must have each label once: got 2025-01-01 00"),
        (two, NORTH[["sales"]], "got 'sales', fitted on 'sales', 'price'. Give those"),
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
            r"got 'north', drawn are .* Use names=\['north'\] to draw it al",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            s.ForecastDisplay.from_estimator(forecaster, series)


def test_one_of_many_is_drawn_by_its_own_rows():
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


def test_the_columns_forecast_are_history_enough(airline):
    frame = pd.DataFrame({"air": airline, "known": airline})
    forecaster = ridge(target_columns=["air"]).fit(frame)
    for history in (frame, frame[["air"]], airline):
        display = s.ForecastDisplay.from_estimator(forecaster, history)
        np.testing.assert_array_equal(
            values_of(display.lines_[0]["history"]), airline[-60:]
        )


def test_without_matplotlib_the_extra_is_named(airline, monkeypatch):
    forecaster = ridge().fit(airline)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "skcnnlstm\[plot\]"'):
        s.ForecastDisplay.from_estimator(forecaster, airline)


# --------------------------------------------------------------------------- training


@pytest.fixture(scope="module")
def samples():
    series = np.sin(np.arange(60) / 3)
    return s.make_windows(series, 12)


def test_a_history_shows_both_losses_and_whose_weights_were_kept(samples):
    network = s.CNNRegressor(early_stopping=True, metrics=["mae"], **TINY)
    network.fit(*samples)
    display = s.TrainingHistoryDisplay.from_estimator(network)
    assert list(display.lines_) == [
        ("CNNRegressor", "loss"),
        ("CNNRegressor", "val_loss"),
    ]
    for (_, name), line in display.lines_.items():
        assert list(line.get_ydata()) == network.history_[name]
        assert list(line.get_xdata()) == [1, 2, 3]
    best = int(np.argmin(network.history_["val_loss"])) + 1
    kept = f"weights kept (epoch {best})"
    assert legend_of(display) == ["training", "validation", kept]
    assert display.ax_.get_xlabel() == "epoch"
    assert display.plot(name="mae").ax_.get_ylabel() == "mae"
    with pytest.raises(ValueError, match=r"name must be in the history.*'loss', 'mae'"):
        display.plot(name="mse")


def test_networks_are_found_where_they_are(samples):
    X, y = samples
    ensemble = s.HybridEnsembleRegressor(epochs=1, random_state=0).fit(X, y)
    display = s.TrainingHistoryDisplay.from_estimator(ensemble)
    assert legend_of(display) == ["CNNRegressor, training", "LSTMRegressor, training"]
    pipeline = make_pipeline(s.LastSteps(12), s.CNNRegressor(**TINY))
    forecaster = s.SeriesForecaster(pipeline).fit(np.arange(40.0))
    display = s.TrainingHistoryDisplay.from_estimator(forecaster)
    assert legend_of(display) == ["training"]
    with pytest.raises(TypeError, match="estimator must be a network of this package"):
        s.TrainingHistoryDisplay.from_estimator(Ridge().fit(X, y))


# --------------------------------------------------------------------------- backtest


def test_a_backtest_shows_each_fold_over_what_came(airline):
    result = s.backtest(
        ridge(calibration_fraction=0.4),
        airline,
        TimeSeriesSplit(3, test_size=6),
        coverage=0.5,
        verbose=0,
    )
    display = s.BacktestDisplay.from_result(result)
    came, *folds = [ln for ln in display.ax_.lines if len(ln.get_xdata()) > 2]
    np.testing.assert_array_equal(values_of(came), airline[-18:])
    assert len(folds) == 3 and len(display.ax_.collections) == 3
    table = result.forecasts
    np.testing.assert_array_equal(
        values_of(display.line_), table["forecast"][table["fold"] == 0]
    )
    assert legend_of(display) == [
        "what came",
        "50 % interval",
        "forecast from the start of each fold",
    ]
    assert display.ax_.get_xlabel() == "month"


def test_errors_of_a_backtest_are_its_scores_by_step(airline):
    frame = pd.DataFrame({"air": airline, "half": airline / 2})
    folds = TimeSeriesSplit(2, test_size=9)
    result = s.backtest(ridge(), frame, folds, season_length=12, verbose=0)
    display = s.BacktestDisplay.from_result(result, kind="errors")
    scores = result.scores(by=["target", "step"]).loc["air"]
    np.testing.assert_allclose(values_of(display.line_), scores["mae"])
    assert legend_of(display) == ["naive", "seasonal naive", "forecaster"]
    assert [ax.get_title(loc="left") for ax in display.axes_] == ["air", "half"]
    one = s.BacktestDisplay.from_result(result, names="half")
    assert one.ax_.get_ylabel() == "half"
    assert one.ax_.get_xlabel() == "month"
    with pytest.raises(TypeError, match="result must be a BacktestResult: got DataFr"):
        s.BacktestDisplay.from_result(result.forecasts)
    with pytest.raises(ValueError, match="kind must be"):
        s.BacktestDisplay.from_result(result, kind="bars")


# -------------------------------------------------------------------------- attention


def test_attention_is_a_row_for_each_window_or_bars_for_one(samples):
    X, y = samples
    network = s.CNNLSTMRegressor(attention=True, n_subsequences=3, **TINY)
    pipeline = make_pipeline(s.LastSteps(12), network).fit(X, y)
    display = s.AttentionDisplay.from_estimator(pipeline, X)
    weights = pipeline[-1].attention_weights(X)
    np.testing.assert_array_equal(display.image_.get_array(), weights)
    assert display.ax_.get_xlabel() == "part of the window, oldest first"
    one = s.AttentionDisplay.from_estimator(pipeline[-1], X[:1])
    assert [bar.get_height() for bar in one.bars_] == weights[0].tolist()
    with pytest.raises(TypeError, match="must be a network with attention: got CNNReg"):
        s.AttentionDisplay.from_estimator(s.CNNRegressor(**TINY).fit(X, y), X)
