"""Series in tables of every kind: the same forecasts as from plain pandas."""

import datetime
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skcnnlstm import FlattenWindows, SeriesForecaster, SlidingWindow, make_windows

N_ROWS = 40
VALUES = np.round(np.sin(np.arange(N_ROWS)) + 2, 3)
DAYS = [datetime.date(2020, 1, 1) + datetime.timedelta(i) for i in range(N_ROWS)]
FRAME = pd.DataFrame({"y": VALUES}, index=pd.DatetimeIndex(DAYS, name="day"))


def forecaster(**parameters):
    ridge = make_pipeline(FlattenWindows(), Ridge())
    return SeriesForecaster(ridge, window_length=5, horizon=2, **parameters)


def polars_frame():
    pl = pytest.importorskip("polars", reason="polars is optional")
    return pl.DataFrame({"day": DAYS, "y": VALUES})


TABLES = {
    "objects": lambda: FRAME.astype(object),
    "Float64": lambda: FRAME.astype("Float64"),
    "decimals": lambda: FRAME.map(lambda value: Decimal(str(value))),
    "sparse": lambda: FRAME.astype(pd.SparseDtype(float, VALUES[0])),
    "polars": polars_frame,
}


@pytest.mark.parametrize("make_table", TABLES.values(), ids=TABLES)
def test_every_table_gives_the_same_forecasts(make_table):
    table, expected = make_table(), forecaster().fit(FRAME[:30])
    fitted = forecaster().fit(table[:30])
    pd.testing.assert_frame_equal(
        fitted.forecast(), expected.forecast(), check_freq=False, check_index_type=False
    )
    assert fitted.score(table[30:]) == expected.score(FRAME[30:])
    np.testing.assert_array_equal(
        fitted.predict(table[30:]), expected.predict(FRAME[30:])
    )


def test_masked_values_are_not_learned():
    masked = np.ma.masked_greater(np.where(np.arange(N_ROWS) == 20, 1e6, VALUES), 1e5)
    with pytest.raises(ValueError, match="got NaN at row 20"):
        forecaster().fit(masked)
    with pytest.raises(ValueError, match=r"In series 'a': .* got NaN at row 20"):
        forecaster().fit({"a": masked, "b": VALUES})
    windows, _ = make_windows(masked, 5, missing="mask")
    assert np.nanmax(windows) < 4


def test_a_search_over_a_polars_frame():
    def search(series):
        folds = TimeSeriesSplit(2, test_size=6)
        grid = {"window_length": [3, 4]}
        return GridSearchCV(forecaster(), grid, cv=folds).fit(series).best_score_

    polars = polars_frame()
    assert search(polars) == search(FRAME)
    # Without dates it is read like an array: test folds continue the training rows.
    assert search(polars.drop("day")) == search(VALUES)


def test_a_long_polars_frame():
    pl = pytest.importorskip("polars", reason="polars is optional")
    polars = polars_frame()
    long = pl.concat([polars.with_columns(id=pl.lit(name)) for name in "ab"])
    pandas = pd.concat([FRAME.assign(id=name) for name in "ab"])
    expected = forecaster(id_column="id").fit(pandas).forecast()
    forecasts = forecaster(id_column="id").fit(long).forecast()
    pd.testing.assert_frame_equal(
        forecasts, expected, check_freq=False, check_index_type=False, check_dtype=False
    )


def test_lists_and_dicts_of_polars_frames():
    polars = polars_frame()
    expected = forecaster().fit([FRAME, FRAME]).forecast()
    for one, other in zip(
        forecaster().fit([polars, polars]).forecast(), expected, strict=True
    ):
        pd.testing.assert_frame_equal(
            one, other, check_freq=False, check_index_type=False
        )
    assert forecaster().fit({"a": polars, "b": polars}).forecast().keys() == {"a", "b"}


