"""Ensembles of a CNN and an LSTM that are trained separately and combined."""

from skcnnlstm.ensemble.classifier import HybridEnsembleClassifier
from skcnnlstm.ensemble.regressor import HybridEnsembleRegressor

__all__ = ["HybridEnsembleClassifier", "HybridEnsembleRegressor"]
