"""Declare and document the parameters that estimators share.

An architecture declares its own parameters as keyword-only parameters of its `build_x`
function. Each class gets its signature and its docstring from both places.
"""

import inspect

from skcnnlstm._utils import docstrings


def training_parameters(
    *,
    epochs="auto",
    batch_size="auto",
    optimizer="adam",
    learning_rate="auto",
    metrics=None,
    shuffle=True,
    early_stopping="auto",
    validation_fraction=0.1,
    validation_gap=0,
    patience=10,
    plateau_patience=None,
    keep_best=False,
    standardize=True,
    missing="error",
    pretrained=None,
    frozen=(),
    warm_start=False,
    random_state=None,
    verbose=0,
    callbacks=None,
    checkpoint=None,
):
    """Declare the parameters of every estimator.

    Parameters
    ----------
    epochs : int or "auto", default="auto"
        Number of passes over the training samples. "auto" follows a recipe that trains
        until the network has learned, described in the user guide. Parameters set to
        "auto" belong to the recipe; any other value replaces that part of it. If
        `epochs` is a number, "auto" means a constant learning rate, batches of 32
        samples and no early stopping.
    batch_size : int or "auto", default="auto"
        Number of samples per optimizer step. -1 uses all samples in each step. "auto"
        uses 16 to 256 samples, more for more windows, and 32 if `epochs` is a number.
    optimizer : str, class or keras.optimizers.Optimizer, default="adam"
        Name, class or instance. Pass settings to a name or a class by routed
        parameters, such as ``optimizer__clipnorm=1.0``.
    learning_rate : float, "auto" or None, default="auto"
        Step size of the optimizer. None uses the optimizer's default (0.001 for Adam).
        With "auto" epochs, "auto" warms the rate up and lets it decay along a cosine;
        the peak of Adam grows with the batch size (0.001 for 32 samples, classifiers
        0.003). If `epochs` is a number, "auto" means None.
    metrics : list or None, default=None
        Keras metrics, by name or as objects. `history_` records them next to the loss.
    shuffle : bool, default=True
        Whether to shuffle the training samples before each epoch. The validation
        samples of early stopping do not depend on it.
    early_stopping : bool or "auto", default="auto"
        Whether to hold out validation samples and to stop when their loss has not
        decreased for `patience` epochs. The weights of the epoch with the lowest
        validation loss are restored. A regressor holds out the last samples, a
        classifier a random stratified part. "auto" means True for a regressor with
        "auto" epochs and enough windows, and False otherwise.
    validation_fraction : float, default=0.1
        Fraction of the samples that early stopping holds out, between 0 and 1
        (exclusive).
    validation_gap : int, default=0
        Number of samples left out between the training and the validation samples of
        a regressor. If targets reach `horizon` steps ahead, use ``horizon - 1``: no
        training target then overlaps a validation target.
    patience : int, default=10
        Number of epochs without a lower validation loss after which early stopping
        ends training. Has no effect if `epochs` and `early_stopping` are "auto": their
        recipe uses a quarter of the epochs, at least five.
    plateau_patience : int or None, default=None
        Number of epochs without a lower training loss (by at least 0.0001) after which
        the learning rate is multiplied by ``2 ** (-1 / 3)``. The rate does not fall
        below a tenth of its initial value. None keeps the rate constant. Each `fit`
        and each `partial_fit` starts with the initial rate.
    keep_best : bool, default=False
        Whether to restore the weights of the epoch with the lowest training loss. By
        default, the weights of the last epoch are kept. Has no effect with
        `early_stopping`, which restores the weights of the lowest validation loss, nor
        in `partial_fit`.
    standardize : bool, default=True
        Whether the network standardizes each feature of X, by mean and standard
        deviation of the training windows. A regressor with the loss "mse" or "mae", or
        with `quantiles`, standardizes y, too: `history_` then holds losses and metrics
        of the standardized targets. With `instance_norm`, y has the scale of the
        features that it continues. SeriesForecaster sets False, because it scales the
        series itself.
    missing : {"error", "mask"}, default="error"
        How to treat NaN in X.

        - "error" allows NaN only in the first steps of a window, as missing history:
          `fit` leaves such samples out, `predict` fills these steps with the first
          known step.
        - "mask" allows NaN anywhere. The network reads 0 instead of NaN and, for each
          feature, an additional feature that is 1 where the value is missing. To pass
          sequences of different lengths, pad them with NaN at the beginning or the end.
    pretrained : estimator, path-like or None, default=None
        A fitted network to start from, a fitted estimator that contains one (such as a
        SeriesForecaster or a Pipeline), or a file that `save` wrote. Each layer whose
        name and shapes are equal starts from its weights; other layers start from new
        ones. `clone` keeps it fitted. In the grid of a search, wrap it into
        ``sklearn.frozen.FrozenEstimator``.
    frozen : str or tuple of str, default=()
        Layers that are not trained, by name or by pattern, such as ``"conv*"``. Frozen
        BatchNormalization layers keep their statistics, too. The names are those of
        ``[layer.name for layer in model_.layers]``.
    warm_start : bool, default=False
        Whether `fit` continues with the weights and the optimizer state of the
        previous fit.
    random_state : int, RandomState instance or None, default=None
        Seed for the weights, the order of samples and dropout. With an int, results
        are bit-identical in every process (on a GPU, equal up to rounding). None draws
        a new seed for each fit. Global random generators are neither used nor changed.
    verbose : {0, 1, 2}, default=0
        0 is silent, 1 shows the Keras progress bar, 2 prints one line per epoch.
    callbacks : keras.callbacks.Callback, list of them, or None, default=None
        Keras callbacks, as instances or classes. Instances are copied for each fit. A
        callback with batch-level methods makes training slower, with the same result.
    checkpoint : path-like or None, default=None
        Folder in which `fit` saves its progress, created if it does not exist. Call
        `fit` again after an interruption to continue from there; the result is
        bit-identical to an uninterrupted fit. `fit` writes after each epoch, or less
        often if writing would take more than 5% of the time, and removes its file at
        the end.

        Each fit has a separate file, named after its data, parameters, seed and
        library versions, so many fits of a search can share a folder. User-defined
        functions and objects are compared by their code and the values that they hold;
        changes to global variables are not detected. With ``random_state=None``, the
        seed of the interrupted fit is restored. The state of a callback is restored as
        far as it consists of numbers, text and arrays.

    Attributes
    ----------
    model_ : keras.Model
        The fitted network, built at the first access.
    history_ : dict of list of float
        Loss and metrics after each epoch. The prefix `val_` marks those of the
        validation samples.
    n_epochs_ : int
        Number of epochs in the last fit.
    best_epoch_ : int
        Number of epochs that led to the weights: fewer than `n_epochs_` if early
        stopping restored earlier weights, 0 if the initial ones were best.
    stop_reason_ : str
        Why training ended, as a sentence.
    n_features_in_ : int
        Length of the second axis of X, as in scikit-learn.
    pretrained_layers_ : list of str
        Names of the layers that started from weights of `pretrained`.
    """


