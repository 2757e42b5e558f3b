"""Join columns of a CSV file that hold parts of a time, such as year and month."""

import calendar
from itertools import takewhile

import pandas as pd

_CLOCK = ("year", "month", "day", "hour", "minute")
_GROUPS = (("date", "time"), _CLOCK, ("year", "quarter"), ("year", "week"))
_MONTHS = {name: str(n) for n, name in enumerate(calendar.month_abbr) if n}


def join_time_parts(table):
    """Join the columns that hold parts of a time, such as year and month.

    Return the joined column and the names of its parts, or None if there are no such
    columns. Columns are found by name, in one of these groups: date and time; year and
    month, with day, hour and minute if they exist; year and quarter; year and ISO week.
    Months may be numbers or names.
    """
    columns = {str(column).strip().lower(): column for column in table.columns}
    for group in _GROUPS:
        names = list(takewhile(columns.__contains__, group))
        if len(names) > 1:
            cells = {name: table[columns[name]].str.strip() for name in names}
            joined = _join(**cells)
            parts = [columns[name] for name in names]
            return joined.rename("-".join(map(str, parts))), parts
    return None


def _join(*, date=None, time=None, year=None, quarter=None, week=None, **parts):
    if date is not None:
        return date + " " + time
    if quarter is not None:
        return year + "Q" + quarter.str.lstrip("Qq")
    if week is not None:
        return year + "-W" + week.str.zfill(2)
    month = parts["month"]
    month = month.str[:3].str.title().map(_MONTHS).fillna(month)
    two = {name: cells.str.zfill(2) for name, cells in parts.items()}
    text = year + "-" + month.str.zfill(2)
    if "day" in parts:
        text += "-" + two["day"]
    if "hour" in parts:
        minute = two.get("minute", pd.Series("00", year.index))
        text += " " + two["hour"] + ":" + minute
    return text
