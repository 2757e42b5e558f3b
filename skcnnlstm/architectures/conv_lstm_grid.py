"""ConvLSTM encoder-forecaster: predict the next grids of a sequence of grids."""

import keras
import numpy as np
from keras import layers, ops
from sklearn.metrics import r2_score

from skcnnlstm._utils.validation import check_regression_target, with_plain_target
from skcnnlstm.layers import blocks
from skcnnlstm.wrappers import HybridRegressor
from skcnnlstm.wrappers.assemble import grid_shape
from skcnnlstm.wrappers.parameters import with_network_parameters


@keras.saving.register_keras_serializable(package="skcnnlstm")
class BlankGrids(layers.Layer):
    """Return `n_steps` grids of zeros with one channel, the input of the forecaster."""

    def __init__(self, n_steps, **kwargs):
        super().__init__(**kwargs)
        self.n_steps = n_steps

    def call(self, grids):
        """Return zeros of shape `(n_samples, n_steps, n_rows, n_columns, 1)`."""
        blank = ops.zeros_like(grids[:, :1, :, :, :1])
        return ops.repeat(blank, self.n_steps, axis=1)

    def get_config(self):
        """Return the configuration of the layer."""
        return {**super().get_config(), "n_steps": self.n_steps}


@with_network_parameters
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
        Shape of one sample: `(n_steps, n_rows, n_columns, n_features)`. The last axis
        is optional for one feature. The shapes `(window_length,)` and `(window_length,
        n_features)` mean sequences of grids with one cell.
    n_outputs : int
        Number of outputs. They form one or more whole grids.
    output_axes : tuple of three int or None, default=None
        Numbers of grids ahead, targets per cell, and quantiles. None means one grid.
    filters : int or tuple of int, default=(16, 16)
        Number of channels of the LSTM states. A tuple makes one encoder layer and one
        forecaster layer per entry.
    kernel_size : int or tuple of int, default=3
        Kernel size in rows and columns. A tuple has one entry per layer.
    activation : str, default="tanh"
        Activation of the LSTM cells.
    dropout : float, default=0.0
        Dropout rate before the output layer, from 0 (inclusive) to 1 (exclusive).

    Notes
    -----
    Shapes for S grids of R rows, C columns and F features:

    - input: `(S, R, C, F)`
    - each encoder layer: `(S, R, C, filters)`
    - each forecaster layer: `(horizon, R, C, filters)`. It starts from the last state
      of the corresponding encoder layer.
    - concatenated outputs of all forecaster layers: `(horizon, R, C, sum(filters))`
    - 1 x 1 convolution: `(horizon, R, C, n_targets)`
    - output: `(n_outputs,)`

    Differences from Shi et al. (2015):

    - The cells have no peephole connections (Keras' cell has none), and the initial
      bias of their forget gates is 1.
    - Encoder and forecaster have two layers of 16 channels with a kernel of 3. For the
      layers of the paper, set ``filters=(128, 64, 64)`` and ``kernel_size=5``.
    - Grids are not cut into patches that become features.
    - The output is linear and trained with `loss`. The paper uses a sigmoid and
      cross-entropy.
    - Training uses Adam instead of RMSProp.
    - The first layer of the forecaster reads zeros. In the paper, it has no input.

    References
    ----------
    Shi, X. et al. (2015). Convolutional LSTM network: a machine learning approach for
    precipitation nowcasting. NeurIPS.
    """
    blocks.check_input_axes(input_shape, (1, 2, 3, 4), "a ConvLSTM on grids")
    filters = blocks.check_widths("filters", filters)
    kernel_size = blocks.check_per_layer("kernel_size", kernel_size, len(filters))
    blocks.check_activation("activation", activation)

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

    x, encoder_states = grids, []
    for i in range(len(filters)):
        x, *state = conv_lstm(i, "encoder", return_state=True)(x)
        encoder_states.append(state)
    x, outputs = BlankGrids(horizon, name="unseen")(grids), []
    for i, state in enumerate(encoder_states):
        x = conv_lstm(i, "forecaster")(x, initial_state=state)
        outputs.append(x)
    if len(outputs) > 1:
        x = layers.Concatenate(name="states")(outputs)
    x = blocks.apply_dropout(x, dropout, "dropout")
    # A dense layer over the channels of each cell is a 1 x 1 convolution.
    x = layers.Dense(n_outputs // (horizon * n_cells), name="output")(x)
    output = layers.Flatten(name="grids_in_order")(x)
    return keras.Model(window, output, name="conv_lstm_grid")


class ConvLSTMGridRegressor(
    HybridRegressor,
    build=build_conv_lstm_grid,
    defaults={"n_targets": None, "linear_skip": True},
):
    """Forecast the next grids of a sequence of grids with a ConvLSTM.

    An encoder of ConvLSTM layers reads the grids in time order. A forecaster of
    ConvLSTM layers continues from the last states of the encoder and predicts every
    cell of the next grids.

    X has shape `(n_samples, n_steps, n_rows, n_columns, n_features)`. The last axis is
    optional for one feature. Windows of shape `(n_samples, window_length)` or
    `(n_samples, window_length, n_features)` count as sequences of grids with one cell.

    y and the predictions have one of these shapes:

    - `(n_samples, n_rows, n_columns)`: the next grid of the first feature.
    - `(n_samples, n_rows, n_columns, n_targets)`: the next grid of several features.
    - `(n_samples, n_outputs)`: the flattened grid, in the order of rows, columns and
      features. Scorers of scikit-learn require this form. Several grids ahead are
      concatenated in the order of steps.

    `instance_norm` normalizes each cell separately. With "last", the network predicts
    the change from the last grid. With "standard", it predicts the deviation from the
    mean of the window. With ``missing="error"``, NaN is allowed only as missing
    history: in every cell of the first grids of a sample. With ``missing="mask"``, any
    cell of any grid can be missing.

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

    _models_columns_jointly = True

    def _build_network_args(self, settings, input_shape, n_outputs):
        *args, params = super()._build_network_args(settings, input_shape, n_outputs)
        return *args, params | {"grids": True}

    def _count_columns(self, X):
        _, *grid, n_features = grid_shape(X.shape[1:])
        return grid[0] * grid[1], n_features

    def _flatten_steps(self, X):
        return X if X.ndim < 4 else X.reshape(*X.shape[:2], -1)

    def _check_target(self, y, X):
        y = check_regression_target(y, len(X), estimator=self, grids=True)
        if y.ndim < 3:
            return y
        _, *grid, n_features = grid_shape(X.shape[1:])
        accepted = {1, n_features} if self.n_targets is None else {self.n_targets}
        if (
            y.ndim > 4
            or list(y.shape[1:3]) != grid
            or y[:1].size not in {n * grid[0] * grid[1] for n in accepted}
        ):
            shape = ", ".join(map(str, grid))
            raise ValueError(
                f"y must have shape (n_samples, {shape}) or (n_samples, {shape}, "
                f"n_targets), where n_targets is one of {sorted(accepted)}: got shape "
                f"{y.shape}. Use y.reshape(len(y), -1) for several grids, or set "
                "n_targets."
            )
        return y

    @with_plain_target
    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination, R^2, averaged over all cells.

        Parameters
        ----------
        X, y, sample_weight : array-like
            Grids, targets and weights, as for `fit`.

        Returns
        -------
        score : float
            R^2, at most 1.
        """
        y, predicted = np.asarray(y), self.predict(X)
        return r2_score(
            y.reshape(len(y), -1),
            predicted.reshape(len(predicted), -1),
            sample_weight=sample_weight,
        )
