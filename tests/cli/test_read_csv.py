"""Series read from CSV files."""

import numpy as np
import pandas as pd
import pytest
from cli_tables import N_ROWS, QUICK, make_table, write_table

from skcnnlstm._utils.time_axis import read_time_axis
from skcnnlstm.cli import main
from skcnnlstm.cli.options import UsageError
from skcnnlstm.cli.read_csv import read_series
from skcnnlstm.cli.report import format_labels


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(capsys, *argv):
    status = main(list(argv))
    out, err = capsys.readouterr()
    return status, out, err


def _change(row, column, value):
    """Return the table with one changed value."""
    table = make_table().astype(object)
    table.loc[row, column] = value
    return table


CHOSEN = "--target-columns sales --time-column date"
INVALID_FILES = [
    (
        "",
        "",
        "my.csv is empty. Use a file with column names and a row per time step",
    ),
    (
        "date,sales\n",
        "",
        "my.csv has a header but no rows. Add a row per time step",
    ),
    (
        b"\xff\xfe\x00\x81",
        "",
        "my.csv is not a text file in UTF-8. Use --encoding with its encoding, such as "
        "latin-1 or utf-16, or save it as UTF-8",
    ),
    (
        "a,b\n1,2\n",
        "--encoding unknown",
        "--encoding must be a codec of Python: got 'unknown'. Use utf-8, latin-1 or "
        "utf-16",
    ),
    (
        "Report;;\nmonth;sales;share\n2020-01;5;1\n",
        "",
        "the first line of my.csv must hold column names: got 'Report;;'. If the names "
        "are in a later line, skip the lines above with --skip-rows N",
    ),
    (
        "a,b\n1,2,3\n",
        "",
        "rows of my.csv have more fields than its first line, 'a,b'. If there are "
        "lines above the column names, skip them with --skip-rows N. Put values that "
        "contain ',' in double quotes",
    ),
    (
        "2020-01-01,5\n2020-01-02,6\n",
        "",
        "the first line of my.csv must hold column names: got 2020-01-01,5. Insert "
        "a line with a name for each column",
    ),
    (
        "a,b\nx,y\n",
        "",
        "no column of numbers in my.csv. Its columns are a, b. Column 'b' holds 'y' in "
        "row 1. Remove units and other text from its cells, or replace categories by "
        "numbers",
    ),
    (
        make_table(),
        "--target-columns cost",
        "no column 'cost' in my.csv. Its columns are date, sales, visits, place",
    ),
    (
        make_table(),
        "--time-column day",
        "no column 'day' in my.csv. Its columns are date, sales, visits, place",
    ),
    (
        make_table(),
        "--time-column sales --target-columns sales",
        "column 'sales' cannot be both the time column and a target. Name it in one "
        "option only",
    ),
    (
        make_table(),
        "--target-columns place",
        "column 'place' must hold numbers: got 'here' in row 1. Correct the cell, or "
        "leave it empty for a missing value",
    ),
    (
        make_table(),
        "--time-column place",
        "time column 'place' must hold dates, times or integers: got 'here' in row 1. "
        "Use --date-format, or --time-column none",
    ),
    (
        _change(4, "sales", "many"),
        "",
        "column 'sales' must hold numbers: got 'many' in row 5. Correct the cell, or "
        "leave it empty for a missing value",
    ),
    (
        _change(4, "sales", "inf"),
        "",
        "column 'sales' must be finite: got 'inf' in row 5. Replace infinite values by "
        "numbers, or leave the cells empty",
    ),
    (
        _change(4, "date", "soon"),
        "",
        "time column 'date' must hold dates, times or integers: got 'soon' in row 5. "
        "Correct the cell, or remove the row",
    ),
    (
        _change(4, "date", None),
        "",
        "time column 'date' must have a value in each row: got none in row 5. Fill in "
        "the value, or remove the row",
    ),
    (
        _change(4, "date", "2020-01-04"),
        "",
        "time column 'date' must hold each time once: got 2020-01-04 in rows 4 and 5. "
        "Remove the duplicates, or use --id-column if the rows are of several series",
    ),
    (
        _change(4, "sales", "sales"),
        CHOSEN,
        "column 'sales' must hold numbers: got 'sales' in row 5. Remove the row, which "
        "repeats the column names",
    ),
    (
        make_table().drop(index=range(7, 12)),
        "",
        "time column 'date' must have no gaps: 2020-01-07 is followed by 2020-01-13, "
        "but most steps are 1 day. Fill the gap, or number the rows with --time-column "
        "none",
    ),
    (
        make_table().assign(date=[*range(20), *range(25, 45)]),
        CHOSEN,
        "time column 'date' must have no gaps: 19 is followed by 25, but most steps "
        "are 1. Fill the gap, or number the rows with --time-column none",
    ),
    (
        make_table(16),
        "",
        "the series must have at least 17 rows: got 16. The first fit needs "
        "--window-length 8 plus --horizon 3 rows, and each of the 2 folds "
        "(--folds) needs 3 more rows. Use smaller values",
    ),
    (
        make_table(),
        "--season-length 32",
        "the series must have at least 41 rows: got 40. The first fit needs "
        "--season-length 32 plus --horizon 3 rows, and each of the 2 folds "
        "(--folds) needs 3 more rows. Use smaller values",
    ),
]


