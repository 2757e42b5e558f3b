"""Scale a series before it is modelled, and scale forecasts back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skcnnlstm._utils.validation import check_target
from skcnnlstm.forecasting.standard_scaling import (
    StandardScalerFactory,
    is_standard,
    standardize,
    unstandardize,
)


class Roles(NamedTuple):
    """Positions of the columns that are forecast, and of the past covariates."""

    targets: list[int]
    past: list[int]


def find_roles(target_columns, rows):
    """Return the roles of the columns of a series: target or past covariate."""
    n_columns = rows.values.shape[1]
    targets = check_target(
        target_columns, n_columns, rows.columns, name="target_columns"
    )
    if len(set(targets)) < len(targets):
        raise ValueError(
            "target_columns must name each column once: got "
            f"target_columns={target_columns!r}. Remove the duplicates."
        )
    past = [column for column in range(n_columns) if column not in targets]
    return Roles(targets, past)


def check_past_covariates_known(roles, steps, horizon, block_length):
    """Raise if forecasts `steps` ahead would need future values of past covariates."""
    if not roles.past or steps <= block_length:
        return
    if block_length < horizon:
        raise ValueError(
            'target_columns must include every column with strategy="recursive": got '
            f"{len(roles.past)} columns that are not in target_columns. Use "
            'strategy="direct", or remove these columns from the series.'
        )
    raise ValueError(
        "steps must be at most horizon if the series has past covariates, because "
        f"these are not forecast: got steps={steps}, horizon={horizon}, "
        f"{len(roles.past)} past covariates. Fit with a longer horizon, or pass "
        "covariates that are known ahead as exog."
    )


def make_transformer(transformer):
    """Return an unfitted transformer for the parameter `transformer`; None for None."""
    if transformer is None:
        return None
    if isinstance(transformer, str) and transformer == "standard":
        return StandardScaler()
    if is_log(transformer):
        log = FunctionTransformer(
            np.log, np.exp, check_inverse=False, feature_names_out="one-to-one"
        )
        return make_pipeline(log, StandardScaler())
    methods = ("fit", "transform", "inverse_transform")
    if isinstance(transformer, type) or not all(
        hasattr(transformer, method) for method in methods
    ):
        raise (ValueError if isinstance(transformer, str) else TypeError)(
            'transformer must be "standard", "log", None or an instance with fit, '
            f"transform and inverse_transform: got transformer={transformer!r}. Use "
            "one of these, such as MinMaxScaler()."
        )
    return clone(transformer)


class TransformerFactory:
    """Fit one transformer for each of many series, with little overhead."""

    def __init__(self, transformer):
        self._transformer = transformer
        self._scalers = StandardScalerFactory()
        self._log = None  # has no state, so all series share one

    def fit(self, values, *, covariates=False):
        """Return a transformer fitted on values; None for ``transformer=None``.

        With `covariates`, the values are covariates, which "log" only standardizes.
        """
        if is_log(self._transformer) and not covariates:
            if self._log is None:
                self._log = make_transformer("log").fit(values)
            log, scaler = self._log.steps
            if get_config()["transform_output"] != "default":
                # Frames have column names, which the scaler then requires.
                return make_transformer("log").fit(values)
            scaled = self._scalers.fit(np.log(values))
            return Pipeline([log, (scaler[0], scaled)])
        if isinstance(self._transformer, str):
            return self._scalers.fit(values)
        unfitted = make_transformer(self._transformer)
        return None if unfitted is None else unfitted.fit(values)


def is_log(transformer):
    """Return whether the parameter `transformer` is "log"."""
    return isinstance(transformer, str) and transformer == "log"


@dataclass(frozen=True, eq=False)
class Scale:
    """The fitted transformers of one series.

    Targets, past covariates and known-future covariates have one transformer each. With
    ``transformer="log"``, covariates are only standardized, because they may be
    negative.
    """

    roles: Roles
    targets: Any
    past: Any
    exog: Any
    positive: bool  # whether the logarithm of the targets is modelled
    n_static: int = 0  # last known-future covariates, which are not scaled

    @classmethod
    def fit(cls, transformer, roles, rows, exog, factory=None, n_static=0):
        """Fit the transformers on training rows and their covariates (or None).

        `factory` is the `TransformerFactory` that many series share; None makes a new
        one. The last `n_static` covariates are static.
        """
        factory = TransformerFactory(transformer) if factory is None else factory
        positive = is_log(transformer)
        if positive:
            _check_positive(roles, rows)
        past = exog_scale = None
        targets = factory.fit(_select(rows.values, roles.targets))
        if roles.past:
            past = factory.fit(rows.values[:, roles.past], covariates=True)
        if exog is not None and exog.shape[1] > n_static:
            varying = exog[:, : exog.shape[1] - n_static]
            exog_scale = factory.fit(varying, covariates=True)
        return cls(roles, targets, past, exog_scale, positive, n_static)

    def target_values(self, rows):
        """Return the values of the targets, on the user's scale."""
        return _select(rows.values, self.roles.targets)

    def transform(self, rows):
        """Return targets and past covariates, in this order, on the model's scale."""
        if self.positive:
            _check_positive(self.roles, rows)
        targets = _transform(self.targets, self.target_values(rows))
        if not self.roles.past:
            return targets
        past = _transform(self.past, rows.values[:, self.roles.past])
        return np.concatenate([targets, past], axis=1)

    def transform_exog(self, exog):
        """Return known-future covariates (or None) on the model's scale."""
        if exog is None:
            return None
        return self.apply_to_varying(lambda rows: _transform(self.exog, rows), exog)

    def apply_to_varying(self, function, exog, concatenate=np.concatenate):
        """Apply a function to the known-future covariates that are not static.

        Return the results followed by the static covariates, which are unchanged. The
        covariates are the last axis of `exog`. Without a fitted transformer of
        covariates, return `exog` itself.
        """
        if self.exog is None:
            return exog
        if not self.n_static:
            return function(exog)
        varying, static = exog[..., : -self.n_static], exog[..., -self.n_static :]
        return concatenate([function(varying), static], axis=-1)

    def inverse_transform(self, forecasts):
        """Return forecasts (n, steps, n_modelled) on the user's scale."""
        if self.targets is None:
            return np.asarray(forecasts, dtype=float)
        flat = forecasts.reshape(-1, forecasts.shape[2])
        if is_standard(self.targets):
            flat = unstandardize(self.targets, flat)
        else:
            flat = self.targets.inverse_transform(flat)
        return np.asarray(flat, dtype=float).reshape(*forecasts.shape[:2], -1)


def _check_positive(roles, rows):
    wrong = rows.values <= 0
    wrong[:, roles.past] = False
    if wrong.any():
        raise ValueError(
            'transformer="log" requires positive values: got '
            f'{rows.describe_first(wrong)}. Use transformer="standard", or add a '
            "constant to the series."
        )


def _select(values, columns):
    """Return some columns, or `values` itself if these are all columns in order."""
    if columns == list(range(values.shape[1])):
        return values
    return values[:, columns]


def _transform(transformer, values):
    if transformer is None:
        return values
    if is_standard(transformer):
        return standardize(transformer, values)
    scaled = np.asarray(transformer.transform(values))
    if scaled.ndim != 2 or len(scaled) != len(values):
        raise ValueError(
            "transformer must return one row for each input row: got "
            f"transformer={transformer}, which returned shape {scaled.shape} for input "
            f"of shape {values.shape}. Use a transformer that keeps the number of rows."
        )
    return scaled
