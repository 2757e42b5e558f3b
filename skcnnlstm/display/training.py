"""TrainingHistoryDisplay: how the loss fell."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.introspection import fitted_networks
from skcnnlstm.display import _axes


class TrainingHistoryDisplay:
    """Loss or a metric after each epoch, in training and on the part held out.

    Made by `from_estimator`, which draws it, too.

    Parameters
    ----------
    histories : dict of dict of list of float
        The `history_` of each network, by its name.

    Attributes
    ----------
    ax_ : Axes
        Where it is drawn.
    figure_ : Figure
        What that stands in.
    lines_ : dict of Line2D
        By (name of the network, name in its history).

    Examples
    --------
    >>> from skcnnlstm import CNNRegressor, TrainingHistoryDisplay, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> network = CNNRegressor(epochs=3, random_state=0).fit(X, y)
    >>> display = TrainingHistoryDisplay.from_estimator(network)
    >>> display.ax_.get_ylabel(), len(display.lines_)
    ('loss', 1)
    """

    def __init__(self, *, histories):
        self.histories = histories

    @classmethod
    def from_estimator(cls, estimator, *, name="loss", ax=None, **kwargs):
        """Draw the history of a fitted network.

        Parameters
        ----------
        estimator : estimator
            A network, or what holds one: a Pipeline, a search, a SeriesForecaster, an
            ensemble (a line for each member).
        name : str, default="loss"
            What to draw: the loss, or one of the `metrics`.
        ax : Axes or None, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            For every line, as for ``Axes.plot``.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        check_is_fitted(estimator)
        histories = {}
        for network in fitted_networks(estimator):
            label = type(network).__name__
            if label in histories:
                label = f"{label} {len(histories) + 1}"
            histories[label] = network.history_
        if not histories:
            raise TypeError(
                "estimator must be a network of this package, or hold one: got "
                f"{estimator!r}. Use the network itself."
            )
        return cls(histories=histories).plot(ax, name=name, **kwargs)

    def plot(self, ax=None, *, name="loss", **kwargs):
        """Draw.

        Parameters
        ----------
        ax : Axes or None, default=None
            Where to draw; None makes a figure.
        name : str, default="loss"
            What to draw: the loss, or one of the `metrics`.
        **kwargs : dict
            For every line, as for ``Axes.plot``.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        known = [n for n in next(iter(self.histories.values())) if n[:4] != "val_"]
        if name not in known:
            raise ValueError(
                f"name must be in the history: got name={name!r}. Use one of "
                f"{', '.join(map(repr, known))}."
            )
        (self.ax_,) = _axes.make_axes("TrainingHistoryDisplay", ax)
        self.figure_, self.lines_ = self.ax_.figure, {}
        colours = iter(_axes.OTHERS * len(self.histories))
        for network, history in self.histories.items():
            who = f"{network}, " if len(self.histories) > 1 else ""
            parts = {name: "training", f"val_{name}": "validation"}
            for key, what in parts.items():
                if key in history:
                    style = {"color": next(colours), "label": who + what}
                    self.lines_[network, key] = self._draw(history[key], style | kwargs)
            if "val_loss" in history:
                kept = int(np.argmin(history["val_loss"]))
                self.ax_.plot(
                    kept + 1,
                    history[f"val_{name}"][kept],
                    marker="o",
                    linestyle="none",
                    color=self.lines_[network, f"val_{name}"].get_color(),
                    label=f"{who}weights kept (epoch {kept + 1})",
                )
        self.ax_.set_xlabel("epoch")
        self.ax_.set_ylabel(name)
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        self.ax_.legend(frameon=False, fontsize=9)
        _axes.dress(self.ax_)
        return self

    def _draw(self, values, style):
        epochs = np.arange(1, len(values) + 1)
        if len(values) == 1:
            style = {"marker": "o"} | style
        (line,) = self.ax_.plot(epochs, values, **style)
        return line
