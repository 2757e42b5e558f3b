"""Find the fitted networks inside an estimator and show their layers in a notebook.

A fitted network is any object with the attributes `history_` and `model_`.
"""

from __future__ import annotations

import html

from sklearn.utils import estimator_html_repr

from skcnnlstm._utils.doc_link import DocLinkMixin


def unwrap_search(estimator):
    """Return the best estimator of a fitted search; return other estimators unchanged.

    Searches may be nested.
    """
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    return estimator


def fitted_networks(estimator):
    """Yield the fitted networks inside an estimator.

    The estimator may be a network, a Pipeline, a search, a forecaster, an ensemble or
    another meta-estimator with fitted estimators in `estimator_` or `estimators_`.
    """
    estimator = unwrap_search(estimator)
    if hasattr(estimator, "history_"):
        yield estimator
    elif hasattr(estimator, "steps"):
        yield from fitted_networks(estimator[-1])
    else:
        inner = list(getattr(estimator, "estimators_", ()))
        for name in ("estimator_", "regressor_", "final_estimator_", "forecaster_"):
            if hasattr(estimator, name):
                inner.append(getattr(estimator, name))
        for each in inner:
            yield from fitted_networks(each)


# ---------------------------------------------------------------- HTML representation

_CELL = 'style="text-align: left; padding: 0 1em 0 0"'


class NetworkReprMixin(DocLinkMixin):
    """Add the layers of fitted networks to scikit-learn's HTML diagram.

    scikit-learn calls the method `_html_repr` of an estimator to draw its diagram.
    """

    def _html_repr(self):
        tables = [_layer_table(network) for network in fitted_networks(self)]
        return "".join([estimator_html_repr(self), *tables])


def _layer_table(network):
    """Return the layers of a network as a collapsed HTML table."""
    model = network.model_
    rows = [
        (
            layer.name,
            type(layer).__name__,
            _output_shape(layer),
            f"{layer.count_params():,}",
        )
        for layer in model.layers
    ]
    head = _table_row("th", ("layer", "type", "output shape", "parameters"))
    body = "".join(_table_row("td", row) for row in rows)
    title = html.escape(
        f"{type(network).__name__}: {len(rows)} layers, {model.count_params():,} "
        f"parameters, {network.n_epochs_} epochs"
    )
    return (
        f'<details class="skcnnlstm-network"><summary>{title}</summary>'
        f"<table><thead>{head}</thead><tbody>{body}</tbody></table></details>"
    )


def _output_shape(layer):
    """Return the shape of each output tensor of a layer, as text."""
    output = layer.output
    outputs = output if isinstance(output, list | tuple) else [output]
    return ", ".join(str(tensor.shape) for tensor in outputs)


def _table_row(tag, cells):
    content = "".join(f"<{tag} {_CELL}>{html.escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{content}</tr>"
