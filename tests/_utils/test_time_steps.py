"""Steps of a frequency between labels."""

import numpy as np
import pandas as pd
import pytest

from skcnnlstm._utils.time_labels import read_labels
from skcnnlstm._utils.time_steps import (
    count_steps,
    is_first_day,
    skip_holidays,
    weekdays_of,
)

ALIASES = [
    "D",
    "2D",
    "W-MON",
    "3W-SUN",
    "MS",
    "ME",
    "5MS",
    "QS-FEB",
    "QE-NOV",
    "2QE-DEC",
]
ALIASES += ["YS-JUL", "YE-JUN", "3YS-JAN", "B", "2B", "BME", "SMS", "bh", "WOM-3FRI"]
ALIASES += ["2QE-DEC", "h", "7min", "1500ms"]


@pytest.mark.parametrize("freq", ALIASES)
def test_steps_are_those_of_pandas(freq):
    index = pd.date_range("1969-11-20 09:00", periods=80, freq=freq)
    labels = read_labels(index)
    steps = count_steps(labels, freq, labels.row(30))
    assert steps.tolist() == list(range(-30, 50))
    subset = labels._replace(ticks=labels.ticks[::7], wall=labels.wall[::7])
    holidays = count_steps(subset, freq, labels.row(0), holidays=False)
    assert holidays.tolist() == list(range(0, 80, 7))


@pytest.mark.parametrize("freq", ALIASES)
def test_a_label_off_the_grid_has_no_position(freq):
    index = pd.date_range("1969-11-20 09:00", periods=80, freq=freq)
    wrong = index.to_numpy().copy()
    wrong[40] += np.timedelta64(1, "s")
    labels = read_labels(pd.DatetimeIndex(wrong))
    assert count_steps(labels, freq, labels.row(0)) is None


def test_an_origin_off_the_grid_gives_no_positions():
    labels = read_labels(pd.date_range("2024-01-03", periods=4, freq="W-WED"))
    assert count_steps(labels, "W-MON", labels.row(0)) is None
    assert count_steps(labels, "MS", labels.row(0)) is None


def test_ten_missing_business_days_are_no_steps_on_either_side():
    steps = np.array([-40, -12, -1, 0, 11, 12, 24])
    assert skip_holidays(steps).tolist() == [-30, -2, -1, 0, 1, 2, 14]
    assert skip_holidays(np.array([5, 6])).tolist() == [1, 2]


def test_days_of_the_month_and_of_the_week():
    days = pd.date_range("1969-12-30", periods=5)
    numbers = np.arange(-2, 3)
    assert is_first_day(numbers).tolist() == (days.day == 1).tolist()
    assert weekdays_of(numbers).tolist() == days.day_of_week.tolist()
