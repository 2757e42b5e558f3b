"""ConvLSTM encoder-forecaster: from a row of grids to the grids that come next."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops
from sklearn.metrics import r2_score

from skcnnlstm._utils.validation import check_regression_target
from skcnnlstm.layers.blocks import (
    check_activation,
    dropped,
    per_layer,
    require_axes,
    widths,
)
from skcnnlstm.wrappers import HybridRegressor
from skcnnlstm.wrappers.assemble import grid_shape


@keras.saving.register_keras_serializable(package="skcnnlstm")
class BlankGrids(layers.Layer):
    """Give grids of zeros with one channel, for steps that nobody has seen yet."""

    def __init__(self, n_steps, **kwargs):
        super().__init__(**kwargs)
        self.n_steps = n_steps

    def call(self, grids):
        """Return `(n_samples, n_steps, n_rows, n_columns, 1)`."""
        blank = ops.zeros_like(grids[:, :1, :, :, :1])
        return ops.repeat(blank, self.n_steps, axis=1)

    def get_config(self):
        """Return what `from_config` needs."""
        return {**super().get_config(), "n_steps": self.n_steps}


def build_conv_lstm_grid(
    input_shape,
    n_outputs,
    *,
    output_axes=None,
    filters=(16, 16),
    kernel_size=3,
    activation="tanh",
    dropout=0.0,
):
    """Build a ConvLSTM encoder-forecaster for grids.

    Parameters
    ----------
    input_shape : tuple of int
        `(n_steps, n_rows, n_columns, n_features)`; without the last axis for one
        feature. `(window_length,)` and `(window_length, n_features)` are grids of one
        cell.
    n_outputs : int
        Width of the output: whole grids.
    output_axes : tuple of three int or None, default=None
        Grids ahead, targets of a cell and quantiles; None takes the output as one grid.
    filters : int or tuple of int, default=(16, 16)
        Channels of the state of each layer, in the encoder and in the forecaster; an
        entry a layer.
    kernel_size : int or tuple of int, default=3
        Reach of the convolutions in cells, in rows and columns alike; an entry a layer.
    activation : str, default="tanh"
        Activation of cell and output.
    dropout : float, default=0.0
        Share of the forecaster's states that is dropped in training before the output,
        from 0 to below 1.

    Returns
    -------
    model : keras.Model
        Uncompiled.

    Notes
    -----
    `(S, R, C, F)`, encoder: ConvLSTM layers `(S, R, C, filters)`; forecaster: as many
    ConvLSTM layers, each starting from the last state and memory of the encoder's
    layer, `(horizon, R, C, filters)`; the states of all of them joined, and a 1 x 1
    convolution `(horizon, R, C, n_targets)`, flattened `(n_outputs,)`.

    Differences from Shi et al. (2015): no peephole connections (Keras' cell has none);
    two layers of 16 channels and a kernel of 3 in the place of three of 128, 64 and 64
    channels and a kernel of 5 (`filters=(128, 64, 64), kernel_size=5`); grids are not
    cut into patches that become features; the output is linear and trained by `loss`,
    where the paper has a sigmoid and cross-entropy; Adam in the place of RMSProp, and
    early stopping only where asked; forget gates start open. The forecaster's first
    layer reads zeros, having no input in the paper.

    References
    ----------
    Shi, X. et al. (2015). Convolutional LSTM network: a machine learning approach for
    precipitation nowcasting. NeurIPS.
    """
    require_axes(input_shape, (1, 2, 3, 4), "A ConvLSTM on grids")
    filters = widths("filters", filters)
    kernel_size = per_layer("kernel_size", kernel_size, len(filters))
    check_activation("activation", activation)

    window = grids = layers.Input(input_shape, name="window")
    shape = grid_shape(input_shape)
    if shape != tuple(input_shape):
        grids = layers.Reshape(shape, name="as_grids")(window)
    n_cells = shape[1] * shape[2]
    horizon = 1 if output_axes is None else output_axes[0]

    def conv_lstm(i, part, **kwargs):
        return layers.ConvLSTM2D(
            filters[i],
            kernel_size[i],
            padding="same",
            activation=activation,
            return_sequences=True,
            name=f"{part}_{i + 1}",
            **kwargs,
        )

    x, memories = grids, []
    for i in range(len(filters)):
        x, *memory = conv_lstm(i, "encoder", return_state=True)(x)
        memories.append(memory)
    x, states = BlankGrids(horizon, name="unseen")(grids), []
    for i, memory in enumerate(memories):
        x = conv_lstm(i, "forecaster")(x, initial_state=memory)
        states.append(x)
    if len(states) > 1:
        x = layers.Concatenate(name="states")(states)
    x = dropped(x, dropout, "dropout")
    # A dense layer over the channels of each cell is a 1 x 1 convolution.
    x = layers.Dense(n_outputs // (horizon * n_cells), name="output")(x)
    output = layers.Flatten(name="grids_in_order")(x)
    return keras.Model(window, output, name="conv_lstm_grid")


class ConvLSTMGridRegressor(
    HybridRegressor, build=build_conv_lstm_grid, defaults={"n_targets": None}
):
    """Forecast the next grid of a row of grids with a ConvLSTM encoder-forecaster.

    An LSTM whose products are convolutions reads the grids in time order, a second one
    goes on from its states, and every cell of the next grid is read off those. X is
    `(n_samples, n_steps, n_rows, n_columns, n_features)`, without the last axis where
    there is one feature; windows `(n_samples, window_length)` and `(n_samples,
    window_length, n_features)` are grids of one cell.

    y is the next grid: `(n_samples, n_rows, n_columns)` of the first feature, or
    `(n_samples, n_rows, n_columns, n_targets)`; `predict` gives the same form. Or it is
    flat, as scorers of scikit-learn want it, `(n_samples, n_outputs)`: rows, columns,
    features; several grids ahead are put side by side, step by step.

    `instance_norm` takes the level of every cell from that cell alone: "last" forecasts
    the change from the last grid, "standard" the deviation from the window's mean.
    `missing="mask"` takes grids with cells that are never known. Missing history is
    grids of NaN alone.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnnlstm import ConvLSTMGridRegressor
    >>> grids = np.random.default_rng(0).standard_normal((20, 5, 6))
    >>> X = np.stack([grids[i : i + 4] for i in range(16)])
    >>> regressor = ConvLSTMGridRegressor(filters=4, epochs=1, random_state=0)
    >>> regressor.fit(X, grids[4:]).predict(X).shape
    (16, 5, 6)
    """

    def _plan_network(self, settings, input_shape, n_outputs):
        *plan, params = super()._plan_network(settings, input_shape, n_outputs)
        return *plan, params | {"grids": True}

    def _as_steps(self, X):
        return X if X.ndim < 4 else X.reshape(*X.shape[:2], -1)

    def _check_target(self, y, X):
        y = check_regression_target(y, len(X), estimator=self, grids=True)
        if y.ndim < 3:
            return y
        _, *grid, n_features = grid_shape(X.shape[1:])
        fits = {1, n_features} if self.n_targets is None else {self.n_targets}
        if (
            y.ndim > 4
            or list(y.shape[1:3]) != grid
            or y[:1].size not in {n * grid[0] * grid[1] for n in fits}
        ):
            shape = ", ".join(map(str, grid))
            raise ValueError(
                f"y must hold one grid a sample, of shape (n_samples, {shape}) or "
                f"(n_samples, {shape}, n_targets) with n_targets one of "
                f"{sorted(fits)}: got {y.shape}. Use y.reshape(len(y), -1) for several "
                "grids, or set n_targets."
            )
        return y

    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination R^2, the mean over all cells.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for `fit`.

        Returns
        -------
        score : float
            1 at best.
        """
        y, predicted = np.asarray(y), self.predict(X)
        return r2_score(
            y.reshape(len(y), -1),
            predicted.reshape(len(predicted), -1),
            sample_weight=sample_weight,
        )
