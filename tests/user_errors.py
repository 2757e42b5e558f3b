"""Check that an error is one that a user can act on."""

import traceback
from pathlib import Path

import pytest
from sklearn.exceptions import NotFittedError

import skcnnlstm

PACKAGE = str(Path(skcnnlstm.__file__).parent)
# Where scikit-learn validates input.
SKLEARN = "sklearn/utils", "sklearn/base", "sklearn/model_selection/_split"


def check_error(error):
    """Raise AssertionError unless an error is raised by a validation and is readable.

    The last frame must be in a file of this package or in scikit-learn's validation,
    and the text must not be another library's traceback.
    """
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = str(error)
    ours = frame.filename.startswith(PACKAGE)
    sklearn = any(place in frame.filename for place in SKLEARN)
    kinds = (ValueError, TypeError, NotFittedError)
    if not isinstance(error, kinds) or not (ours or sklearn):
        where = f"{frame.filename}:{frame.lineno}"
        raise AssertionError(f"error of another library, from {where}") from error
    foreign = "Exception encountered" in text or "Traceback" in text or "\x1b" in text
    if foreign or len(text) < 20:
        raise AssertionError(f"unreadable error: {text!r}") from error


def assert_error(call, error, message):
    """Assert that a call raises exactly this type of error, with the whole message."""
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message
    assert type(raised.value) is error
