"""The scale on which a series is modelled, fitted on its training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skcnnlstm._utils.validation import check_target


class Roles(NamedTuple):
    """Which columns of a series are forecast, and which are read alone."""

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


def check_steps_known(roles, steps, horizon, block):
    """Raise where a forecast would need past covariates of rows still to come."""
    if not roles.past or steps <= block:
        return
    if block < horizon:
        raise ValueError(
            'strategy="recursive" must forecast every column that it reads: got '
            f"target_columns that leave {len(roles.past)} out. Use "
            'strategy="direct", or leave the other columns out of the series.'
        )
    raise ValueError(
        "steps must be at most horizon where a series has past covariates, which "
        f"nothing forecasts: got steps={steps}, horizon={horizon}, {len(roles.past)} "
        "past covariates. Fit with a longer horizon, or give what is known ahead as "
        "exog."
    )


def make_transformer(transformer):
    """Return an unfitted transformer with an inverse, or None."""
    if transformer is None:
        return None
    if isinstance(transformer, str) and transformer == "standard":
        return StandardScaler()
    if isinstance(transformer, str) and transformer == "log":
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


@dataclass(frozen=True)
class Scale:
    """The fitted transformers of one series.

    Targets, past covariates and known-future covariates have one each. Covariates may
    have any sign: where targets are modelled by their logarithm, these are only
    standardised.
    """

    roles: Roles
    targets: Any
    past: Any
    exog: Any
    positive: bool  # whether the logarithm of targets is taken

    @classmethod
    def of(cls, transformer, roles, rows, exog):
        """Learn the scale of training rows and their covariates (None without)."""
        positive = isinstance(transformer, str) and transformer == "log"
        beside = "standard" if positive else transformer
        scale = cls(
            roles,
            make_transformer(transformer),
            make_transformer(beside) if roles.past else None,
            None if exog is None else make_transformer(beside),
            positive,
        )
        scale._check_positive(rows)
        for fitted, values in (
            (scale.targets, scale.target_values(rows)),
            (scale.past, rows.values[:, roles.past]),
            (scale.exog, exog),
        ):
            if fitted is not None:
                fitted.fit(values)
        return scale

    def target_values(self, rows):
        """Return the columns to forecast, as they came."""
        return _pick(rows.values, self.roles.targets)

    def columns(self, rows):
        """Return rows on the scale of the model: targets, then past covariates."""
        self._check_positive(rows)
        targets = _apply(self.targets, self.target_values(rows))
        if not self.roles.past:
            return targets
        past = _apply(self.past, rows.values[:, self.roles.past])
        return np.concatenate([targets, past], axis=1)

    def covariates(self, exog):
        """Return known-future covariates on the scale of the model."""
        return None if exog is None else _apply(self.exog, exog)

    def undo(self, ahead):
        """Bring (n, steps, n_modelled) back to the user's scale."""
        if self.targets is None:
            return np.asarray(ahead, dtype=float)
        flat = self.targets.inverse_transform(ahead.reshape(-1, ahead.shape[2]))
        return np.asarray(flat, dtype=float).reshape(*ahead.shape[:2], -1)

    def _check_positive(self, rows):
        if not self.positive:
            return
        wrong = rows.values <= 0
        wrong[:, self.roles.past] = False
        if wrong.any():
            raise ValueError(
                'transformer="log" needs values above zero: got '
                f'{rows.cell(wrong)}. Use transformer="standard", or add a constant '
                "to the series."
            )


def _pick(values, columns):
    """Take columns; all of them, in order, are no copy."""
    if columns == list(range(values.shape[1])):
        return values
    return values[:, columns]


def _apply(transformer, values):
    if transformer is None:
        return values
    scaled = np.asarray(transformer.transform(values))
    if scaled.ndim != 2 or len(scaled) != len(values):
        raise ValueError(
            f"transformer must keep one row a row: made shape {scaled.shape} of "
            f"{values.shape}. Received: transformer={transformer}."
        )
    return scaled