def regressor_parameters(
    *,
    loss="mse",
    quantiles=None,
    instance_norm="auto",
    linear_skip="auto",
    n_targets=1,
    season_length=None,
    n_static=0,
):
    """Declare the parameters of every regressor, some with other defaults.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss, default="mse"
        Loss that training minimizes. Leave it at its default with `quantiles`. In a
        search, use names and routed settings, such as ``loss="huber"`` with
        ``loss__delta=0.3``: scikit-learn copies the objects of a grid, and copies of
        Keras losses lose settings.
    quantiles : tuple of float or None, default=None
        Quantile levels to predict instead of one value: ascending numbers between 0
        and 1, including 0.5. Training then minimizes the mean pinball loss. `predict`
        returns the median, `predict_quantiles` all quantiles, which never cross.
        Metrics are averaged over the quantiles.
    instance_norm : {"auto", "last", "standard", "seasonal"} or None, default="auto"
        How the network normalizes each window, and restores the level of its output.

        - "last" subtracts the last value of the window and adds it to the output.
        - "standard" subtracts the mean of the window and divides by its standard
          deviation; the output is scaled back.
        - "seasonal" subtracts the last season: from each step, the value at the same
          position in the last season of the window. It adds this season to the output.
        - None does not normalize.
        - "auto" means None; inside SeriesForecaster, the forecaster chooses by the
          training rows.

        With ``missing="mask"``, the last value is the last known value, mean and
        deviation are those of the known values, and missing values of the last season
        are replaced by the mean of the season.
    linear_skip : bool or "auto", default="auto"
        Whether to add a linear map of the (normalized) window to the output: a ridge
        regression that `fit` solves first. The network starts with output zero and
        learns the remainder; the map stays as it is. If early stopping holds out
        samples, they choose the penalty. They also choose between one map for all
        targets, which reads the history of a target and the covariates, and a joint
        map, which reads all features. "auto" means False, and True inside
        SeriesForecaster.
    n_targets : int or None, default=1
        Number of features that y predicts: y holds later values of the first
        `n_targets` features of X. None means all features if their number divides the
        width of y, and one otherwise. `instance_norm` and the architectures that
        predict step by step use it. SeriesForecaster sets it.
    season_length : int or None, default=None
        Length of a season in time steps, at most the window length. It is required by
        ``instance_norm="seasonal"`` and has no effect otherwise.
    n_static : int, default=0
        Number of features that are constant in a window, the last ones of X.
        `instance_norm` leaves them as they are. SeriesForecaster sets it.
    """


