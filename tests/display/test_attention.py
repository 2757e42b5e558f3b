"""Tests of `AttentionDisplay`."""

import numpy as np
import pytest
from display_cases import TINY
from sklearn.pipeline import make_pipeline

import skcnnlstm as s


def test_several_windows_are_an_image_and_one_window_is_bars(samples):
    X, y = samples
    network = s.CNNLSTMRegressor(attention=True, n_subsequences=3, **TINY)
    pipeline = make_pipeline(s.LastSteps(12), network).fit(X, y)
    display = s.AttentionDisplay.from_estimator(pipeline, X)
    weights = pipeline[-1].attention_weights(X)
    np.testing.assert_array_equal(display.image_.get_array(), weights)
    assert display.ax_.get_xlabel() == "part of the window, oldest first"
    bars = s.AttentionDisplay.from_estimator(pipeline[-1], X[:1])
    assert [bar.get_height() for bar in bars.bars_] == weights[0].tolist()
    with pytest.raises(TypeError, match="must be a network with attention: got CNNReg"):
        s.AttentionDisplay.from_estimator(s.CNNRegressor(**TINY).fit(X, y), X)
