"""One small instance of every public class.

The common tests are parametrized with these lists. A new architecture is one more row.
"""

from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

import skcnnlstm as s
from skcnnlstm.testing import EXPECTED_FAILURES

TINY = {"epochs": 2, "batch_size": 16, "random_state": 0}

REGRESSORS = [
    s.CNNRegressor(filters=4, dense_units=4, **TINY),
    s.LSTMRegressor(lstm_units=4, **TINY),
    s.CNNLSTMRegressor(filters=4, lstm_units=4, **TINY),
    s.ConvLSTMRegressor(filters=4, **TINY),
    s.ParallelCNNLSTMRegressor(filters=(4, 4), lstm_units=4, **TINY),
    s.LSTMFCNRegressor(filters=(4, 4), kernel_size=3, lstm_units=4, **TINY),
    s.DeepConvLSTMRegressor(filters=(4, 4), lstm_units=(4, 4), **TINY),
    s.CLDNNRegressor(
        filters=(4, 4), linear_units=4, lstm_units=(4, 4), dense_units=4, **TINY
    ),
    s.TCNLSTMRegressor(filters=(4, 4), lstm_units=4, **TINY),
    s.CNNLSTMEncoderDecoderRegressor(
        filters=(4, 4), lstm_units=4, dense_units=4, **TINY
    ),
    s.LSTNetRegressor(filters=4, gru_units=4, skip=4, skip_units=2, **TINY),
    s.ConvLSTMGridRegressor(filters=4, **TINY),
]
CLASSIFIERS = [
    s.CNNClassifier(filters=4, dense_units=4, **TINY),
    s.LSTMClassifier(lstm_units=4, **TINY),
    s.CNNLSTMClassifier(filters=4, lstm_units=4, **TINY),
    s.ConvLSTMClassifier(filters=4, **TINY),
    s.ParallelCNNLSTMClassifier(filters=(4, 4), kernel_size=3, lstm_units=4, **TINY),
    s.LSTMFCNClassifier(filters=(4, 4), kernel_size=3, lstm_units=4, **TINY),
    s.DeepConvLSTMClassifier(filters=(4, 4), lstm_units=(4, 4), **TINY),
    s.CLDNNClassifier(
        filters=(4, 4), linear_units=4, lstm_units=(4, 4), dense_units=4, **TINY
    ),
    s.TCNLSTMClassifier(filters=(4, 4), lstm_units=4, **TINY),
]
ENSEMBLES = [
    s.HybridEnsembleRegressor(cnn=REGRESSORS[0], lstm=REGRESSORS[1]),
    s.HybridEnsembleClassifier(cnn=CLASSIFIERS[0], lstm=CLASSIFIERS[1]),
]
TRANSFORMERS = [
    s.FlattenWindows(),
    s.LastSteps(window_length=1),
    s.SlidingWindow(window_length=3),
    s.SubsequenceReshaper(),
]
DETECTORS = [
    # The checks use series of ten rows or more: too few for a lower contamination.
    s.ForecastAnomalyDetector(
        s.SeriesForecaster(make_pipeline(s.FlattenWindows(), Ridge()), window_length=2),
        contamination=0.3,
    ),
]

ALL = [*REGRESSORS, *CLASSIFIERS, *ENSEMBLES, *TRANSFORMERS, *DETECTORS]

_ROWS_DEPEND = {
    "check_methods_subset_invariance": "a window holds the rows before its own",
    "check_methods_sample_order_invariance": "a window holds the rows before its own",
}
_AT_MOST = (
    "the threshold is a conformal quantile of the scores of held-out rows: the share "
    "of training outliers is at most, not exactly, contamination"
)
_DETECTORS = {
    **dict.fromkeys(_ROWS_DEPEND, "a row is scored with the rows before it"),
    "check_outliers_train": _AT_MOST,
    "check_outliers_fit_predict": _AT_MOST,
    "check_fit1d": "an array of shape (n_rows,) is a series",
}


def expected_failures(estimator):
    """Return `{check: reason}` for the checks that an estimator cannot pass."""
    if isinstance(estimator, s.SlidingWindow):
        return _ROWS_DEPEND
    if isinstance(estimator, s.ForecastAnomalyDetector):
        return _DETECTORS
    if estimator in TRANSFORMERS or any(
        type(estimator) is type(transformer) for transformer in TRANSFORMERS
    ):
        return {}
    if type(estimator).__name__.startswith("HybridEnsemble"):
        name = "check_sample_weight_equivalence_on_dense_data"
        return {name: EXPECTED_FAILURES[name]}
    return EXPECTED_FAILURES
