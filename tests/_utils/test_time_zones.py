"""Times of the local clock."""

import pandas as pd

from skcnnlstm._utils.time_zones import day_exists, local_times, localize


def test_local_times_have_one_time_of_day():
    local = pd.date_range("2024-03-29 06:30", periods=4, unit="s")
    found, is_daily = local_times(local.tz_localize("Europe/Berlin"))
    assert found.equals(local) and is_daily
    assert not local_times(local[:1].append(local[1:] + pd.Timedelta("1s")))[1]


def test_a_day_across_the_date_line_does_not_exist():
    days = pd.date_range("2011-12-29 23:00", periods=3)
    assert day_exists(days, "Pacific/Apia").tolist() == [True, False, True]
    assert day_exists(days, "Europe/Berlin").all()


def test_ambiguous_times_are_the_first_ones_and_others_are_shifted():
    times = pd.DatetimeIndex(["2024-03-31 02:30", "2024-10-27 02:30"])
    assert localize(times, "Europe/Berlin").strftime("%H:%M %z").tolist() == [
        "03:00 +0200",
        "02:30 +0200",
    ]
