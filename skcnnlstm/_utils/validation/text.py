"""Messages for tables that are not numeric, with a remedy for the given values."""

import re

import numpy as np

from skcnnlstm._utils.validation.tables import is_from_polars, to_pandas_first

_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?([ T].*)?$")
_NOT_DIGITS = " \xa0\u202f'$€£¥%"  # around and inside numbers of spreadsheets
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+$")
# Inputs of a forecaster, and the parameters that encode their text.
_ENCODED = {"exog": "exog_transformer", "static": "static_transformer"}
# Forms of numbers as text: the replacements after which `float` parses them, and a
# pattern if `float` would also parse other text.
_FORMS = (
    ([(",", ".")], None),
    ([(".", ""), (",", ".")], re.compile(r"[+-]?\d{1,3}(\.\d{3})*(,\d+)?$")),
    ([(",", "")], re.compile(r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?$")),
)


def not_numeric_message(name, X, what, ids):
    """Return a message about the first column that is not numeric, with a remedy.

    Parameters
    ----------
    name : str
        Name of the input. Covariates have the name "exog".
    X : array-like
        The input.
    what : str
        Description of the input, for an input without columns.
    ids : bool
        Whether messages may recommend the parameter `id_column`.
    """
    remedy = "Convert text and dates to numbers, or drop these columns."
    if not hasattr(X, "iloc"):
        remedy = _array_remedy(name, X) or _encode(name, X) or remedy
        return f"{name} must be numeric: got {what}. {remedy}"
    columns, first = getattr(X, "columns", None), to_pandas_first(X, name)
    if columns is None:
        if what == "text":
            numbers, encoded = _number_remedy(name, X), _encode(name, X)
            if numbers and is_from_polars(X):
                remedy = _for_polars(numbers)
            elif numbers:
                remedy = f"{numbers}{first}"
            elif encoded:
                remedy = encoded
            return f"{name} must be numeric: got text{_first_text(X)}. {remedy}"
        if X.dtype.kind == "m":
            remedy = f"Convert the durations, or drop them: {name}.dt.total_seconds()."
        return f"{name} must be numeric: got {what}. {remedy}"
    for i, label in enumerate(columns):
        column = X.iloc[:, i]
        is_date = getattr(column.dtype, "kind", "O") in "mM"
        if not is_date and _converts_to_float(column):
            continue
        what = f"column {label!r} of dtype {column.dtype}"
        numbers = None if is_date else _number_remedy(f"{name}[{label!r}]", column)
        if numbers:
            what += _first_text(column)
            numbers = _for_polars(numbers) if is_from_polars(X) else numbers + first
            return f"{name} must be numeric: got {what}. {numbers}"
        if getattr(column.dtype, "kind", "O") == "m":
            return f"{name} must be numeric: got {what}. {_duration_remedy(name, X, i)}"
        if name in _ENCODED and not is_date and not _looks_like_dates(column):
            remedy = _encode(name, X)
            break
        if is_from_polars(X) and name != "exog":
            if _looks_like_dates(column):
                remedy += (
                    " If the column holds dates, convert it: "
                    f"{name}.with_columns(polars.col({label!r}).str.to_date())."
                )
            if ids and not is_date:
                remedy += (
                    " If it identifies the series of each row, set "
                    f"id_column={label!r}."
                )
            break
        remedy = _column_remedy(name, label, column, is_date, ids, len(columns) == 1)
        remedy += first
        break
    return f"{name} must be numeric: got {what}. {remedy}"


def _column_remedy(name, label, column, is_date, ids, only):
    """Return the remedy for a column without numbers, such as dates or text."""
    index = f"{name}.set_index({label!r})"
    dates = f"{name}.set_index(pandas.to_datetime({name}.pop({label!r})))"
    looks_like_date = _looks_like_dates(column)
    if only and name == "exog" and (is_date or looks_like_date):
        parsed = f"pandas.to_datetime({name}[{label!r}])"
        return f"Convert dates to numbers, for example {parsed}.dt.month."
    if is_date:
        return (
            "Convert text and dates to numbers, or drop these columns. If the column "
            f"holds dates, make it the index: {index}."
        )
    if looks_like_date:
        return f"Make the dates the index: {dates}."
    remedy = (
        "Convert text and dates to numbers, or drop these columns. If the column holds "
        f"dates, make it the index: {index}."
    )
    if ids:
        remedy += f" If it identifies the series of each row, set id_column={label!r}."
    return remedy


def _duration_remedy(name, X, i):
    """Return the remedy for a column of durations: numbers, or the index."""
    label = X.columns[i]
    column = f"{name}[{label!r}].dt.total_seconds()"
    if is_from_polars(X):
        return (
            "Convert the durations, or drop these columns: "
            f"{name}.with_columns(polars.col({label!r}).dt.total_seconds())."
        )
    assigned = f"{name}.assign(**{{{label!r}: {column}}})"
    remedy = f"Convert the durations, or drop these columns: {assigned}."
    if name != "exog" and len(X.columns) > 1:
        index = f"{name}.set_index({label!r})"
        remedy += (
            " If the durations are the times of the rows, make them the index: "
            f"{index}."
        )
    return remedy + to_pandas_first(X, name)


def _looks_like_dates(column):
    text = [value for value in column if isinstance(value, str)]
    return bool(text) and all(map(_DATE.match, text))


def _encode(name, X):
    """Return the remedy for text in covariates: an encoder. None for other inputs."""
    if name not in _ENCODED:
        return None
    labels, columns = getattr(X, "columns", [0]), [X]
    if hasattr(X, "columns"):
        columns = [X.iloc[:, place] for place in range(X.shape[1])]
    elif np.ndim(X) == 2:
        columns = list(np.asarray(X, dtype=object).T)
        labels = range(len(columns))
    text = [
        label
        for label, column in zip(labels, columns, strict=True)
        if not _converts_to_float(column)
    ]
    encoder = "OneHotEncoder(handle_unknown='ignore')"
    if len(text) < len(columns):
        encoder = (
            f"make_column_transformer(({encoder}, {text!r}), remainder='passthrough')"
        )
    return f"Encode text with SeriesForecaster(..., {_ENCODED[name]}={encoder})."


# ------------------------------------------------------------------ numbers as text


def _array_remedy(name, X):
    """Return the remedy for an array or a list of numbers as text.

    Return None if not all values can be converted to numbers.
    """
    try:
        text = np.asarray(X)
    except ValueError:
        return None
    if text.dtype.kind != "U":
        return None
    found = _find_replacements(text.ravel().tolist())
    if found is None:
        return None
    source = name if isinstance(X, np.ndarray) else f"numpy.asarray({name})"
    for old, new in found:
        source = f"numpy.char.replace({source}, {old!r}, {new!r})"
    return f"Use {source}.astype(float)."


def _number_remedy(expression, column):
    """Return the remedy for a column of numbers as text.

    Return None if the column does not hold numbers as text.
    """
    values = list(column)
    text = [value for value in values if isinstance(value, str)]
    found = _find_replacements(text)
    if found is not None:
        strings = f"{expression}.astype(str)"
        if all(isinstance(value, str) or value != value for value in values):
            strings = expression  # keeps NaN
        for old, new in found:
            strings += f".str.replace({old!r}, {new!r})"
        use = f"{strings}.astype(float)"
        if found == [(",", ".")]:
            if text and all(_THOUSANDS.match(v) or "," not in v for v in text):
                other = use.replace("',', '.'", "',', ''")
                return (
                    f"If the comma separates thousands, use {other}. If it is a "
                    f"decimal separator, use {use}."
                )
            return f"If the comma is a decimal separator, use {use}."
        return f"Use {use}."
    if any(map(_parses_as_number, values)):
        return (
            "Correct these values, or replace them by NaN with "
            f"pandas.to_numeric({expression}, errors='coerce') and fill the missing "
            "values."
        )
    return None


def _for_polars(remedy):
    """Return a remedy from `_number_remedy` in the syntax of polars."""
    remedy = re.sub(
        r"str\.replace\((.*?)\)", r"str.replace_all(\1, literal=True)", remedy
    )
    remedy = re.sub(
        r"pandas\.to_numeric\((.*), errors='coerce'\)",
        r"\1.cast(float, strict=False)",
        remedy,
    )
    return remedy.replace(".astype(", ".cast(").replace("by NaN", "by null")


def _find_replacements(text):
    """Return (old, new) replacements after which each text is a number, or None.

    The replacement of a decimal comma is tried first.
    """
    if not text:
        return None
    given = text
    junk = [(char, "") for char in _NOT_DIGITS]
    text = [_replace(value, junk) for value in text]
    used = [pair for pair in junk if any(pair[0] in value for value in given)]
    for pairs, form in _FORMS:
        if form is not None and not all(map(form.match, text)):
            continue
        if all(_parses_as_number(_replace(value, pairs)) for value in text):
            return used + [pair for pair in pairs if any(pair[0] in v for v in text)]
    return None


def _replace(value, pairs):
    for old, new in pairs:
        value = value.replace(old, new)
    return value


def _first_text(column):
    """Describe the first text in a column that is not a number, with its row.

    Return an empty text if there is none.
    """
    for row, (label, value) in enumerate(column.items()):
        if isinstance(value, str) and not _parses_as_number(value):
            return f", with {value!r} at row {row} (label {label})"
    return ""


def _parses_as_number(value):
    """Return whether `float` accepts a value; NaN is not a number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    return number == number


def _converts_to_float(column):
    try:
        np.asarray(column, dtype=float)
    except (TypeError, ValueError):
        return False
    return True