@pytest.mark.parametrize("content, options, message", INVALID_FILES)
def test_an_invalid_file_prints_one_line_and_writes_no_file(
    folder, capsys, content, options, message
):
    if isinstance(content, pd.DataFrame):
        content = content.to_csv(index=False)
    content = content.encode() if isinstance(content, str) else content
    (folder / "my.csv").write_bytes(content)
    status, _, err = _run(capsys, "my.csv", *QUICK, "--output", "out", *options.split())
    assert (status, err) == (2, f"skcnnlstm: {message}\n")
    assert [path.name for path in folder.iterdir()] == ["my.csv"]


def test_blanks_around_column_names_are_no_part_of_them(folder):
    table = make_table()[["date", "sales"]]
    table.columns = [" date ", "sales "]
    write_table(folder, table)
    series = read_series("my.csv", time_column="date", target_columns=["sales"])
    assert list(series.frame) == ["sales"]


def test_duplicate_times_are_counted_and_hours_hint_at_the_clocks(folder):
    times = pd.date_range("2023-11-05", periods=30, freq="h").delete([2, 5])
    times = times.insert(1, times[1]).insert(4, times[4])
    write_table(folder, pd.DataFrame({"time": times.astype(str), "load": 1.0}))
    with pytest.raises(UsageError) as caught:
        read_series("my.csv", id_column=None)
    assert str(caught.value).endswith(
        "in rows 2 and 3, and 1 more duplicate. Remove the duplicates, or use "
        "--id-column if the rows are of several series. If the clocks were set back, "
        "write the times in UTC"
    )


def test_encodings_and_lines_above_the_column_names_are_read(folder):
    plain = make_table()[["date", "sales"]].to_csv(index=False)
    (folder / "plain.csv").write_text(plain)
    expected = read_series("plain.csv").frame
    above = "Verkäufe,\nexport of 2024,\n"
    names = plain.replace("sales", "Verkäufe")
    (folder / "latin.csv").write_bytes((above + names).encode("latin-1"))
    found = read_series("latin.csv", encoding="latin-1", skip_rows=2).frame
    assert list(found) == ["Verkäufe"]
    np.testing.assert_array_equal(found, expected)
    # numpy.savetxt writes "# " before the column names; spreadsheets append separators.
    (folder / "names.csv").write_text(f"# {plain}")
    np.testing.assert_array_equal(read_series("names.csv").frame, expected)
    lines = [f"{line},,," for line in plain.splitlines()]
    (folder / "empty_columns.csv").write_text("\n".join(lines))
    pd.testing.assert_frame_equal(read_series("empty_columns.csv").frame, expected)


PANEL_ERRORS = [
    (make_table(), "--id-column shop", "no column 'shop' in my.csv. Its columns are "),
    (
        make_table(),
        "--id-column place --target-columns place",
        "column 'place' cannot be both a target and the id column. Name it in one "
        "option only",
    ),
    (
        make_table(),
        "--exog visits --past-covariates visits",
        "column 'visits' cannot be both a past covariate and known ahead. Name it in "
        "one option only",
    ),
    (
        _change(4, "place", ""),
        "--id-column place",
        "id column 'place' must have a value in each row: got none in row 5. Fill",
    ),
    (
        pd.concat([make_table(), make_table().assign(place="there")[:16]]),
        "--id-column place",
        "series 'there' must have at least 17 rows: got 16. The first fit needs",
    ),
    (
        pd.concat([make_table(), make_table().assign(place="there")[::3]]),
        "--id-column place --target-columns sales",
        "series 'there' must have at least 17 rows: got 14.",
    ),
    (
        pd.concat([make_table(), make_table().assign(date="2020-01-04")]),
        "--id-column place --target-columns sales",
        "series 'here': time column 'date' must hold each time once: got 2020-01-04 in",
    ),
    (
        make_table().assign(sales=""),
        "--exog visits --target-columns sales",
        "column 'sales' must hold numbers: got only missing cells",
    ),
]


