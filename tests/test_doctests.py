"""Every example in a docstring runs and prints what it says."""

import doctest
import importlib
import pkgutil

import pytest

import skcnnlstm

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(skcnnlstm.__path__, "skcnnlstm.")
    if not module.name.endswith("__main__")
)
ARCHITECTURES = "skcnnlstm.architectures."
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize(
    "name",
    [
        # Each example of an architecture traces two networks.
        pytest.param(
            name,
            marks=[pytest.mark.heavy]
            if name.startswith(ARCHITECTURES) and not name.endswith(".cnn_lstm")
            else [],
        )
        for name in MODULES
    ],
)
def test_examples_print_what_they_say(name, capsys):
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=FLAGS)
    assert not failed, capsys.readouterr().out


def test_examples_are_found():
    parser = doctest.DocTestFinder()
    documented = [
        name for name in skcnnlstm.__all__ if parser.find(getattr(skcnnlstm, name))
    ]
    examples = {
        name
        for name in documented
        for test in parser.find(getattr(skcnnlstm, name), name)
        if test.examples
    }
    assert examples == set(skcnnlstm.__all__)
