"""Test folds in time order and the predictions for them."""

from contextlib import nullcontext
from itertools import repeat

import numpy as np
import pytest
from ensemble_members import LastStepClassifier, tiny_ensemble
from sklearn.model_selection import TimeSeriesSplit

from skcnnlstm import CNNRegressor
from skcnnlstm.ensemble import out_of_fold


@pytest.mark.parametrize("gap", [0, 3])
@pytest.mark.parametrize("n_splits", [2, 5])
def test_folds_are_those_of_time_series_split(n_splits, gap):
    expected = TimeSeriesSplit(n_splits, gap=gap).split(np.empty(29))
    folds = out_of_fold.time_ordered_folds(29, n_splits, gap)
    rows = np.arange(29)
    for (train, test), (train_rows, test_rows) in zip(folds, expected, strict=True):
        np.testing.assert_array_equal(rows[train], train_rows)
        np.testing.assert_array_equal(rows[test], test_rows)


def test_out_of_fold_predictions_do_not_depend_on_later_samples(wave):
    X, y, _ = wave
    members = [CNNRegressor(epochs=1, filters=2, dense_units=(), random_state=0)]
    folds = out_of_fold.time_ordered_folds(len(X), 3, 0)

    def predict_member(member, X):
        return member.predict(X).reshape(len(X), -1)

    def predict(X, y):
        return out_of_fold.out_of_fold_predictions(
            members, X, y, None, folds, predict_member, repeat(nullcontext)
        )

    before = predict(X, y)[0]
    first_changed = folds[1][1].start
    X, y = X.copy(), y.copy()
    X[first_changed:] += 7
    y[first_changed:] -= 7
    after = predict(X, y)[0]
    n_earlier = first_changed - folds[0][1].start
    np.testing.assert_array_equal(before[:n_earlier], after[:n_earlier])
    assert not np.array_equal(before[n_earlier:], after[n_earlier:])


def test_error_in_a_fold_has_a_note_with_the_samples_of_the_fold(wave):
    X, y, _ = wave
    ensemble = tiny_ensemble(method="weighted", validation_gap=1).set_params(
        cnn__early_stopping=True, cnn__validation_gap=30
    )
    with pytest.raises(ValueError, match="early_stopping") as caught:
        ensemble.fit(X, y)
    assert caught.value.__notes__ == [
        "Raised by CNNRegressor, fitted on the first 19 samples to predict samples 20 "
        "to 39. The folds depend on n_splits and validation_gap."
    ]


def test_classes_not_seen_in_fit_have_probability_zero():
    X = np.array([[0.0], [2.0]])
    member = LastStepClassifier(0.9).fit(X, ["a", "c"])
    np.testing.assert_allclose(
        out_of_fold.probabilities(member, X, np.array(["a", "b", "c"])),
        [[0.9, 0, 0.1], [0.1, 0, 0.9]],
    )
