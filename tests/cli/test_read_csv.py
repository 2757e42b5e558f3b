"""Series read from CSV files."""

import pandas as pd
import pytest
from cli_tables import N_ROWS, QUICK, make_table, write_table

from skcnnlstm.cli import main
from skcnnlstm.cli.models import make_models
from skcnnlstm.cli.options import make_parser
from skcnnlstm.cli.read_csv import read_series, with_equal_steps
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
    ("", "", "my.csv is empty"),
    ("date,sales\n", "", "my.csv has a header but no rows"),
    (b"\xff\xfe\x00\x81", "", "my.csv is not a text file in UTF-8"),
    ("a,b\n1,2,3\n", "", "rows of my.csv have more fields than its header"),
    (
        "2020-01-01,5\n2020-01-02,6\n",
        "",
        "the first line of my.csv must hold column names: got 2020-01-01,5",
    ),
    ("a,b\nx,y\n", "", "no column of numbers in my.csv: a, b"),
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
        "column 'sales' cannot be the time column and a target",
    ),
    (
        make_table(),
        "--target-columns place",
        "column 'place' must hold numbers: got 'here' in row 1",
    ),
    (
        make_table(),
        "--time-column place",
        "time column 'place' must hold dates, times or integers: got 'here' in row 1",
    ),
    (
        _change(4, "sales", "many"),
        "",
        "column 'sales' must hold numbers: got 'many' in row 5",
    ),
    (
        _change(4, "sales", None),
        "",
        "column 'sales' has no value in row 5. Fill it, or remove the rows up to it",
    ),
    (
        _change(4, "sales", "inf"),
        "",
        "column 'sales' must be finite: got 'inf' in row 5",
    ),
    (
        _change(4, "date", "soon"),
        "",
        "time column 'date' must hold dates, times or integers: got 'soon' in row 5",
    ),
    (_change(4, "date", None), "", "time column 'date' has no value in row 5"),
    (
        _change(4, "date", "2020-01-04"),
        "",
        "time column 'date' must hold each time once: got 2020-01-04 in rows 4 and 5",
    ),
    (
        make_table().drop(index=7),
        "",
        "gap in time column 'date': 2020-01-07 is followed by 2020-01-09, but most "
        "steps are 1 day. Fill the gap, or remove the column to number the rows",
    ),
    (
        make_table().assign(date=[*range(20), *range(25, 45)]),
        CHOSEN,
        "gap in time column 'date': 19 is followed by 25, but most steps are 1. "
        "Fill the gap, or remove the column to number the rows",
    ),
    (
        make_table(16),
        "",
        "the series must have at least 17 rows: got 16. The minimum is "
        "--window-length 8 plus --horizon 3 for training and for each of --folds 2. "
        "Use smaller values",
    ),
    (
        make_table(),
        "--season-length 32",
        "the series must have at least 41 rows: got 40. The minimum is "
        "--season-length 32 plus --horizon 3 for training and for each of --folds 2. "
        "Use smaller values",
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


def _read(folder, table, time_column=None, target_columns=None):
    file = str(folder / write_table(folder, table))
    series = read_series(file, time_column, target_columns)
    return with_equal_steps(series.frame), series


def test_the_default_columns_are_reported(folder):
    frame, series = _read(folder, make_table())
    assert list(frame.columns) == ["sales", "visits"]
    assert frame.index.freqstr == "D"
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
    model = make_models(make_parser().parse_args(QUICK), True)["seasonal naive"]
    forecast = model.fit(frame).forecast()
    assert format_labels(forecast.index)[0] == following


def test_semicolons_and_tabs_separate_fields(folder):
    for separator in ";\t":
        make_table().to_csv(folder / "my.csv", index=False, sep=separator)
        series = read_series(str(folder / "my.csv"), None, None)
        assert list(series.frame.columns) == ["sales", "visits"]
