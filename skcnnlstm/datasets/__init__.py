"""Example series that are included in the package."""

from importlib.resources import files

import pandas as pd

__all__ = ["load_airline"]


def load_airline():
    """Load the monthly numbers of international airline passengers.

    The series has 144 months, January 1949 to December 1960, in thousands of
    passengers. It has a trend and a yearly season that grows with the trend.

    Returns
    -------
    series : pandas.Series of shape (144,)
        Float values with the name "passengers". The index is a ``DatetimeIndex`` of
        the first days of the months, with the name "month" and frequency "MS".

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
