"""Tests of the selection of outputs and of logits."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from user_errors import assert_error

from skcnnlstm.inspection.outputs import log_odds, select_outputs

LABELS = np.array(["no", "yes"])


@pytest.mark.parametrize(
    "target, shape, names, positions, kept",
    [
        (None, (), None, [0], ()),
        (0, (), None, [0], ()),
        (None, (3,), None, [0, 1, 2], (3,)),
        (-1, (3,), None, [2], ()),
        (1, (2, 2), None, [2, 3], (2,)),
        ((1, 0), (2, 2), None, [2], ()),
        ((1, "b"), (2, 2), ["a", "b"], [3], ()),
    ],
)
def test_positions_of_outputs(target, shape, names, positions, kept):
    found = select_outputs(target, shape, names=names)
    assert_array_equal(found[0], positions)
    assert found[1] == kept


def test_a_class_is_selected_by_its_label():
    assert select_outputs("yes", (2,), LABELS)[0].tolist() == [1]
    assert select_outputs(1, (2,), np.array([1, 0]))[0].tolist() == [0]


def test_a_class_is_selected_at_each_step():
    positions, kept = select_outputs("yes", (3, 2), LABELS)
    assert_array_equal(positions, [1, 3, 5])
    assert kept == (3,)


@pytest.mark.parametrize(
    "target, classes, names, error, message",
    [
        (
            "maybe",
            LABELS,
            None,
            ValueError,
            "target must be a class label: got target='maybe'. Use one of 'no', 'yes'.",
        ),
        (
            2,
            None,
            None,
            ValueError,
            "target must hold positions that exist in the outputs: got target=2, where "
            "2 must be from 0 to 1. Use target=None for all outputs.",
        ),
        (
            (0, 0),
            None,
            None,
            ValueError,
            "target must have at most one entry for each axis of the outputs: got "
            "target=(0, 0) for outputs of shape (2,). Use (0,).",
        ),
        (
            1.5,
            None,
            None,
            TypeError,
            "target must consist of integers or names: got target=1.5. Use target=0 "
            "for the first output.",
        ),
        (
            "price",
            None,
            ["load", "wind"],
            ValueError,
            "target must consist of positions or of the names 'load', 'wind': got "
            "target='price'. Use target=None for all outputs.",
        ),
    ],
)
def test_an_unknown_output_raises(target, classes, names, error, message):
    assert_error(lambda: select_outputs(target, (2,), classes, names), error, message)
    for remedy in (None, 0, (0,), "no", "load"):
        labels = LABELS if remedy == "no" else None
        select_outputs(remedy, (2,), labels, ["load", "wind"])


def test_log_odds_are_accurate_near_one():
    rare = np.array([1e-9, 0.25, 0.5])
    odds = log_odds(np.stack([1 - rare, rare], axis=1))
    assert_allclose(odds[:, 1], np.log(rare / (1 - rare)), rtol=1e-6, atol=1e-9)
    assert_allclose(odds[:, 0], -odds[:, 1], rtol=1e-6, atol=1e-9)
    assert np.isfinite(log_odds(np.array([[1.0, 0.0]]))).all()