def classifier_parameters(*, loss="sparse_categorical_crossentropy", class_weight=None):
    """Declare the parameters of every classifier.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss, default="sparse_categorical_crossentropy"
        Loss that training minimizes. A loss whose name starts with "sparse" receives
        integer class codes, any other loss receives one column per class.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, by label. "balanced" gives every class the same total
        weight.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted class labels, in the order of the columns of `predict_proba`.
    """


# Parameters that many networks have; each has its own defaults.
_NETWORK_PARAMETERS = """Parameters of networks.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one sample: `(window_length,)` or `(window_length, n_features)`.
    n_outputs : int
        Number of outputs.
    output_activation : str or None, default=None
        Activation of the output layer.
    n_subsequences : int or "auto", default="auto"
        Number of subsequences into which each window is cut, in time order. It must
        divide the window length. "auto" uses the divisor closest to the square root of
        the window length. If this makes fewer subsequences than half their length, the
        network first repeats the first step of the window. Has no effect on
        windows cut by SubsequenceReshaper.
    filters : int or tuple of int, default=64
        Number of filters. A tuple makes one convolution per entry.
    kernel_size : int or tuple of int, default=3
        Kernel size in time steps. A tuple has one entry per convolution.
    padding : {"same", "valid"}, default="same"
        "same" keeps the number of time steps. "valid" removes ``kernel_size - 1`` time
        steps in each convolution.
    pool_size : int, default=2
        Pool size of the max pooling after the last convolution, in time steps. The
        last pool can be shorter. 1 means no pooling.
    activation : str, default="relu"
        Activation of the convolutions and of the hidden layers.
    lstm_units : int or tuple of int, default=50
        Units of the LSTM. A tuple stacks one layer per entry.
    lstm_activation : str, default="tanh"
        Activation of the LSTM cell. Values other than "tanh" are slower on a GPU: they
        cannot use the cuDNN kernel.
    dense_units : int or tuple of int, default=()
        Units of the hidden layers before the output. A tuple makes one layer per
        entry; `()` makes none.
    per_step : bool, default=False
        Whether to predict each step of the window instead of one target. y then has
        shape `(n_samples, window_length)`, as have the predictions; `predict_proba`
        returns `(n_samples, window_length, n_classes)`. A missing value in y (NaN or
        None) marks an unknown step, which `fit` and `score` leave out; `score` is the
        accuracy, or the R^2 of a regressor, over all known steps. The label of a step
        may depend on the whole window, also on later steps.
"""


def with_network_parameters(build):
    """Decorate a network builder: complete the documentation of its parameters."""
    parameters = inspect.signature(build).parameters
    defaults = {n: p.default for n, p in parameters.items() if p.default is not p.empty}
    build.__doc__ = docstrings.compose(
        build.__doc__, _NETWORK_PARAMETERS, names=parameters, defaults=defaults
    )
    return build


# Builder arguments that the estimator passes; users do not set them.
INTERNAL_ARGUMENTS = ("output_activation", "output_axes", "n_series")


def declared_parameters(function):
    """Return the keyword-only parameters of a function that users can set, by name."""
    return {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in INTERNAL_ARGUMENTS
    }


def accepts_parameter(name, parameters):
    """Return whether a class with these parameters accepts a parameter of this name.

    A class accepts the names in its signature and the routed names of scikeras,
    `prefix__name`. `optimizer__`, `loss__` and `callbacks__` are passed to
    constructors. `model__` and `fit__` set the parameter of that name.
    `predict__batch_size` has no effect: prediction chooses its batches by memory.
    """
    prefix, separator, rest = name.partition("__")
    if not separator:
        return name in parameters
    if prefix in ("model", "fit"):
        return rest in parameters
    if prefix == "predict":
        return rest in ("batch_size", "verbose")
    return bool(rest) and prefix in ("optimizer", "loss", "callbacks")
