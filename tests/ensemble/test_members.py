"""Test the checks and the preparation of the members."""

import numpy as np
import pytest
from ensemble_members import ShiftedLastStep
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm import CNNRegressor
from skcnnlstm.ensemble.members import (
    check_accept_weights,
    check_member,
    draw_seeds,
    with_epochs,
    with_seed,
)


def test_seeds_are_set_at_any_depth_but_replace_none():
    unset = make_pipeline(StandardScaler(), ShiftedLastStep())
    assert with_seed(unset, 3)[-1].random_state == 3
    assert unset[-1].random_state is None  # the original is unchanged
    assert with_seed(ShiftedLastStep(random_state=7), 3).random_state == 7


def test_epochs_are_set_at_any_depth():
    pipeline = make_pipeline(StandardScaler(), CNNRegressor(epochs=5))
    assert with_epochs("cnn", pipeline, 2)[-1].epochs == 2
    assert pipeline[-1].epochs == 5


def test_seeds_depend_on_the_random_state_only():
    assert draw_seeds(None, 2) == [None, None]
    seeds = draw_seeds(0, 3)
    assert seeds == draw_seeds(0, 3)
    assert len(set(seeds)) == 3
    assert seeds != draw_seeds(np.random.RandomState(0), 3)


def test_only_an_estimator_of_the_kind_is_a_member():
    member = LinearRegression()
    assert check_member("cnn", member, "regressor", "Ridge()") is member
    with pytest.raises(TypeError, match=r"^cnn must be None or a classifier .* Use A"):
        check_member("cnn", member, "classifier", "A()")


def test_a_missing_final_estimator_needs_no_weights():
    check_accept_weights({"cnn": LinearRegression(), "final_estimator": None})
