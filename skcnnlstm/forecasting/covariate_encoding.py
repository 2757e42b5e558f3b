"""Fit transformers of covariates, and check the tables that they return."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import clone

from skcnnlstm._utils.validation import check_finite, to_plain
from skcnnlstm._utils.validation.tables import mark_unlabelled

_IMPUTE = (
    "Add an imputer to the transformer, such as make_pipeline(SimpleImputer(), ...)"
)
# By parameter: the remedy for NaN in the output of its transformer.
_NAN_REMEDIES = {
    "exog_transformer": f'{_IMPUTE}, or use a network with missing="mask".',
    "static_transformer": f"{_IMPUTE}.",
    "calendar": "Return a number for each time, for example with fillna(0).",
}


def check_transformer(name, transformer):
    """Raise if a parameter is neither None nor a transformer."""
    if transformer is None or (
        not isinstance(transformer, type)
        and hasattr(transformer, "fit")
        and hasattr(transformer, "transform")
    ):
        return
    raise TypeError(
        f"{name} must be None or an instance with fit and transform: got "
        f"{name}={transformer!r}. Use a transformer of scikit-learn, such as "
        "OneHotEncoder(handle_unknown='ignore')."
    )


def read_raw_rows(exog):
    """Return covariates of any type, such as text, as a DataFrame or a 2-D array.

    `exog` is a result of `to_plain`, which converts the tables of other libraries.
    """
    if isinstance(exog, pd.Series):
        return exog.to_frame()
    if isinstance(exog, pd.DataFrame):
        return exog
    rows = np.asarray(exog)
    if rows.dtype.kind == "U":  # NumPy makes text of a list of text and numbers
        rows = np.asarray(exog, dtype=object)
    if rows.ndim not in (1, 2):
        raise ValueError(
            f"exog must have 1 to 2 dimensions: got {rows.ndim}, shape {rows.shape}. "
            "Use rows of shape (n_rows, n_exog)."
        )
    return rows.reshape(len(rows), -1)


def take_raw_rows(rows, places):
    """Return the rows at `places`, without labels."""
    if not isinstance(rows, pd.DataFrame):
        return rows[places]
    return mark_unlabelled(rows.iloc[places].reset_index(drop=True))


def fit_encoder(transformer, tables):
    """Return a clone of a transformer, fitted on the rows of all tables together."""
    return clone(transformer).fit(_join(list(tables.values())))


def encode(name, encoder, tables, *, accept_nan=False):
    """Return the encoded rows of each table, by key, and the names of their columns.

    The names are None if the transformer gives none.

    Parameters
    ----------
    name : str
        The parameter that holds the transformer, for messages.
    encoder : transformer
        Fitted by `fit_encoder`.
    tables : dict of (DataFrame or ndarray)
        The rows, by key. All tables are transformed in one call, which is faster.
    accept_nan : bool, default=False
        Whether NaN is allowed.
    """
    rows = _join(list(tables.values()))
    table, names = read_output(name, encoder, encoder.transform(rows), len(rows))
    check_output_finite(name, table, accept_nan=accept_nan)
    names = _names_of(encoder) if names is None else names
    cuts = np.cumsum([len(one) for one in tables.values()])[:-1]
    return dict(zip(tables, np.split(table, cuts), strict=True)), names


def _names_of(encoder):
    """Return the names of the columns that an encoder returns; None if unknown."""
    try:
        return list(encoder.get_feature_names_out())
    except AttributeError:
        # A Pipeline has the method even if one of its steps, such as a
        # FunctionTransformer, has not.
        return None


def read_output(name, transformer, output, n_rows):
    """Return the output of a transformer, (n_rows, n_columns), and its column names.

    `output` may be an array, a table or a sparse matrix. The names are None if the
    output has none.
    """
    output = output.toarray() if hasattr(output, "toarray") else to_plain(output, name)
    names = getattr(output, "columns", None)
    try:
        # Covariates are in C order. Another order could change the last bits.
        table = np.asarray(output, dtype=float, order="C")
    except (TypeError, ValueError) as error:
        remedy = (
            "Use a transformer that encodes every column, such as "
            "OneHotEncoder(handle_unknown='ignore')."
        )
        if name == "calendar":
            remedy = "Return numbers, for example with lambda times: times.dt.month."
        raise ValueError(
            f"{name} must return numbers: got {name}={transformer!r}, whose output "
            f"cannot be converted ({error}). {remedy}"
        ) from error
    table = table[:, np.newaxis] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) != n_rows or not table.shape[1]:
        raise ValueError(
            f"{name} must return one row for each input row, and at least one column: "
            f"got {name}={transformer!r}, which returned shape {table.shape} for "
            f"{n_rows} rows. Use a transformer that keeps the number of rows."
        )
    return table, None if names is None else list(names)


def check_output_finite(name, table, *, accept_nan=False):
    """Raise if an output is infinite or, without `accept_nan`, NaN."""
    if np.isnan(table).any() and not accept_nan:
        row = int(np.argmax(np.isnan(table).any(axis=1)))
        raise ValueError(
            f"{name} must return known values: got NaN at row {row}. "
            f"{_NAN_REMEDIES[name]}"
        )
    check_finite(table, name=f"the output of {name}", missing="mask")


def check_same_names(name, names, expected, other):
    """Raise if an output has other columns than an earlier output.

    This happens with ``pandas.get_dummies``, whose columns depend on the values that
    occur. `other` describes the rows of the earlier output, for the message.
    """
    if names == expected:
        return
    raise ValueError(
        f"{name} must return the same columns for all rows: got {len(names)} columns "
        f"({_sample(names)}), but {len(expected)} columns ({_sample(expected)}) for "
        f"{other}. Use a transformer with columns that do not depend on the rows, such "
        "as OneHotEncoder(handle_unknown='ignore') instead of pandas.get_dummies."
    )


def _sample(names):
    """Return a text that lists the first three names."""
    return ", ".join(map(repr, names[:3])) + (", ..." if len(names) > 3 else "")


def _join(tables):
    if len(tables) == 1:
        return tables[0]
    if isinstance(tables[0], pd.DataFrame):
        return pd.concat(tables, ignore_index=True)
    return np.concatenate(tables)
