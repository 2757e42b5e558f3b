"""Links from HTML diagrams to the documentation."""

from pathlib import Path

import pytest
from instances import ALL
from networks import class_name
from sklearn.linear_model import Ridge
from sklearn.utils import estimator_html_repr

import skcnnlstm as s
from skcnnlstm import references
from skcnnlstm._utils.doc_link import DOCUMENTATION

API = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
REFERENCES = [
    references.SeasonalNaive(),
    references.AutoETS(),
    references.StatsForecast(None),
    references.LightGBM(),
]


@pytest.mark.parametrize(
    "estimator", [*ALL, s.SeriesForecaster(Ridge())], ids=class_name
)
def test_each_diagram_links_to_a_page_of_the_documentation(estimator):
    name = type(estimator).__name__
    link = f"{DOCUMENTATION}/generated/skcnnlstm.{name}.html"
    assert estimator._get_doc_link() == link
    assert f"\n    {name}\n" in API


@pytest.mark.parametrize("estimator", REFERENCES, ids=class_name)
def test_references_link_to_pages_with_their_module(estimator):
    name = type(estimator).__name__
    link = f"{DOCUMENTATION}/generated/skcnnlstm.references.{name}.html"
    assert estimator._get_doc_link() == link
    assert f"\n    references.{name}\n" in API


def test_the_diagram_holds_the_link_and_other_packages_get_none():
    window = s.SlidingWindow(3)
    assert window._get_doc_link() in estimator_html_repr(window)
    foreign = type("Foreign", (s.SlidingWindow,), {"__module__": "other"})
    assert foreign()._get_doc_link() == ""
