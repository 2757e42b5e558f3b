"""The fitted networks inside an estimator, and a table of their layers for a notebook.

Knows no network: a fitted one has `history_` and `model_`.
"""

from __future__ import annotations

import html

from sklearn.utils import estimator_html_repr


def unwrap_search(estimator):
    """Return what a search chose, as often as there is one around another."""
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    return estimator


def fitted_networks(estimator):
    """Yield the fitted networks inside an estimator.

    They may be in a Pipeline, a search, a forecaster, an ensemble or any other
    meta-estimator that keeps what it fitted in `estimator_` or `estimators_`.
    """
    estimator = unwrap_search(estimator)
    if hasattr(estimator, "history_"):
        yield estimator
    elif hasattr(estimator, "steps"):
        yield from fitted_networks(estimator[-1])
    else:
        inside = list(getattr(estimator, "estimators_", ()))
        for name in ("estimator_", "regressor_", "final_estimator_"):
            if hasattr(estimator, name):
                inside.append(getattr(estimator, name))
        for each in inside:
            yield from fitted_networks(each)


# ---------------------------------------------------------------------- in a notebook

_CELL = 'style="text-align: left; padding: 0 1em 0 0"'


class NetworkReprMixin:
    """Puts the layers of fitted networks below scikit-learn's diagram.

    `_html_repr` is what scikit-learn asks of a class that has a diagram.
    """

    def _html_repr(self):
        tables = [_table(network) for network in fitted_networks(self)]
        return "".join([estimator_html_repr(self), *tables])


def _table(network):
    """Write the layers of a network, folded, as HTML."""
    model = network.model_
    rows = [
        (
            layer.name,
            type(layer).__name__,
            _shape(layer),
            f"{layer.count_params():,}",
        )
        for layer in model.layers
    ]
    head = _row("th", ("layer", "type", "output shape", "parameters"))
    body = "".join(_row("td", row) for row in rows)
    title = html.escape(
        f"{type(network).__name__}: {len(rows)} layers, {model.count_params():,} "
        f"parameters, {network.n_epochs_} epochs"
    )
    return (
        f'<details class="skcnnlstm-network"><summary>{title}</summary>'
        f"<table><thead>{head}</thead><tbody>{body}</tbody></table></details>"
    )


def _shape(layer):
    """Write the shape that a layer gives, of each tensor where there are several."""
    given = layer.output
    given = given if isinstance(given, list | tuple) else [given]
    return ", ".join(str(tensor.shape) for tensor in given)


def _row(tag, cells):
    written = (f"<{tag} {_CELL}>{html.escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{''.join(written)}</tr>"
