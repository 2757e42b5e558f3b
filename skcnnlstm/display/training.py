"""Display of the training history of networks."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.introspection import fitted_networks
from skcnnlstm.display import _axes


class TrainingHistoryDisplay:
    """Loss or a metric after each epoch, on the training and the validation part.

    Create it with `from_estimator`, which also draws it.

    Parameters
    ----------
    histories : dict of dict of list of float
        The `history_` of each network, by the name of the network.
    stop_reasons : dict of str or None, default=None
        The `stop_reason_` of each network, by the same names. For a single network, it
        is the title of the drawing.

    Attributes
    ----------
    ax_ : Axes
        Axes of the drawing.
    figure_ : Figure
        Figure that contains the axes.
    lines_ : dict of Line2D
        Lines, by (name of the network, name in its history).

    Examples
    --------
    >>> from skcnnlstm import CNNRegressor, TrainingHistoryDisplay, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> network = CNNRegressor(epochs=3, random_state=0).fit(X, y)
    >>> display = TrainingHistoryDisplay.from_estimator(network)
    >>> display.ax_.get_ylabel(), len(display.lines_)
    ('loss', 1)
    """

    def __init__(self, *, histories, stop_reasons=None):
        self.histories, self.stop_reasons = histories, stop_reasons

    @classmethod
    def from_estimator(cls, estimator, *, name="loss", ax=None, **kwargs):
        """Draw the history of a fitted network.

        Parameters
        ----------
        estimator : estimator
            A network, or an estimator that contains one: a Pipeline, a search, a
            SeriesForecaster, or an ensemble (one line for each member).
        name : str, default="loss"
            What is drawn: "loss", or one of the `metrics` of the network.
        ax : Axes or None, default=None
            Axes to draw on; None creates a figure.
        **kwargs : dict
            Passed to ``Axes.plot`` for every line.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        check_is_fitted(estimator)
        histories, reasons = {}, {}
        for network in fitted_networks(estimator):
            label = type(network).__name__
            if label in histories:
                label = f"{label} {len(histories) + 1}"
            histories[label] = network.history_
            reasons[label] = network.stop_reason_
        if not histories:
            raise TypeError(
                "estimator must be a network of this package or contain one: got "
                f"{estimator!r}. Pass the network itself."
            )
        display = cls(histories=histories, stop_reasons=reasons)
        return display.plot(ax, name=name, **kwargs)

    def plot(self, ax=None, *, name="loss", **kwargs):
        """Draw the training history.

        Parameters
        ----------
        ax : Axes or None, default=None
            Axes to draw on; None creates a figure.
        name : str, default="loss"
            What is drawn: "loss", or one of the `metrics` of the network.
        **kwargs : dict
            Passed to ``Axes.plot`` for every line.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        valid = [n for n in next(iter(self.histories.values())) if n[:4] != "val_"]
        if name not in valid:
            raise ValueError(
                f"name must be a name in the history: got name={name!r}. Use one of "
                f"{', '.join(map(repr, valid))}."
            )
        (self.ax_,) = _axes.make_axes("TrainingHistoryDisplay", ax)
        self.figure_, self.lines_ = self.ax_.figure, {}
        colours = iter(_axes.OTHERS * len(self.histories))
        for network, history in self.histories.items():
            prefix = f"{network}, " if len(self.histories) > 1 else ""
            parts = {name: "training", f"val_{name}": "validation"}
            for key, label in parts.items():
                if key in history:
                    style = {"color": next(colours), "label": prefix + label}
                    if len(history[key]) == 1:
                        style["marker"] = "o"
                    epochs = np.arange(1, len(history[key]) + 1)
                    (line,) = self.ax_.plot(epochs, history[key], **style | kwargs)
                    self.lines_[network, key] = line
            if "val_loss" in history:
                best = int(np.argmin(history["val_loss"]))
                self.ax_.plot(
                    best + 1,
                    history[f"val_{name}"][best],
                    marker="o",
                    linestyle="none",
                    color=self.lines_[network, f"val_{name}"].get_color(),
                    label=f"{prefix}lowest validation loss (epoch {best + 1})",
                )
        if len(self.histories) == 1 and self.stop_reasons:
            self.ax_.set_title(next(iter(self.stop_reasons.values())))
        self.ax_.set_xlabel("epoch")
        self.ax_.set_ylabel(name)
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        self.ax_.legend(frameon=False, fontsize=9)
        _axes.style_axes(self.ax_)
        return self
