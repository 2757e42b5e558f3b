"""Data and helpers for the tests of the leakage check."""

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm import (
    FlattenWindows,
    SlidingWindow,
    make_windows,
)

SERIES = np.random.default_rng(0).normal(size=120).cumsum() + 50


FRAME = pd.DataFrame({"v": SERIES}, pd.date_range("2024", periods=120, freq="D"))


LONG = pd.concat(
    [
        FRAME.assign(shop=shop, open=True, kind=pd.Categorical(["a"] * 120))
        for shop in ("north", "west")
    ]
)


RIDGE = make_pipeline(FlattenWindows(), Ridge())


SHARED = ("shared target steps", "proof")


BOTH = ("one recording in both parts", "suspicion")


FUTURE = ("the future in the training part", "proof")


def windows(horizon=3, series=SERIES, **params):
    return make_windows(series, 6, horizon, **params)


def kinds(report):
    return list(zip(report.findings["kind"], report.findings["certainty"], strict=True))


def pipeline_of_rows():
    scaler = StandardScaler().set_output(transform="pandas")
    return make_pipeline(scaler, SlidingWindow(4), FlattenWindows(), Ridge())
