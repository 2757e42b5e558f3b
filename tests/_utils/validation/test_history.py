"""Messages about missing history name the row order and the index."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm import CNNRegressor, MistakeWarning, SlidingWindow

FRAME = pd.DataFrame(
    {"a": np.sin(np.arange(200.0))}, index=pd.date_range("2020", periods=200)
)


def pipeline(length, *steps, **params):
    network = CNNRegressor(filters=2, kernel_size=1, dense_units=2, epochs=1)
    return make_pipeline(*steps, SlidingWindow(length, **params), network)


def test_shuffled_rows_are_named_if_no_sample_is_left():
    train, _ = train_test_split(FRAME, random_state=0)
    with pytest.raises(ValueError, match=r"got 150 samples, 150 of them .* time order"):
        pipeline(48).fit(train, train["a"])
    train, _ = train_test_split(FRAME, shuffle=False)
    pipeline(48).fit(train, train["a"])


@pytest.mark.parametrize("length", [3, 5, 8])
@pytest.mark.parametrize("sort", [False, True])
def test_shuffled_rows_are_named_if_some_samples_are_left(length, sort):
    train, _ = train_test_split(FRAME, random_state=0)
    train = train.sort_index() if sort else train
    with pytest.warns(MistakeWarning, match="probably shuffled, because") as caught:
        pipeline(length).fit(train, train["a"])
    assert len(caught) == 1


def test_the_index_is_named_if_a_scaler_drops_it_and_the_remedies_work():
    train, test = FRAME[:150], FRAME[150:]
    fitted = pipeline(8, StandardScaler()).fit(train, train["a"])
    with pytest.warns(UserWarning, match=r"7 of 50 .*set_output\(transform=.pandas"):
        fitted.predict(test)
    scaler = StandardScaler().set_output(transform="pandas")
    pipeline(8, scaler).fit(train, train["a"]).predict(test)
    always = pipeline(8, StandardScaler(), context="always")
    always.fit(train, train["a"]).predict(test)
