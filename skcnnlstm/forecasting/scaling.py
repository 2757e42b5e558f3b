"""Scale a series to the values that are modelled, and forecasts back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skcnnlstm._utils.validation import check_target


class Roles(NamedTuple):
    """Positions of the columns that are forecast, and of the past covariates."""

    targets: list[int]
    past: list[int]


def find_roles(target_columns, rows):
    """Return the roles of the columns of a series."""
    n_columns = rows.values.shape[1]
    targets = check_target(
        target_columns, n_columns, rows.columns, name="target_columns"
    )
    if len(set(targets)) < len(targets):
        raise ValueError(
            "target_columns must name each column once: got "
            f"target_columns={target_columns!r}."
        )
    past = [column for column in range(n_columns) if column not in targets]
    return Roles(targets, past)


def check_past_covariates_known(roles, steps, horizon, block_length):
    """Raise if forecasts of `steps` would need future values of past covariates."""
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
    """Return an unfitted transformer with an inverse, or None."""
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


def is_log(transformer):
    """Return whether the series is modelled by its logarithm."""
    return isinstance(transformer, str) and transformer == "log"


@dataclass(frozen=True, eq=False)
class Scale:
    """The fitted transformers of one series.

    Targets, past covariates and known-future covariates have one transformer each. With
    ``transformer="log"``, covariates are only standardised, as they may be negative.
    """

    roles: Roles
    targets: Any
    past: Any
    exog: Any
    positive: bool  # whether the logarithm of the targets is modelled

    @classmethod
    def fit(cls, transformer, roles, rows, exog):
        """Fit the transformers on training rows and their covariates (or None)."""
        positive = is_log(transformer)
        of_covariates = "standard" if positive else transformer
        scale = cls(
            roles,
            make_transformer(transformer),
            make_transformer(of_covariates) if roles.past else None,
            None if exog is None else make_transformer(of_covariates),
            positive,
        )
        scale._check_positive(rows)
        for unfitted, values in (
            (scale.targets, scale.target_values(rows)),
            (scale.past, rows.values[:, roles.past]),
            (scale.exog, exog),
        ):
            if unfitted is not None:
                unfitted.fit(values)
        return scale

    def target_values(self, rows):
        """Return the columns to forecast, on the user's scale."""
        return _select(rows.values, self.roles.targets)

    def transform(self, rows):
        """Return targets and past covariates, in this order, on the model's scale."""
        self._check_positive(rows)
        targets = _transform(self.targets, self.target_values(rows))
        if not self.roles.past:
            return targets
        past = _transform(self.past, rows.values[:, self.roles.past])
        return np.concatenate([targets, past], axis=1)

    def transform_exog(self, exog):
        """Return known-future covariates (or None) on the model's scale."""
        return None if exog is None else _transform(self.exog, exog)

    def inverse_transform(self, forecasts):
        """Return forecasts (n, steps, n_modelled) on the user's scale."""
        if self.targets is None:
            return np.asarray(forecasts, dtype=float)
        flat = self.targets.inverse_transform(forecasts.reshape(-1, forecasts.shape[2]))
        return np.asarray(flat, dtype=float).reshape(*forecasts.shape[:2], -1)

    def _check_positive(self, rows):
        if not self.positive:
            return
        wrong = rows.values <= 0
        wrong[:, self.roles.past] = False
        if wrong.any():
            raise ValueError(
                'transformer="log" requires positive values: got '
                f'{rows.describe_first(wrong)}. Use transformer="standard", or add a '
                "constant to the series."
            )


def _select(values, columns):
    """Return some columns; all of them in order are not copied."""
    if columns == list(range(values.shape[1])):
        return values
    return values[:, columns]


def _transform(transformer, values):
    if transformer is None:
        return values
    scaled = np.asarray(transformer.transform(values))
    if scaled.ndim != 2 or len(scaled) != len(values):
        raise ValueError(
            "transformer must return one row for each row: got "
            f"transformer={transformer}, which returned shape {scaled.shape} for "
            f"{values.shape}."
        )
    return scaled
