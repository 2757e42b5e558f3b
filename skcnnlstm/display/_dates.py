"""Dates on an axis: matplotlib is imported with this."""

from __future__ import annotations

from matplotlib.dates import AutoDateLocator, DateFormatter, num2date

# Of each unit what stands at a tick, and below it where that is another than before.
_UNITS = {
    "year": ("%Y", ""),
    "month": ("%b", ""),
    "day": ("%d", "%b"),
    "time": ("%H:%M", "%d %b"),
    "second": ("%H:%M:%S", "%d %b"),
}


class TickDates(DateFormatter):
    """Names the month and year of the first tick, and others below where they begin.

    matplotlib's ConciseDateFormatter names neither at the first tick, and the year at
    the end of the axis, where it may stand on a label or the next panel's title.
    """

    def __init__(self):
        super().__init__("%Y-%m-%d %H:%M")  # of the place a cursor points at

    def format_ticks(self, values):
        """Return the labels of all ticks."""
        dates = [num2date(value, self.tz) for value in values]
        unit = _unit(dates)
        here, below = _UNITS[unit]
        labels, last, year = [], None, None
        for date in dates:
            group = date.year, date.strftime(below)
            named = group[1] if group != last else ""
            if unit != "year" and date.year != year:
                named = f"{named} {date.year}".strip()
            labels.append("\n".join(filter(None, [date.strftime(here), named])))
            last, year = group, date.year
        return labels


def _unit(dates):
    """Return the smallest unit in which ticks are not at a beginning."""
    if any(date.second or date.microsecond for date in dates):
        return "second"
    if any(date.hour or date.minute for date in dates):
        return "time"
    if any(date.day > 1 for date in dates):
        return "day"
    return "month" if any(date.month > 1 for date in dates) else "year"


def write_dates(ax):
    """Put dates on the axis of time, as many as its width has room for."""
    width = ax.get_window_extent().width / ax.figure.dpi  # in inches
    # Fewer than seven places would not do for what is just too short for three of
    # the larger unit: 35 months.
    locator = AutoDateLocator(minticks=3, maxticks=max(7, int(1.3 * width)))
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(TickDates())
