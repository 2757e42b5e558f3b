"""CNN and LSTM hybrids for time series that behave like scikit-learn estimators.

Public names are imported on first use, so a transformer does not load TensorFlow.
"""

from __future__ import annotations

import importlib

__version__ = "0.2.0.dev0"

_MODULES = {
    "windows": (
        "make_windows",
        "FlattenWindows",
        "LastSteps",
        "SlidingWindow",
        "SubsequenceReshaper",
    ),
    "anomaly": ("ForecastAnomalyDetector",),
    "architectures.cldnn": ("CLDNNClassifier", "CLDNNRegressor"),
    "architectures.cnn": ("CNNClassifier", "CNNRegressor"),
    "architectures.cnn_lstm": ("CNNLSTMClassifier", "CNNLSTMRegressor"),
    "architectures.conv_lstm": ("ConvLSTMClassifier", "ConvLSTMRegressor"),
    "architectures.conv_lstm_grid": ("ConvLSTMGridRegressor",),
    "architectures.deep_conv_lstm": (
        "DeepConvLSTMClassifier",
        "DeepConvLSTMRegressor",
    ),
    "architectures.encoder_decoder": ("CNNLSTMEncoderDecoderRegressor",),
    "architectures.lstm": ("LSTMClassifier", "LSTMRegressor"),
    "architectures.lstm_fcn": ("LSTMFCNClassifier", "LSTMFCNRegressor"),
    "architectures.lstnet": ("LSTNetRegressor",),
    "architectures.parallel": (
        "ParallelCNNLSTMClassifier",
        "ParallelCNNLSTMRegressor",
    ),
    "architectures.tcn_lstm": ("TCNLSTMClassifier", "TCNLSTMRegressor"),
    "model_selection.backtesting": ("BacktestResult", "backtest"),
    "display": (
        "AttentionDisplay",
        "AttributionDisplay",
        "BacktestDisplay",
        "ForecastDisplay",
        "TrainingHistoryDisplay",
    ),
    "ensemble": ("HybridEnsembleClassifier", "HybridEnsembleRegressor"),
    "exporting": ("export",),
    "forecasting": ("SeriesForecaster", "forecast_scorer"),
    "exceptions": ("LeakageError", "MistakeWarning"),
    "model_selection.leakage": ("LeakageReport", "check_leakage"),
    "_utils.discovery": ("all_estimators",),
    "training": ("clear_programs",),
    "saving": ("load", "save"),
    "model_selection.split": ("HorizonSplit", "PanelTimeSeriesSplit"),
    "wrappers": ("HybridClassifier", "HybridRegressor"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name):
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
