"""Display of the attention weights of windows."""

import numpy as np

from skcnnlstm._utils.introspection import unwrap_search
from skcnnlstm.display import _axes


class AttentionDisplay:
    """Attention weights: bars for one window, or an image with a row for each window.

    Create it with `from_estimator`, which also draws it.

    Parameters
    ----------
    weights : ndarray of shape (n_samples, n_parts)
        Weight of each part of each window, the oldest part first. The weights of a
        window sum to 1.

    Attributes
    ----------
    ax_ : Axes
        Axes of the drawing.
    figure_ : Figure
        Figure that contains the axes.
    bars_ : BarContainer
        Bars, if one window is drawn.
    image_ : AxesImage
        Image, if several windows are drawn.

    Examples
    --------
    >>> from skcnnlstm import AttentionDisplay, CNNLSTMRegressor, make_windows
    >>> X, y = make_windows([10, 20, 30, 40, 50, 60, 70, 80, 90], window_length=4)
    >>> network = CNNLSTMRegressor(attention=True, epochs=2, random_state=0).fit(X, y)
    >>> AttentionDisplay.from_estimator(network, X).weights.shape
    (5, 2)
    """

    def __init__(self, *, weights):
        self.weights = weights

    @classmethod
    def from_estimator(cls, estimator, X, *, ax=None, **kwargs):
        """Draw the attention weights of windows.

        Parameters
        ----------
        estimator : estimator
            A fitted network with attention: ``CNNLSTM*(attention=True)`` or
            ``ParallelCNNLSTM*(merge="attention")``. It may be the last step of a
            Pipeline, or inside a search.
        X : array-like
            Windows, as for ``predict``.
        ax : Axes or None, default=None
            Axes to draw on; None creates a figure.
        **kwargs : dict
            Passed to ``Axes.bar`` for one window, else to ``Axes.imshow``.

        Returns
        -------
        display : AttentionDisplay
        """
        network = unwrap_search(estimator)
        if hasattr(network, "steps"):
            if len(network) > 1:
                X = network[:-1].transform(X)
            network = unwrap_search(network[-1])
        if not hasattr(network, "attention_weights"):
            raise TypeError(
                "estimator must be a network with attention: got "
                f"{type(network).__name__}. Use for example "
                "CNNLSTMRegressor(attention=True) or "
                'ParallelCNNLSTMRegressor(merge="attention"). For a SeriesForecaster, '
                "use its estimator_ with transformed windows."
            )
        return cls(weights=network.attention_weights(X)).plot(ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the attention weights.

        Parameters
        ----------
        ax, **kwargs
            As for `from_estimator`.

        Returns
        -------
        display : AttentionDisplay
        """
        weights = np.asarray(self.weights)
        (self.ax_,) = _axes.make_axes("AttentionDisplay", ax)
        self.figure_ = self.ax_.figure
        n_samples, n_parts = weights.shape
        parts = np.arange(1, n_parts + 1)
        if n_samples == 1:
            style = {"color": _axes.OTHERS[0]} | kwargs
            self.bars_ = self.ax_.bar(parts, weights[0], **style)
            self.ax_.set_ylabel("attention weight")
            _axes.style_axes(self.ax_)
        else:
            style = {"aspect": "auto", "cmap": "viridis", "interpolation": "nearest"}
            style |= {"extent": (0.5, n_parts + 0.5, n_samples - 0.5, -0.5), "vmin": 0}
            self.image_ = self.ax_.imshow(weights, **style | kwargs)
            self.figure_.colorbar(self.image_, ax=self.ax_, label="attention weight")
            self.ax_.set_ylabel("window")
            self.ax_.yaxis.get_major_locator().set_params(integer=True)
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        self.ax_.set_xlabel("part of the window, oldest first")
        return self
