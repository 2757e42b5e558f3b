"""Fitted networks inside an estimator and their representation in a notebook."""

from html.parser import HTMLParser

import numpy as np
import pytest
from instances import CLASSIFIERS, REGRESSORS
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

import skcnnlstm as s
from skcnnlstm._utils import introspection

VOID = {"br", "input", "img", "meta", "link", "hr", "path"}


class Page(HTMLParser):
    """Parse HTML; raise if tags are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tables, self.seen, self._cell = [], [], [], None
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs).get("class", "")))
        if tag in VOID:
            return
        self.open.append(tag)
        if ("details", "skcnnlstm-network") == self.seen[-1]:
            self.tables.append([])
        if tag in ("th", "td", "summary") and self.tables:
            self._cell = ""

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open.pop() == tag
        if tag in ("th", "td", "summary") and self._cell is not None:
            self.tables[-1].append(self._cell)
            self._cell = None


def parsed_html(estimator):
    """Return the parsed tables of networks, and all HTML, of an estimator."""
    text = estimator._repr_mimebundle_()["text/html"]
    assert estimator._repr_html_().count("<details") == text.count("<details")
    # The HTML before it is that of scikit-learn, which does not close all tags in 1.7.
    start = text.find('<details class="skcnnlstm-network">')
    assert "sk-container" in text[:start]
    return Page(text[start:] if start >= 0 else ""), text


@pytest.fixture
def network():
    return s.CNNLSTMRegressor(
        n_subsequences=2,
        kernel_size=1,
        lstm_activation="relu",
        epochs=1,
        random_state=0,
    )


def test_before_fit_parameters_are_shown_but_no_layers(network):
    page, text = parsed_html(network)
    assert not page.tables
    assert "lstm_activation" in text and "Not fitted" in text


def test_after_fit_layers_are_shown_with_their_parameter_counts(network):
    X, y = s.make_windows(np.arange(9.0), 4)
    page, text = parsed_html(network.fit(X, y))
    assert "lstm_activation" in text and "<span>Fitted</span>" in text
    (table,) = page.tables
    title, *cells = table
    n_layers = len(network.model_.layers)
    assert title == f"CNNLSTMRegressor: {n_layers} layers, 23,179 parameters, 1 epochs"
    rows = [cells[i : i + 4] for i in range(0, len(cells), 4)]
    assert rows[0] == ["layer", "type", "output shape", "parameters"]
    assert [row[0] for row in rows[1:]] == [la.name for la in network.model_.layers]
    assert ["output", "Dense", "(None, 1)", "51"] in rows
    counts = [int(row[3].replace(",", "")) for row in rows[1:]]
    assert sum(counts) == 23_179


def test_networks_inside_meta_estimators_are_shown(network):
    series = np.sin(np.arange(60))
    pipeline = make_pipeline(s.LastSteps(4), network)
    forecaster = s.SeriesForecaster(pipeline, window_length=6).fit(series)
    assert len(parsed_html(forecaster)[0].tables) == 1
    search = GridSearchCV(
        s.CNNRegressor(epochs=1), {"filters": [4]}, cv=TimeSeriesSplit(2)
    )
    forecaster = s.SeriesForecaster(search, window_length=6).fit(series)
    assert parsed_html(forecaster)[0].tables[0][0].startswith("CNNRegressor: ")
    ensemble = s.HybridEnsembleRegressor(epochs=1).fit(*s.make_windows(series, 6))
    titles = [table[0] for table in parsed_html(ensemble)[0].tables]
    assert [title.split(":")[0] for title in titles] == [
        "CNNRegressor",
        "LSTMRegressor",
    ]


@pytest.mark.parametrize(
    "estimator", [*REGRESSORS, *CLASSIFIERS], ids=lambda e: type(e).__name__
)
def test_every_network_can_be_parsed_html(estimator):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 4, 2))
    if isinstance(estimator, s.ConvLSTMGridRegressor):
        X = X.reshape(8, 2, 2, 2, 1)
    y = X.reshape(8, -1)[:, :4] if X.ndim == 5 else np.arange(8) % 2
    if X.ndim == 5:
        y = y.reshape(8, 2, 2, 1)
    fitted = clone(estimator).set_params(epochs=1)
    page, _ = parsed_html(fitted.fit(X, y))
    assert len(page.tables[0]) == 1 + 4 * (1 + len(fitted.model_.layers))


def test_all_names_are_escaped():
    evil = type("<script>alert(1)</script>", (s.CNNRegressor,), {})
    X, y = s.make_windows(np.arange(9.0), 4)
    page, text = parsed_html(evil(epochs=1, filters=4).fit(X, y))
    assert "<script>alert" not in text
    assert page.tables[0][0].startswith("<script>alert(1)</script>: ")


def test_the_text_representation_is_that_of_scikit_learn(network):
    assert network._repr_mimebundle_()["text/plain"] == repr(network)


def test_unwrap_search_returns_the_best_estimator_of_nested_searches():
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10.0)
    search = GridSearchCV(GridSearchCV(Ridge(), {}, cv=2), {}, cv=2).fit(X, y)
    assert isinstance(introspection.unwrap_search(search), Ridge)
    assert introspection.unwrap_search(X) is X
