"""Known-future columns: names, widths and their order."""

import numpy as np
import pandas as pd
from forecast_models import RisingOfOne, plain
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

DAYS = pd.date_range("2024-01-01", periods=30, freq="D")
SERIES = pd.Series(np.arange(20.0), DAYS[:20])
EXOG = pd.DataFrame({"shop": ["a", "b"] * 15}, DAYS)


def day(times):
    return times.dt.day.to_frame("day")


def known_of(exog=None, **params):
    return plain(RisingOfOne(), **params).fit(SERIES, exog=exog)._fitted.known


def test_without_exog_and_calendar_nothing_is_known():
    forecaster = plain(RisingOfOne()).fit(SERIES)
    assert forecaster._fitted.known is None
    assert forecaster.exog_transformer_ is None
    assert forecaster.calendar_ is None


def test_names_and_widths():
    prices = pd.DataFrame({"price": np.arange(30.0)}, DAYS)
    assert known_of(prices).names == ["price"]
    assert known_of(np.zeros((20, 2))).names == ["exog0", "exog1"]
    encoder = OneHotEncoder(sparse_output=False)
    assert known_of(EXOG, exog_transformer=encoder).names == ["shop_a", "shop_b"]
    assert known_of(calendar=day).names == ["day"]
    assert known_of(calendar=lambda times: times.dt.day).names == ["calendar0"]
    both = known_of(EXOG, exog_transformer=encoder, calendar=day)
    assert both.names == ["shop_a", "shop_b", "day"]
    assert both.width == 3
    unnamed = FunctionTransformer(lambda rows: rows == "a")
    assert known_of(EXOG.to_numpy()[:20], exog_transformer=unnamed).width == 1


def test_columns_of_the_calendar_follow_those_of_exog():
    forecaster = plain(RisingOfOne(), calendar=day).fit(SERIES, exog=np.arange(20.0))
    assert forecaster.estimator_.X_[0].tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    forecaster.forecast(exog=[7.0])
    assert forecaster.estimator_.asked_[0, -1].tolist() == [19, 7, 21]