def test_covariates_in_a_polars_frame():
    pl = pytest.importorskip("polars", reason="polars is optional")
    polars = polars_frame()
    ahead = [DAYS[-1] + datetime.timedelta(i) for i in (1, 2)]
    exog = pl.DataFrame({"day": DAYS + ahead, "x": np.arange(N_ROWS + 2.0)})
    as_pandas = pd.DataFrame(
        {"x": np.arange(N_ROWS + 2.0)}, index=pd.DatetimeIndex(DAYS + ahead)
    )
    expected = forecaster().fit(FRAME, exog=as_pandas).forecast(2, exog=as_pandas)
    forecasts = forecaster().fit(polars, exog=exog).forecast(2, exog=exog)
    np.testing.assert_array_equal(forecasts, expected)


def test_windows_of_a_polars_frame():
    polars = polars_frame()
    for one, other in zip(
        make_windows(polars, 5, 2), make_windows(FRAME, 5, 2), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    window = SlidingWindow(3).fit(polars[:30])
    assert window.feature_names_in_.tolist() == ["y"]
    expected = SlidingWindow(3).fit(FRAME[:30]).transform(FRAME[30:])
    np.testing.assert_array_equal(window.transform(polars[30:]), expected)


def test_columns_of_polars_that_are_no_text_are_not_read_as_dates():
    pl = pytest.importorskip("polars", reason="polars is optional")
    series = polars_frame()
    for dtype in (pl.Duration("us"), pl.Time):
        table = series.with_columns(pl.int_range(pl.len()).cast(dtype).alias("day"))
        with pytest.raises(TypeError, match="drop these columns") as error:
            forecaster().fit(table)
        assert "to_date" not in str(error.value)
        assert "set_index" not in str(error.value)


def test_the_remedies_for_text_in_polars_work():
    pl = pytest.importorskip("polars", reason="polars is optional")
    series = polars_frame()
    texts = pl.Series([f"{i},5" for i in range(len(series))])
    table = series.select("day", y=texts)
    code = "series['y'].str.replace_all(',', '.', literal=True).cast(float)"
    with pytest.raises(ValueError) as error:
        forecaster().fit(table)
    assert f"use {code}." in str(error.value)
    numbers = eval(code, {"series": table})
    assert len(forecaster().fit(table.with_columns(y=numbers)).forecast()) == 2
    table = table.with_columns(y=pl.Series(["?", *["1.5"] * (len(series) - 1)]))
    code = "series['y'].cast(float, strict=False)"
    with pytest.raises(ValueError) as error:
        forecaster().fit(table)
    assert f"by null with {code} and fill" in str(error.value)
    assert eval(code, {"series": table}).null_count() == 1
    exog = series.select("day", kind=pl.Series(["a", "b"] * 50).head(len(series)))
    encoder = "OneHotEncoder(handle_unknown='ignore')"
    with pytest.raises(ValueError, match=re.escape(encoder)) as error:
        forecaster().fit(series, exog=exog)
    encoded = forecaster().set_params(
        exog_transformer=eval(encoder, {"OneHotEncoder": OneHotEncoder})
    )
    encoded.fit(series, exog=exog)
    exog = series.select("day", x=pl.Series([None, *range(1, len(series))]))
    code = 'exog.fill_null(strategy="forward").fill_null(strategy="backward")'
    with pytest.raises(ValueError) as error:
        forecaster().fit(series, exog=exog)
    assert f"for example with {code}, or" in str(error.value)
    forecaster().fit(series, exog=eval(code, {"exog": exog}))


def test_the_remedies_for_polars_work():
    pl = pytest.importorskip("polars", reason="polars is optional")
    series = polars_frame()
    text = series.with_columns(pl.col("day").cast(pl.String))
    twice = pl.concat([series, series]).sort("day")
    remedies = [
        (text, r"with_columns\(polars.col\('day'\).str.to_date\(\)\)"),
        (twice, r"series.group_by\('day', maintain_order=True\).mean\(\)"),
        (series[::-1], r"series.sort\('day'\)"),
    ]
    cured = [
        text.with_columns(pl.col("day").str.to_date()),
        twice.group_by("day", maintain_order=True).mean(),
        series[::-1].sort("day"),
    ]
    for (table, remedy), good in zip(remedies, cured, strict=True):
        with pytest.raises(ValueError, match=remedy):
            forecaster().fit(table)
        assert len(forecaster().fit(good).forecast()) == 2


def test_a_frame_whose_cells_hold_series_is_many_series():
    series = pd.DataFrame({"dim": [pd.Series(VALUES), pd.Series(VALUES * 2)]})
    with pytest.raises(ValueError) as raised:
        forecaster().fit(series)
    assert str(raised.value) == (
        "series must hold numbers: got a DataFrame whose cells hold series. Use "
        "list(series['dim']) for one series from each cell."
    )
    assert len(forecaster().fit(list(series["dim"])).forecast()) == 2


def test_networks_read_nested_frames_as_windows():
    X, y = make_windows(VALUES, 5)
    nested = pd.DataFrame({"dim": [pd.Series(row) for row in X]})
    ridge = make_pipeline(FlattenWindows(), Ridge())
    np.testing.assert_allclose(
        ridge.fit(nested, y).predict(nested), ridge.fit(X, y).predict(X), rtol=1e-12
    )


# ------------------------------------------------------------------------- panels


def test_series_with_equal_indexes_share_one_time_axis():
    for panel, id_column in (
        (pd.concat([FRAME.assign(id=name) for name in "abc"]), "id"),
        ({name: FRAME.copy() for name in "abc"}, None),
    ):
        fitted = forecaster(id_column=id_column).fit(panel)
        axes = {id(one.axis) for one in fitted._fitted.series.values()}
        assert len(axes) == 1


@pytest.mark.parametrize("transformer", ["standard", "log", None])
def test_a_panel_equals_its_series_in_every_form(transformer):
    rng = np.random.default_rng(0)
    series = {
        name: pd.DataFrame(
            np.exp(rng.normal(size=(N_ROWS, 2))), FRAME.index + pd.Timedelta(n, "D")
        ).rename(columns=str)
        for name, n in (("a", 0), ("b", 0), ("c", 3), ("d", 0))
    }
    long = pd.concat([one.assign(id=name) for name, one in series.items()])
    mixed = long.sort_index(kind="stable")
    forms = {
        "dict": (series, None),
        "list": (list(series.values()), None),
        "long": (long, "id"),
        "mixed": (mixed, "id"),
    }
    results = {}
    for form, (panel, id_column) in forms.items():
        model = forecaster(transformer=transformer, id_column=id_column).fit(panel)
        forecasts = model.forecast()
        if id_column is not None:
            forecasts = dict(tuple(forecasts.groupby("id")))
            forecasts = {k: one.drop(columns="id") for k, one in forecasts.items()}
        elif form == "list":
            forecasts = dict(zip(series, forecasts, strict=True))
        results[form] = forecasts, model.score(panel)
    for forecasts, score in results.values():
        assert score == pytest.approx(results["dict"][1], rel=1e-12)
        for name in series:
            expected = results["dict"][0][name]
            np.testing.assert_allclose(forecasts[name], expected, rtol=1e-12)
            assert forecasts[name].index.equals(expected.index)


def test_an_error_in_a_panel_names_its_series():
    bad = FRAME.copy()
    bad.iloc[7] = np.nan
    for panel, id_column in (
        (pd.concat([FRAME.assign(id="a"), bad.assign(id="b")]), "id"),
        ({"a": FRAME, "b": bad}, None),
    ):
        with pytest.raises(ValueError, match=r"^In series 'b': .* got NaN at row 7"):
            forecaster(id_column=id_column).fit(panel)
    unsorted = pd.concat([FRAME.assign(id="a"), FRAME[::-1].assign(id="b")])
    with pytest.raises(ValueError, match=r"^In series 'b': .* in time order"):
        forecaster(id_column="id").fit(unsorted)
    short = {"a": FRAME, "b": FRAME[:3], "c": FRAME[:3]}
    with pytest.raises(ValueError, match="got 'b' with 3, 'c' with 3"):
        forecaster().fit(short)


def evaluate(code, table):
    pl = pytest.importorskip("polars", reason="polars is optional")
    return eval(code, {"series": table, "pandas": pd, "polars": pl})


def follow(message, code, table):
    """Return a table of another library changed as `message` says."""
    conversion = message.partition("Convert series to pandas first: series = ")[2]
    return evaluate(code, evaluate(conversion.removesuffix("."), table))


@pytest.mark.parametrize("long", [False, True])
def test_remedies_for_gaps_convert_a_polars_frame_first(long):
    pl = pytest.importorskip("polars", reason="polars is optional")
    table, parameters = polars_frame(), {"id_column": "id"} if long else {}
    table = table.filter(pl.col("day").dt.day() != 15)
    fill = "series.asfreq('D').interpolate()"
    if long:
        table = pl.concat([table.with_columns(id=pl.lit(name)) for name in "ab"])
        fill = (
            "series.drop(columns='id').groupby(series['id']).apply(lambda one: "
            "one.asfreq('D').interpolate()).reset_index('id')"
        )
    with pytest.warns(UserWarning) as caught:
        forecaster(**parameters).fit(table)
    message = str(caught[0].message)
    assert f"for example with {fill}, or" in message
    forecaster(**parameters).fit(follow(message, fill, table))  # no warning


def test_remedies_for_irregular_dates_convert_a_polars_frame_first():
    pl = pytest.importorskip("polars", reason="polars is optional")
    start = datetime.datetime(2020, 1, 1)
    minutes = 60 * np.arange(N_ROWS) + np.arange(N_ROWS) ** 2 % 7
    times = [start + datetime.timedelta(minutes=int(n)) for n in minutes]
    table = pl.DataFrame({"when": times, "y": VALUES})
    with pytest.warns(UserWarning, match="no frequency") as caught:
        forecaster().fit(table)
    message = str(caught[0].message)
    code = message.partition("of dates. Use ")[2].partition(": this is")[0]
    assert forecaster().fit(follow(message, code, table)).forecast().index.freq == "h"


def test_a_short_polars_frame_with_a_gap_has_a_remedy():
    pl = pytest.importorskip("polars", reason="polars is optional")
    table = polars_frame().filter(pl.col("day").dt.day() % 6 != 0)
    with pytest.raises(ValueError, match=r"Fill the gaps \(series") as caught:
        forecaster(freq="D").fit(table)
    filled = follow(str(caught.value), "series.asfreq('D').interpolate()", table)
    forecaster().fit(filled)


def test_text_in_a_polars_series_has_a_remedy():
    pl = pytest.importorskip("polars", reason="polars is optional")
    text = pl.Series([str(value).replace(".", ",") for value in VALUES])
    with pytest.raises(ValueError, match="got text, with '2,0' at row 0") as caught:
        forecaster().fit(text)
    code = str(caught.value).partition("separator, use ")[2].removesuffix(".")
    np.testing.assert_array_equal(evaluate(code, text).to_numpy(), VALUES)


@pytest.mark.parametrize("change", ["unsorted", "twice", "text", "dates as text"])
def test_remedies_convert_a_pyarrow_table_first(change):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")
    days, values = DAYS, VALUES
    if change == "unsorted":
        days = days[::-1]
    elif change == "twice":
        days = days[:-1] + days[:1]
    elif change == "text":
        values = [str(value).replace(".", ",") for value in VALUES]
    else:
        days = list(map(str, days))
    table = pa.table({"day": days, "y": values})
    with pytest.raises(ValueError, match="must") as caught:
        forecaster().fit(table)
    message = str(caught.value)
    code = {
        "unsorted": "series.sort_index()",
        "twice": "series.groupby(level=0).mean()",
        "text": "series['y'].str.replace(',', '.').astype(float)",
        "dates as text": "series.set_index(pandas.to_datetime(series.pop('day')))",
    }[change]
    assert code in message
    forecaster().fit(follow(message, code, table))


def test_covariates_with_a_time_zone_in_a_polars_frame_have_a_remedy():
    pl = pytest.importorskip("polars", reason="polars is optional")
    polars = polars_frame()
    times = pl.col("day").cast(pl.Datetime).dt.replace_time_zone("UTC")
    exog = polars.with_columns(times).rename({"y": "x"})
    with pytest.raises(ValueError, match=r"Use exog.tz_localize\(None\)\.") as caught:
        forecaster().fit(polars, exog=exog)
    code = str(caught.value).partition("pandas first: exog = ")[2].removesuffix(".")
    changed = eval(code, {"exog": exog, "pandas": pd}).tz_localize(None)
    forecaster().fit(polars, exog=changed)
