"""Real series that come with the package."""

from importlib.resources import files

import pandas as pd

__all__ = ["load_airline"]


def load_airline():
    """Load the monthly totals of international airline passengers.

    144 months, January 1949 to December 1960, in thousands of passengers: a
    trend, and a yearly season that grows with it.

    Returns
    -------
    series : pandas.Series of shape (144,)
        Float values named "passengers", indexed by the first day of each month:
        a ``DatetimeIndex`` named "month", with frequency "MS".

    References
    ----------
    .. [1] G. E. P. Box and G. M. Jenkins, "Time Series Analysis: Forecasting and
       Control", Holden-Day, 1970 (Series G).

    Examples
    --------
    >>> from skcnnlstm.datasets import load_airline
    >>> load_airline().tail(3)
    month
    1960-10-01    461.0
    1960-11-01    390.0
    1960-12-01    432.0
    Freq: MS, Name: passengers, dtype: float64
    """
    with files(__name__).joinpath("airline-passengers.csv").open() as file:
        table = pd.read_csv(file)
    months = pd.DatetimeIndex(table["Month"], freq="MS", name="month")
    passengers = table["Passengers"].to_numpy(dtype=float)
    return pd.Series(passengers, index=months, name="passengers")
