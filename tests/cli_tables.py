"""Tables and options that the tests of the command line share."""

import numpy as np
import pandas as pd

N_ROWS = 40
QUICK = ["--horizon", "3", "--window-length", "8", "--season-length", "4"]
QUICK += ["--folds", "2", "--epochs", "2", "--models", "cnn"]


def make_table(n_rows=N_ROWS):
    """Return a daily table: dates, two positive series and a column of text."""
    t = np.arange(n_rows)
    return pd.DataFrame(
        {
            "date": pd.date_range("2020-01-01", periods=n_rows, freq="D"),
            "sales": 100 + t + 10.0 * (t % 4),
            "visits": 1000 + 50.0 * (t % 4) + t % 3,
            "place": "here",
        }
    )


def write_table(folder, table, name="my.csv"):
    """Write a table to a CSV file and return its name."""
    table.to_csv(folder / name, index=False)
    return name
