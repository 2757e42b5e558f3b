"""Date labels for a time axis. Importing this module imports matplotlib."""

from matplotlib.dates import AutoDateLocator, DateFormatter, num2date

# Formats of a tick label and of its second line, which is written if it changes.
_UNITS = {
    "year": ("%Y", ""),
    "month": ("%b", ""),
    "day": ("%d", "%b"),
    "time": ("%H:%M", "%d %b"),
    "second": ("%H:%M:%S", "%d %b"),
}


class TickDates(DateFormatter):
    """Format ticks as dates, with larger units, such as the year, in a second line.

    The larger units are written below the first tick, and below each tick where they
    change. The ConciseDateFormatter of matplotlib omits them at the first tick. It
    writes the year at the end of the axis, where it can overlap a label or the next
    panel.
    """

    def __init__(self):
        super().__init__("%Y-%m-%d %H:%M")  # label of the cursor position

    def format_ticks(self, values):
        """Return the labels of all ticks."""
        dates = [num2date(value, self.tz) for value in values]
        unit = _unit(dates)
        first_line, second_line = _UNITS[unit]
        labels, previous, year = [], None, None
        for date in dates:
            group = date.year, date.strftime(second_line)
            below = group[1] if group != previous else ""
            if unit != "year" and date.year != year:
                below = f"{below} {date.year}".strip()
            labels.append("\n".join(filter(None, [date.strftime(first_line), below])))
            previous, year = group, date.year
        return labels


def _unit(dates):
    """Return the smallest unit of time that is needed to label the ticks."""
    if any(date.second or date.microsecond for date in dates):
        return "second"
    if any(date.hour or date.minute for date in dates):
        return "time"
    if any(date.day > 1 for date in dates):
        return "day"
    return "month" if any(date.month > 1 for date in dates) else "year"


def format_dates(ax):
    """Format the x-axis as dates, with as many ticks as its width allows."""
    width = ax.get_window_extent().width / ax.figure.dpi  # in inches
    # A period just too short for three ticks of a unit, such as 35 months, needs seven
    # ticks of the next smaller unit.
    locator = AutoDateLocator(minticks=3, maxticks=max(7, int(1.3 * width)))
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(TickDates())
