"""Display of attributions by lag and feature."""

import numpy as np

from skcnnlstm._utils.validation import check_choice
from skcnnlstm.display import _axes

_KINDS = "heatmap", "lags", "features"


class AttributionDisplay:
    """Attributions of predictions: a heat map of lags and features, or bars.

    Create it with `from_result` or `from_estimator`, which also draw it. For one
    window, its signed attributions are drawn. For several windows or outputs, the mean
    of the absolute attributions is drawn.

    Parameters
    ----------
    attributions : ndarray of shape (n_samples, n_steps, n_features) or \
(n_samples, n_steps, n_features, ...)
        Attributions, as `attribute` returns them. For a permutation importance, a
        sample is a repeat.
    lags : ndarray of shape (n_steps,) or (n_steps, 2)
        Lag of each step, or the first and the last lag of each block.
    feature_names : sequence
        Names of the features.
    is_importance : bool, default=False
        Whether the samples are the repeats of a permutation importance. Their mean is
        then drawn.

    Attributes
    ----------
    ax_ : Axes
        Axes of the drawing.
    figure_ : Figure
        Figure that contains the axes.
    image_ : AxesImage
        Heat map, with ``kind="heatmap"``.
    bars_ : BarContainer
        Bars, with ``kind="lags"`` or ``kind="features"``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skcnnlstm import AttributionDisplay
    >>> X = np.random.default_rng(0).normal(size=(50, 3))  # windows of three steps
    >>> model = LinearRegression().fit(X, 2 * X[:, 0] - X[:, 2])
    >>> display = AttributionDisplay.from_estimator(model, X)
    >>> display.image_.get_array().shape  # one feature, three lags
    (1, 3)
    """

    def __init__(self, *, attributions, lags, feature_names, is_importance=False):
        self.attributions = attributions
        self.lags = lags
        self.feature_names = feature_names
        self.is_importance = is_importance

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        kind="heatmap",
        sample=None,
        ax=None,
        method="integrated_gradients",
        target=None,
        baseline="mean",
        output="probability",
        block_length=None,
        exog=None,
        y=None,
        scoring=None,
        n_repeats=5,
        random_state=None,
        **kwargs,
    ):
        """Compute attributions and draw them.

        Parameters
        ----------
        estimator, X
            As for `attribute`.
        kind, sample, ax, **kwargs
            As for `from_result`.
        method, target, baseline, output, block_length, exog, y, scoring, n_repeats, \
random_state
            As for `attribute`.

        Returns
        -------
        display : AttributionDisplay
        """
        # Imported here, because it loads TensorFlow, which other displays do not need.
        from skcnnlstm.inspection import attribute

        result = attribute(
            estimator,
            X,
            method=method,
            target=target,
            baseline=baseline,
            output=output,
            block_length=block_length,
            exog=exog,
            y=y,
            scoring=scoring,
            n_repeats=n_repeats,
            random_state=random_state,
        )
        return cls.from_result(result, kind=kind, sample=sample, ax=ax, **kwargs)

    @classmethod
    def from_result(cls, result, *, kind="heatmap", sample=None, ax=None, **kwargs):
        """Draw the result of `attribute`.

        Parameters
        ----------
        result : Bunch
            Result of `attribute` for one series.
        kind : {"heatmap", "lags", "features"}, default="heatmap"
            What is drawn.

            - "heatmap": a row for each feature and a column for each lag.
            - "lags": a bar for each lag, the sum over features.
            - "features": a bar for each feature, the sum over lags.
        sample : int or None, default=None
            Position of the window to draw. None draws all windows: for several windows
            or outputs, the mean of their absolute attributions is drawn.
        ax : Axes or None, default=None
            Axes to draw on; None creates a figure.
        **kwargs : dict
            Passed to ``Axes.imshow`` for a heat map, else to ``Axes.bar`` or
            ``Axes.barh``.

        Returns
        -------
        display : AttributionDisplay
        """
        if isinstance(result, list) or not hasattr(result, "feature_names"):
            raise TypeError(
                "result must be a Bunch that attribute returned: got "
                f"{type(result).__name__}. For many series, pass the Bunch of one of "
                "them, such as result[0] or result['key']."
            )
        if "importances" in result:
            values, lags = np.moveaxis(result.importances, 2, 0), result.blocks
        else:
            values, lags = result.attributions, result.lags
        display = cls(
            attributions=values,
            lags=lags,
            feature_names=result.feature_names,
            is_importance="importances" in result,
        )
        return display.plot(ax, kind=kind, sample=sample, **kwargs)

    def plot(self, ax=None, *, kind="heatmap", sample=None, **kwargs):
        """Draw the attributions.

        Parameters
        ----------
        ax, kind, sample, **kwargs
            As for `from_result`.

        Returns
        -------
        display : AttributionDisplay
        """
        check_choice("kind", kind, _KINDS)
        values, label = self._summarize(sample)
        (self.ax_,) = _axes.make_axes("AttributionDisplay", ax)
        self.figure_ = self.ax_.figure
        if kind == "heatmap":
            self._draw_heatmap(values, label, kwargs)
        elif kind == "lags":
            self._draw_lags(values.sum(axis=1), label, kwargs)
        else:
            self._draw_features(values.sum(axis=0), label, kwargs)
        return self

    def _summarize(self, sample):
        """Return the values to draw, ``(n_steps, n_features)``, and their label."""
        values = np.asarray(self.attributions, dtype=float)
        if self.is_importance:
            return values.mean(axis=0), "decrease of the score"
        n = len(values)
        if sample is not None:
            if not -n <= sample < n:
                raise ValueError(
                    f"sample must be a position from 0 to {n - 1}: got sample={sample}."
                    " Use sample=None for the mean of all windows."
                )
            values = values[[sample]]
        values = values.reshape(*values.shape[:3], -1)
        if len(values) == values.shape[3] == 1:
            return values[0, :, :, 0], "attribution"
        return np.abs(values).mean(axis=(0, 3)), "mean |attribution|"

    def _edges(self):
        """Return the n_steps + 1 edges of the steps on the axis of lags."""
        lags = np.asarray(self.lags)
        first, last = (lags, lags) if lags.ndim == 1 else lags.T
        return np.append(first + 0.5, last[-1] - 0.5)

    def _draw_heatmap(self, values, label, kwargs):
        largest = float(np.abs(values).max()) or 1.0
        style = {"cmap": "viridis", "vmin": 0, "vmax": largest}
        if (values < 0).any():
            style = {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}
        edges, names = self._edges(), list(map(str, self.feature_names))
        widths = -np.diff(edges)
        if len(widths) > 1 and widths[0] != widths[-1]:
            # The oldest block is shorter: repeat each step.
            values = values.repeat(widths.astype(int), axis=0)
        style |= {"aspect": "auto", "interpolation": "nearest"}
        style |= {"extent": (edges[0], edges[-1], len(names) - 0.5, -0.5)}
        if "norm" in kwargs:
            del style["vmin"], style["vmax"]
        self.image_ = self.ax_.imshow(values.T, **style | kwargs)
        self.figure_.colorbar(self.image_, ax=self.ax_, label=label)
        self.ax_.set_yticks(range(len(names)), names)
        self._label_lags()

    def _draw_lags(self, sums, label, kwargs):
        edges = self._edges()
        style = {"color": _axes.OTHERS[0], "width": 0.9 * -np.diff(edges)}
        centres = (edges[1:] + edges[:-1]) / 2
        self.bars_ = self.ax_.bar(centres, sums, **style | kwargs)
        self.ax_.set_xlim(edges[0], edges[-1])
        self.ax_.set_ylabel(label)
        _axes.style_axes(self.ax_)
        self.ax_.set_xlim(edges[0], edges[-1])
        self._label_lags()

    def _draw_features(self, sums, label, kwargs):
        names = list(map(str, self.feature_names))
        style = {"color": _axes.OTHERS[0]} | kwargs
        self.bars_ = self.ax_.barh(range(len(names)), sums, **style)
        self.ax_.set_yticks(range(len(names)), names)
        self.ax_.invert_yaxis()
        self.ax_.set_xlabel(label)
        _axes.style_axes(self.ax_)
        self.ax_.grid(visible=False, axis="y")

    def _label_lags(self):
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        self.ax_.set_xlabel("lag (0 is the last step of the window)")
