"""Tests of date labels."""

import numpy as np
import pytest
from matplotlib import dates as mdates

import skcnnlstm as s


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
def test_tick_labels_name_the_month_and_year_where_they_change(airline, dates, labels):
    axis = s.ForecastDisplay.from_predictions(airline).ax_.xaxis
    ticks = mdates.date2num(np.array(dates.split(), dtype="datetime64[s]"))
    assert axis.get_major_formatter().format_ticks(ticks) == labels
    assert axis.get_major_formatter().get_offset() == ""
