"""HybridRegressor: the base class of the regressors."""

from __future__ import annotations

import math

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import RegressorTags
from sklearn.utils.metaestimators import available_if

from skcnnlstm._utils.calls import check_calls
from skcnnlstm._utils.validation import (
    check_boolean,
    check_quantiles,
    check_regression_target,
    is_auto,
)
from skcnnlstm.layers.quantiles import PinballLoss
from skcnnlstm.wrappers._scikeras import KerasRegressor
from skcnnlstm.wrappers.assemble import build_normalised
from skcnnlstm.wrappers.base import Hybrid
from skcnnlstm.wrappers.parameters import AUTO_EPOCHS, regressor_parameters


def _has_quantiles(estimator):
    return estimator._network_param("quantiles") is not None


def _wants_codes(loss):
    """Tell whether a loss is Keras' own of class codes, in any of its forms."""
    if not isinstance(loss, str):
        loss = getattr(loss, "__name__", type(loss).__name__)
    return loss in ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy")


@check_calls
class HybridRegressor(Hybrid, KerasRegressor):
    """Base class of the regressors: `class XRegressor(HybridRegressor, build=build_x)`.

    `build_x` declares the network and its hyper-parameters; signature, docstring and
    all methods follow from it.
    """

    _own_parameters = staticmethod(regressor_parameters)

    def _given(self):
        """Replace "auto" by what it means where no forecaster says otherwise."""
        given = super()._given()
        for name, meaning in (("epochs", AUTO_EPOCHS), ("linear_skip", False)):
            if is_auto(given[name]):
                given[name] = meaning
        return given

    def _settings(self):
        settings = super()._settings()
        check_boolean("linear_skip", settings["linear_skip"])
        if _wants_codes(settings["loss"]):
            raise ValueError(
                "loss must compare numbers with numbers in a regressor: got "
                f"loss={settings['loss']!r}, which wants class codes. Use 'mse' or "
                "'mae', or the classifier of this name."
            )
        quantiles = settings["quantiles"] = check_quantiles(settings["quantiles"])
        if quantiles is None:
            return settings
        if settings["loss"] != self._defaults()["loss"] or self._routed("loss"):
            raise ValueError(
                "loss must not be set beside quantiles, which are learned by the "
                f"pinball loss: got loss={settings['loss']!r}, quantiles={quantiles}. "
                "Leave loss as it is, or set quantiles=None."
            )
        return settings | {"loss": PinballLoss(quantiles)}

    def _plan_network(self, settings, input_shape, n_outputs):
        _, *shapes, params = super()._plan_network(settings, input_shape, n_outputs)
        around = "instance_norm", "season_length", "linear_skip", "n_targets"
        params |= {name: settings[name] for name in (*around, "quantiles")}
        return build_normalised, *shapes, params

    def _check_target(self, y, X):
        return check_regression_target(y, len(X), estimator=self)

    def _encode(self, y, loss, classes):
        codes = y.reshape(len(y), -1).astype(np.float32)
        n_outputs = codes.shape[1]
        if isinstance(loss, PinballLoss):
            codes = loss.spread(codes)
        return codes, n_outputs, {"_target_shape": y.shape[1:]}

    def _hold_out(self, samples, settings, seed):
        """Cut off the chronological tail."""
        fraction, gap = settings["validation_fraction"], settings["validation_gap"]
        n_held = max(1, math.ceil(len(samples) * fraction))
        n_train = len(samples) - n_held - gap
        if n_train < 1:
            raise ValueError(
                "early_stopping must leave samples to train on: got "
                f"{len(samples)} samples, {n_held} of them held out "
                f"(validation_fraction={fraction}) after validation_gap={gap}. Give "
                "more samples, or lower validation_fraction or validation_gap."
            )
        tail = samples.select(slice(len(samples) - n_held, None))
        return samples.select(slice(0, n_train)), tail

    def partial_fit(self, X, y, sample_weight=None):
        """Train one more epoch from the present weights.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.

        Returns
        -------
        self : estimator
        """
        return self._continue(X, y, sample_weight)

    def predict(self, X):
        """Forecast from windows.

        Parameters
        ----------
        X : array-like
            Windows of the fitted shape. Missing first steps (NaN in every feature)
            are filled with the first known one, with a warning, unless `missing` is
            "mask".

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            In the shape of the fitted target; the median where there are `quantiles`.
        """
        predicted = self._raw_predict(X)
        quantiles = self._network_param("quantiles")
        if quantiles is not None:
            predicted = predicted[..., quantiles.index(0.5)]
        return predicted.reshape(len(predicted), *self._target_shape)

    def _build_graph(self, context):
        """Return the predictions (the median with `quantiles`) as a graph."""
        quantiles = self._network_param("quantiles")
        target_shape = self._target_shape

        def predict(raw):
            median = raw if quantiles is None else raw[..., quantiles.index(0.5)]
            return context.ops.reshape(median, (-1, *target_shape))

        return super()._build_graph(context).then(predict)

    @available_if(_has_quantiles)
    def predict_quantiles(self, X):
        """Forecast every quantile from windows.

        Only with `quantiles`.

        Parameters
        ----------
        X : array-like
            Windows, as for `predict`.

        Returns
        -------
        y : ndarray of shape (n_samples, n_outputs, n_quantiles), float64
            In the order of `quantiles`; ascending, never crossing.
        """
        return self._raw_predict(X)

    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination R^2 of `predict(X)`.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.

        Returns
        -------
        score : float
            1 at best.
        """
        return RegressorMixin.score(self, X, y, sample_weight)

    def __sklearn_tags__(self):
        """Return scikit-learn's tags."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        # The checks feed rows that are no windows, to networks of a few epochs.
        tags.regressor_tags = RegressorTags(poor_score=True)
        tags.target_tags.multi_output = True
        return tags