@pytest.mark.parametrize("table, words, message", PANEL_ERRORS)
def test_an_invalid_panel_or_covariate_prints_one_line(
    folder, capsys, table, words, message
):
    write_table(folder, table)
    status, _, err = _run(capsys, "my.csv", *QUICK, *words.split())
    assert status == 2
    assert err.startswith(f"skcnnlstm: {message}")
    assert len(err.splitlines()) == 1


def test_missing_rows_are_inserted_without_values(folder):
    table = make_table().drop(index=[7, 20, 21])
    frame, series = _read(folder, table, target_columns=["sales"])
    assert len(frame) == N_ROWS
    assert frame["sales"].isna().to_numpy().nonzero()[0].tolist() == [7, 20, 21]
    assert "missing rows: 3, inserted in date without values" in series.notes
    assert "missing values: 3, which the networks mask" in series.notes


def test_each_series_of_a_panel_is_read_separately(folder):
    table = pd.concat([make_table(), make_table().assign(place="there")[10:]])
    table = table.sample(frac=1, random_state=0)
    file = str(folder / write_table(folder, table))
    series = read_series(file, id_column="place")
    assert set(series.frames) == {"here", "there"}
    assert [len(series.frames[key]) for key in ("here", "there")] == [40, 30]
    there = make_table()[10:]
    assert series.frames["there"]["sales"].tolist() == there["sales"].tolist()
    assert series.frames["there"].index.tolist() == there["date"].tolist()
    assert series.targets == ["sales", "visits"]
    assert "series: 2, named by column place" in series.notes


def test_rows_without_targets_are_ahead_if_a_covariate_is_known(folder):
    table = make_table().astype({"sales": object})
    table.loc[36:, "sales"] = ""
    file = str(folder / write_table(folder, table))
    series = read_series(file, target_columns=["sales"], exog=["visits"])
    assert len(series.frame) == 36
    assert len(series.exogs[None]) == 40
    without = read_series(file, target_columns=["sales"])
    assert len(without.frame) == 40
    assert without.exogs is None


def test_past_covariates_follow_the_targets(folder):
    file = str(folder / write_table(folder, make_table()))
    series = read_series(file, target_columns=["visits"], past_covariates=["sales"])
    assert series.frame.columns.tolist() == ["visits", "sales"]
    assert series.targets == ["visits"]


def _read(folder, table, time_column=None, target_columns=None):
    file = str(folder / write_table(folder, table))
    series = read_series(file, time_column, target_columns)
    return series.frame, series


def test_the_default_columns_are_reported(folder):
    frame, series = _read(folder, make_table())
    assert list(frame.columns) == ["sales", "visits"]
    assert frame.index.equals(pd.DatetimeIndex(make_table()["date"]))
    assert series.season_length == 7
    assert series.notes == [
        "time column: date",
        "target columns: sales, visits",
        "columns without numbers, not used: place",
    ]
    assert series.unit == "the unit of each column"


def test_rows_are_numbered_without_a_time_column(folder):
    frame, series = _read(folder, make_table()[["sales"]])
    assert frame.index.equals(pd.RangeIndex(N_ROWS))
    assert series.notes[0] == "time column: none, rows are numbered"


def test_rows_in_descending_order_are_sorted(folder):
    expected, _ = _read(folder, make_table())
    frame, series = _read(folder, make_table()[::-1])
    pd.testing.assert_frame_equal(frame, expected)
    assert series.notes[-1] == "rows were sorted by date"


