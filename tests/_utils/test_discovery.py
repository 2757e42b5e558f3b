"""The list of all estimators."""

from user_errors import assert_error

import skcnnlstm
from skcnnlstm import all_estimators


def test_each_estimator_has_one_kind_and_all_are_sorted_by_name():
    kinds = (
        "regressor",
        "classifier",
        "forecaster",
        "outlier_detector",
        "transformer",
    )
    by_kind = {kind: all_estimators(kind) for kind in kinds}
    everything = all_estimators()
    assert everything == sorted(pair for pairs in by_kind.values() for pair in pairs)
    assert all(name == cls.__name__ for name, cls in everything)
    bases = {skcnnlstm.HybridRegressor, skcnnlstm.HybridClassifier}
    assert not bases & {cls for _, cls in everything}
    assert ("SeriesForecaster", skcnnlstm.SeriesForecaster) in by_kind["forecaster"]
    assert ("HybridEnsembleRegressor", skcnnlstm.HybridEnsembleRegressor) in by_kind[
        "regressor"
    ]
    for kind in ("regressor", "classifier"):
        assert all(name.endswith(kind.title()) for name, _ in by_kind[kind])


def test_an_unknown_kind_is_an_error_that_lists_the_known_ones():
    message = (
        "kind must be one of None, 'regressor', 'classifier', 'forecaster', "
        "'outlier_detector', 'transformer': got kind='cluster'."
    )
    assert_error(lambda: all_estimators("cluster"), ValueError, message)
