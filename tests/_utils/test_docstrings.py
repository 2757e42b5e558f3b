"""Tests of the composition of class docstrings."""

import inspect

from skcnnlstm._utils.docstrings import compose

BUILDER = """Build a network.

Parameters
----------
units : int, default=3
    Number of units.
unused : int, default=1
    Not a parameter of the class.

Notes
-----
Shapes.

References
----------
The paper.
"""

SHARED = """Declare parameters.

Parameters
----------
epochs : int or "auto", default="auto"
    Number of epochs.

    A second paragraph.

Attributes
----------
history_ : dict
    Losses.
"""

CLASS = """Forecast with a network.

    More about it.

    Parameters
    ----------
    optimizer__clipnorm : float, default=10.0
        Maximum norm.

    Examples
    --------
    >>> 1 + 1
    2
    """

EXPECTED = """Forecast with a network.

More about it.

Parameters
----------
epochs : int or "auto", default=7
    Number of epochs.

    A second paragraph.
units : int, default=3
    Number of units.
optimizer__clipnorm : float, default=10.0
    Maximum norm.

Attributes
----------
history_ : dict
    Losses.

Notes
-----
Shapes.

References
----------
The paper.

Examples
--------
>>> 1 + 1
2
"""


def test_sections_are_composed_in_the_numpydoc_order():
    names = ["epochs", "units", "optimizer__clipnorm"]
    docstring = compose(CLASS, BUILDER, SHARED, names=names, defaults={"epochs": 7})
    assert docstring == EXPECTED


def test_paragraphs_below_the_summary_come_from_the_first_source_that_has_them():
    sources = ["Build.", "Build.\n\nLayers.\n\nShapes.", "Declare.\n\nUnused."]
    docstring = compose("Title.\n\n    Usage.", *sources, names=[])
    assert docstring == "Title.\n\nLayers.\n\nShapes.\n\nUsage.\n"


def test_text_defaults_are_quoted():
    docstring = compose("Title.", SHARED, names=["epochs"], defaults={"epochs": "few"})
    assert 'epochs : int or "auto", default="few"\n' in docstring


def test_parameters_without_documentation_are_listed_by_name():
    docstring = compose("Title.", BUILDER, names=["units", "width"])
    parameters = inspect.cleandoc(docstring).split("----------\n")[1]
    assert "    Number of units.\nwidth\n" in parameters


def test_a_missing_docstring_returns_the_class_docstring_unchanged():
    assert compose("Title.", None, names=[]) == "Title."
    assert compose(None, BUILDER, names=["units"]) is None