@pytest.mark.parametrize(
    "times, following",
    [
        (pd.date_range("1949-01", periods=40, freq="MS"), "1952-05-01"),
        (pd.date_range("1949-01", periods=40, freq="ME"), "1952-05-31"),
        (pd.date_range("1949", periods=40, freq="MS").strftime("%Y-%m"), "1952-05-01"),
        (pd.date_range("2020-01-03", periods=40, freq="B"), "2020-02-28"),
        (pd.date_range("2020-01-01", periods=40, freq="6h"), "2020-01-11 00:00:00"),
        (
            pd.period_range("1949-01", periods=40, freq="M").strftime("%Y-%m-15"),
            "1952-05",
        ),
        (pd.date_range("2020-01-01", periods=40).strftime("%d/%m/%Y"), "2020-02-10"),
        (range(1949, 1989), "1989"),
        (range(0, 80, 2), "80"),
    ],
)
def test_a_forecast_has_the_labels_after_the_last_row(folder, times, following):
    table = make_table()[["sales"]].assign(when=times)[["when", "sales"]]
    frame, _ = _read(folder, table)
    labels = read_time_axis(frame.index).next_labels(2)
    assert format_labels(labels)[0] == following


def test_semicolons_and_tabs_separate_fields(folder):
    for separator in ";\t":
        make_table().to_csv(folder / "my.csv", index=False, sep=separator)
        series = read_series(str(folder / "my.csv"), None, None)
        assert list(series.frame.columns) == ["sales", "visits"]


def _read_columns(folder, dates, values=None, *, separator=",", **options):
    """Return the series of a file with the columns "when" and "y"."""
    values = range(100, 100 + len(dates)) if values is None else values
    lines = [f"{d}{separator}{v}" for d, v in zip(dates, values, strict=True)]
    (folder / "my.csv").write_text("\n".join([f"when{separator}y", *lines]) + "\n")
    return read_series(str(folder / "my.csv"), **options)


def test_dates_with_two_readings_are_an_error_that_names_the_option(folder):
    dates = [f"01/{month:02}/2001" for month in range(1, 13)]
    with pytest.raises(UsageError) as error:
        _read_columns(folder, dates)
    assert str(error.value) == (
        "time column 'when' can be read as month first (%m/%d/%Y), with the last date "
        "2001-01-12, or as day first (%d/%m/%Y), with the last date 2001-12-01. Choose "
        "one with --date-format"
    )
    series = _read_columns(folder, dates, date_format="%d/%m/%Y")
    assert series.frame.index[-1] == pd.Timestamp("2001-12-01")
    assert series.season_length == 12


def test_dates_without_a_year_number_the_rows(folder):
    dates = [f"{year}-{month:02}" for year in (1, 2, 3) for month in range(1, 13)]
    series = _read_columns(folder, dates)
    assert series.frame.index.equals(pd.RangeIndex(36))
    assert series.notes[0] == "time column: none, rows are numbered: 'when' has no year"


def test_a_date_format_that_reads_no_column_is_an_error(folder):
    dates = pd.date_range("2001", periods=30).strftime("%d/%m/%Y")
    with pytest.raises(
        UsageError, match="no column has dates of the format '%Y-%m-%d'"
    ):
        _read_columns(folder, dates, date_format="%Y-%m-%d")
    with pytest.raises(UsageError, match="--date-format is invalid: 'Q' is a bad"):
        _read_columns(folder, dates, date_format="%Q")


@pytest.mark.parametrize("name", ["Unnamed: 0", "year", "Month", "yearweek"])
def test_columns_that_count_rows_or_time_are_no_targets(folder, name):
    dates = pd.date_range("2001", periods=30, freq="MS")
    table = pd.DataFrame({name: dates.month, "date": dates, "y": 1.5})
    frame, series = _read(folder, table)
    assert frame.columns.tolist() == ["y"]
    assert f"columns that count rows or time, not used: {name}" in series.notes
    assert _read(folder, table[[name, "date"]])[0].columns.tolist() == [name]


def test_a_comma_in_a_name_is_no_separator_and_empty_rows_are_left_out(folder):
    lines = ["when;y, total", "2001-01-01;1,5", "2001-01-02;2,5", "2001-01-03;3,5"]
    (folder / "my.csv").write_text("\n".join([*lines, ";", ";"]))
    frame = read_series(str(folder / "my.csv")).frame
    assert frame["y, total"].tolist() == [1.5, 2.5, 3.5]


