"""Checks of parameters and input arrays, with the messages that they raise.

Each message names the parameter, the rule, the value given and a remedy. The checks
need NumPy and public functions of scikit-learn only. They read the index of pandas
objects without importing pandas.

- `parameters`: numbers, choices and quantiles
- `arrays`: arrays of numbers and of row positions
- `series`: length, target columns and time index
- `tables`: conversion of tables of any library
- `windows`, `finite`, `subsequences`: X
- `history`: messages about windows with missing history
- `targets`: y and sample weights
- `text`: messages for tables that are not numeric
- `estimators`: Keras models that are passed as estimators
"""

from skcnnlstm._utils.validation.estimators import check_no_keras_model
from skcnnlstm._utils.validation.finite import (
    backfill,
    check_finite,
    count_missing_history,
)
from skcnnlstm._utils.validation.history import (
    describe_filled_samples,
    describe_no_sample,
)
from skcnnlstm._utils.validation.parameters import (
    check_boolean,
    check_choice,
    check_integer,
    check_missing,
    check_quantiles,
    check_real,
    is_auto,
    kind_of_loss,
)
from skcnnlstm._utils.validation.series import (
    check_enough_rows,
    check_target,
    check_time_index,
    check_time_order,
    remedy_for_short_series,
)
from skcnnlstm._utils.validation.subsequences import (
    auto_subsequences,
    divisors,
    resolve_subsequences,
)
from skcnnlstm._utils.validation.tables import has_labels, to_plain, without_unlabelled
from skcnnlstm._utils.validation.targets import (
    check_class_target,
    check_not_none,
    check_regression_target,
    check_sample_weight,
    with_plain_target,
)
from skcnnlstm._utils.validation.windows import (
    check_feature_names,
    check_subsequences_shape,
    check_window_length,
    check_window_shape,
    check_windows,
)
