"""Data and helpers for the tests of displays. Importing it requires matplotlib."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

import skcnnlstm as s

matplotlib = pytest.importorskip("matplotlib", reason="the extra plot is not installed")
matplotlib.use("Agg")


TINY = {"filters": 4, "epochs": 3, "random_state": 0}


SHOPS = pd.concat(
    [
        pd.DataFrame(
            {"shop": shop, "sales": np.arange(40.0) + place},
            pd.date_range("2025", periods=40),
        )
        for place, shop in enumerate(["north", "west", "east"])
    ]
)


NORTH = SHOPS[SHOPS["shop"] == "north"]


def ridge(**params):
    estimator = make_pipeline(s.FlattenWindows(), Ridge())
    return s.SeriesForecaster(estimator, **{"horizon": 6, **params})


def legend_of(display):
    legend = display.ax_.get_legend() or display.figure_.legends[0]
    return [text.get_text() for text in legend.get_texts()]


def values_of(line):
    return np.asarray(line.get_ydata(), dtype=float)


def labels_of(line):
    return pd.DatetimeIndex(line.get_xdata())