def test_a_point_between_semicolons_may_group_thousands(folder):
    days = pd.date_range("2001", periods=3).strftime("%Y-%m-%d")
    cells = ["1.100", "1.200", "1.300"]
    with pytest.raises(UsageError) as error:
        _read_columns(folder, days, cells, separator=";")
    assert str(error.value) == (
        "column 'y' is ambiguous: the point of '1.100' in row 1 can be a decimal mark "
        'or a thousands separator. Use --decimal "," or --decimal "."'
    )
    for mark, first in ((",", 1100.0), (".", 1.1)):
        frame = _read_columns(folder, days, cells, separator=";", decimal=mark).frame
        assert frame["y"].iloc[0] == first
    cells[2] = "1.25"
    frame = _read_columns(folder, days, cells, separator=";").frame
    assert frame["y"].tolist() == [1.1, 1.2, 1.25]


def test_a_column_of_month_names_is_no_time_column(folder):
    dates = pd.date_range("2001", periods=30, freq="MS")
    table = pd.DataFrame({"month": dates.strftime("%B"), "date": dates, "y": 1.5})
    frame, series = _read(folder, table)
    assert frame.index.name == "date"
    assert series.notes[0] == "time column: date"


@pytest.mark.parametrize("code", ["%Y%m", "%G%V"])
def test_months_and_weeks_as_numbers_are_times_and_no_targets(folder, code):
    dates = pd.date_range("2001", periods=60, freq="MS" if code == "%Y%m" else "W-MON")
    series = _read_columns(folder, dates.strftime(code))
    assert series.targets == ["y"]
    assert series.frame.index.tolist() == dates.tolist()


def test_a_row_of_totals_is_to_be_removed(folder):
    dates = [*pd.date_range("2001", periods=30).strftime("%Y-%m-%d"), "Total"]
    with pytest.raises(UsageError, match=r"row 31\. .* or remove the row"):
        _read_columns(folder, dates)


def test_time_column_none_numbers_the_rows(folder):
    dates = pd.date_range("2001", periods=30, freq="MS")
    series = _read_columns(folder, dates, time_column="none")
    assert series.frame.index.equals(pd.RangeIndex(30))
    assert series.frame.columns.tolist() == ["y"]


def test_holidays_are_no_gap_and_a_longer_one_is_named(folder):
    days = pd.date_range("2024-01-01", periods=80, freq="B")
    series = _read_columns(folder, days.delete([20, 40, 41]).strftime("%Y-%m-%d"))
    assert series.season_length == 5
    gap = days.delete([20, *range(30, 41)]).strftime("%Y-%m-%d")
    with pytest.raises(UsageError, match="2024-02-09 is followed by 2024-02-27"):
        _read_columns(folder, gap)


def test_numbers_are_dates_in_the_first_column_or_by_their_name(folder):
    numbers = [*range(20240101, 20240131)]
    table = pd.DataFrame({"id": range(30), "sales": numbers})
    assert _read(folder, table)[0].columns.tolist() == ["sales"]
    table = pd.DataFrame({"sales": range(30), "Date": numbers})
    assert _read(folder, table)[0].index[0] == pd.Timestamp("2024-01-01")
    table = pd.DataFrame({"x": numbers, "sales": range(30)})
    assert _read(folder, table)[0].index[0] == pd.Timestamp("2024-01-01")


def test_a_reading_without_gaps_comes_first(folder):
    hours = pd.date_range("2020-01-05", periods=40, freq="h")
    series = _read_columns(folder, hours.strftime("%d.%m.%Y %H:%M"))
    assert series.frame.index.tolist() == hours.tolist()


def test_unequal_steps_are_an_error_that_names_the_option(folder):
    hours = pd.date_range("2024-01-01", periods=40, freq="h")
    hours += pd.to_timedelta(np.arange(40) % 7, unit="s")
    with pytest.raises(UsageError) as error:
        _read_columns(folder, hours.strftime("%Y-%m-%d %H:%M:%S"))
    assert str(error.value) == (
        "time column 'when' must have equal steps: 2024-01-01 06:00:06 is followed by "
        "2024-01-01 07:00:00, but most steps are 01:00:01. Number the rows with "
        "--time-column none"
    )


