"""Columns that hold parts of a time."""

import numpy as np
import pandas as pd
import pytest

from skcnnlstm.cli.read_csv import read_series
from skcnnlstm.cli.time_parts import join_time_parts

MONTHS = pd.date_range("2001-01-01", periods=40, freq="MS")
QUARTERS = pd.date_range("2001-01-01", periods=40, freq="QS")
WEEKS = pd.date_range("2020-01-06", periods=60, freq="W-MON")
HOURS = pd.date_range("2010-12-30", periods=60, freq="h")
ISO = WEEKS.isocalendar()
TABLES = {
    "year, month": ({"year": MONTHS.year, "month": MONTHS.month}, MONTHS),
    "Month, Year": ({"Month": MONTHS.strftime("%b"), "Year": MONTHS.year}, MONTHS),
    "months as words": (
        {"Year": MONTHS.year, "Month": MONTHS.strftime("%B")},
        MONTHS,
    ),
    "year to hour": (
        {
            "No": np.arange(60) + 1,
            "year": HOURS.year,
            "month": HOURS.month,
            "day": HOURS.day,
            "hour": HOURS.hour,
        },
        HOURS,
    ),
    "year, quarter": ({"year": QUARTERS.year, "quarter": QUARTERS.quarter}, QUARTERS),
    "year, Q1": (
        {"year": QUARTERS.year, "quarter": [f"Q{n}" for n in QUARTERS.quarter]},
        QUARTERS,
    ),
    "year, week": ({"year": ISO.year.values, "week": ISO.week.values}, WEEKS),
    "Date, Time": (
        {"Date": HOURS.strftime("%d/%m/%Y"), "Time": HOURS.strftime("%H:%M:%S")},
        HOURS,
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_parts_of_a_time_are_joined(name, tmp_path):
    parts, times = TABLES[name]
    file = tmp_path / "my.csv"
    table = pd.DataFrame(parts).assign(sales=np.sin(np.arange(len(times))))
    table.to_csv(file, index=False)
    series = read_series(str(file))
    assert series.frame.columns.tolist() == ["sales"]
    assert series.frame.index.tolist() == times.tolist()
    assert "time column: joined from " in series.notes[0]


def test_one_column_with_equal_steps_is_preferred(tmp_path):
    table = pd.DataFrame({"year": MONTHS.year, "month": MONTHS.month, "date": MONTHS})
    table.assign(sales=1.5).to_csv(tmp_path / "my.csv", index=False)
    assert read_series(str(tmp_path / "my.csv")).notes[0] == "time column: date"


@pytest.mark.parametrize("parts", [{}, {"month": ["1"]}, {"year": ["1"], "day": ["2"]}])
def test_other_columns_are_not_joined(parts):
    assert join_time_parts(pd.DataFrame(parts, dtype=str)) is None
