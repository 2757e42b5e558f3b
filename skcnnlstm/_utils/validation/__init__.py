"""Checks of parameters and shapes, and the messages that they raise.

Every message names the parameter, the rule, what arrived and the way out. `parameters`
judges numbers and choices, `windows`, `finite` and `subsequences` judge X, `targets`
judges y and its weights, `series` what windows are made of.

numpy and scikit-learn's public functions are all that is needed here; pandas objects
are asked for their index without importing pandas.
"""

from skcnnlstm._utils.validation.finite import backfill, check_finite, missing_history
from skcnnlstm._utils.validation.parameters import (
    check_boolean,
    check_choice,
    check_integer,
    check_missing,
    check_quantiles,
    check_real,
    is_auto,
)
from skcnnlstm._utils.validation.series import (
    check_enough_rows,
    check_target,
    check_time_order,
    time_index,
    what_to_shorten,
)
from skcnnlstm._utils.validation.subsequences import divisors, resolve_subsequences
from skcnnlstm._utils.validation.targets import (
    check_class_target,
    check_regression_target,
    check_sample_weight,
)
from skcnnlstm._utils.validation.windows import (
    check_feature_names,
    check_pieces_shape,
    check_steps,
    check_window_shape,
    check_windows,
)

__all__ = [
    "backfill",
    "check_boolean",
    "check_choice",
    "check_class_target",
    "check_enough_rows",
    "check_feature_names",
    "check_finite",
    "check_integer",
    "check_missing",
    "check_pieces_shape",
    "check_quantiles",
    "check_real",
    "check_regression_target",
    "check_sample_weight",
    "check_steps",
    "check_target",
    "check_time_order",
    "check_window_shape",
    "check_windows",
    "divisors",
    "is_auto",
    "missing_history",
    "resolve_subsequences",
    "time_index",
    "what_to_shorten",
]