AMOUNTS = {
    "decimal commas": (";", ["1.234,5", "7,25", "1250"], [1234.5, 7.25, 1250]),
    "thousands": (",", ['"1,234.5"', "7.25", "1250"], [1234.5, 7.25, 1250]),
    "currency": (",", ['"$1,234.50"', "€7.25", "USD 1250"], [1234.5, 7.25, 1250]),
    "below one": (";", ["0,125", "0,250"], [0.125, 0.25]),
    "minus sign": (",", ["\u22121.5", "2.5"], [-1.5, 2.5]),
    "points": (",", [".", "..", "--", "3", "4", "5", "6"], [np.nan] * 3 + [3, 4, 5, 6]),
    "percent": (",", ["12.5%", "7 %", "-3%"], [12.5, 7, -3]),
    "missing": (",", ["NA", "?", "", "-", "3", "4", "5"], [np.nan] * 4 + [3, 4, 5]),
}


@pytest.mark.parametrize("name", AMOUNTS)
def test_numbers_are_read_as_people_write_them(folder, name):
    separator, cells, expected = AMOUNTS[name]
    days = pd.date_range("2024-01-01", periods=len(cells)).strftime("%Y-%m-%d")
    series = _read_columns(folder, days, cells, separator=separator)
    np.testing.assert_array_equal(series.frame["y"], expected)
    n_missing = int(np.isnan(expected).sum())
    note = f"missing values: {n_missing}, which the networks mask"
    assert (note in series.notes) == (n_missing > 0)


def test_numbers_with_two_readings_are_an_error_that_names_the_option(folder):
    days = pd.date_range("2024-01-01", periods=3).strftime("%Y-%m-%d")
    cells = ["1,234", "2,500", "3,125"]
    with pytest.raises(UsageError) as error:
        _read_columns(folder, days, cells, separator=";")
    assert str(error.value) == (
        "column 'y' is ambiguous: the comma of '1,234' in row 1 can be a decimal mark "
        'or a thousands separator. Use --decimal "," or --decimal "."'
    )
    for decimal, first in ((",", 1.234), (".", 1234)):
        series = _read_columns(folder, days, cells, separator=";", decimal=decimal)
        assert series.frame["y"].iloc[0] == first


def test_a_number_of_the_other_decimal_mark_is_an_error_that_names_it(folder):
    days = pd.date_range("2024-01-01", periods=4).strftime("%Y-%m-%d")
    with pytest.raises(UsageError) as error:
        _read_columns(folder, days, ["1.5", "2.5", "3.5", "1,75"], separator=";")
    assert str(error.value) == (
        "column 'y' must hold numbers: got '1,75' in row 4. Read it with --decimal ','"
    )


def test_one_column_with_decimal_commas_decides_for_the_others(folder):
    lines = ["a;b;c", "1,5;1.000;2,500", "2,5;2.000;1,250", "3;3.000;1,125"]
    (folder / "my.csv").write_text("\n".join(lines))
    frame = read_series(str(folder / "my.csv")).frame
    assert frame["b"].tolist() == [1000, 2000, 3000]
    assert frame["c"].tolist() == [2.5, 1.25, 1.125]


def test_marks_between_thousands_are_no_decimal_commas(folder):
    lines = ["a;b", "1,000.5;1.000", "2,000;2.000", "3,500;3.000"]
    (folder / "my.csv").write_text("\n".join(lines))
    frame = read_series(str(folder / "my.csv")).frame
    assert frame["a"].tolist() == [1000.5, 2000, 3500]
    assert frame["b"].tolist() == [1, 2, 3]


def test_the_first_line_of_a_file_for_excel_is_no_header(folder):
    days = pd.date_range("2024-01-01", periods=20).strftime("%d.%m.%Y")
    rows = "".join(f"{day};{number},5\n" for number, day in enumerate(days))
    (folder / "my.csv").write_text(f"sep=;\nwhen;y\n{rows}")
    series = read_series("my.csv")
    assert series.frame["y"].tolist() == [number + 0.5 for number in range(20)]


def test_decimal_years_are_not_forecast(folder):
    years = (1950 + np.arange(36) / 12).round(3)
    table = pd.DataFrame({"date": years, "y": np.sin(np.arange(36))})
    table.to_csv(folder / "my.csv", index=False)
    series = read_series("my.csv")
    assert series.frame.columns.tolist() == ["y"]
    assert series.notes[-1] == "columns that count rows or time, not used: date"
