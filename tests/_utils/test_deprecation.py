"""Deprecated names: the warning, and the removals that are due."""

import ast
from pathlib import Path

import pytest

import skcnnlstm
from skcnnlstm._utils.deprecation import warn_deprecated

ROOT = Path(skcnnlstm.__file__).parent


def version(text):
    return tuple(map(int, text.split(".")[:2]))


def deprecations(source):
    """Return (name, since, removed_in) of each call of `warn_deprecated`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and "warn_deprecated" in ast.unparse(node.func):
            words = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
            name = ast.unparse(node.args[0])
            found.append((name, words["since"], words["removed_in"]))
    return found


def test_the_warning_names_the_replacement_and_points_at_the_caller():
    with pytest.warns(FutureWarning) as caught:
        warn_deprecated("x", use="y", since="0.3", removed_in="0.5")
    assert str(caught[0].message) == (
        "x is deprecated since version 0.3 and will be removed in version 0.5. Use y."
    )
    assert caught[0].filename == __file__


def test_every_deprecated_name_is_removed_in_time():
    for path in ROOT.rglob("*.py"):
        for name, since, removed_in in deprecations(path.read_text()):
            assert version(removed_in) >= (version(since)[0], version(since)[1] + 2)
            assert version(skcnnlstm.__version__) < version(removed_in), (path, name)


def test_calls_are_found():
    source = "d.warn_deprecated('a', use='b', since='0.1', removed_in='0.3')"
    assert deprecations(source) == [("'a'", "0.1", "0.3")]
