"""Declare and document the parameters that estimators share.

An architecture declares its own parameters as keyword-only parameters of its `build_x`
function. Each class gets its signature and its docstring from this module and from
`build_x`.
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
        Number of passes over the training samples. "auto" uses the training recipe
        described in the user guide, which chooses the number of epochs. The recipe also
        sets `batch_size`, `learning_rate` and `early_stopping`, each only if it is
        "auto". If `epochs` is a number, "auto" in these three parameters means batches
        of 32 samples, a constant learning rate and no early stopping.
    batch_size : int or "auto", default="auto"
        Number of samples per optimizer step. -1 uses all samples in each step. "auto"
        uses 32 samples if `epochs` is a number. Otherwise, it uses 16 to 256 samples
        (LSTMFCNClassifier and ParallelCNNLSTMClassifier: 128 to 256), more for more
        windows.
    optimizer : str, class or keras.optimizers.Optimizer, default="adam"
        Keras optimizer: a name, a class or an instance. The settings of a name or a
        class are routed parameters, such as ``optimizer__clipnorm=1.0``.
    learning_rate : float, "auto" or None, default="auto"
        Learning rate of the optimizer. None uses the default of the optimizer (0.001
        for Adam). "auto" means None if `epochs` is a number or `plateau_patience` is
        set. Otherwise, with "auto", the rate rises to a peak and then decays along a
        cosine. For Adam, the peak grows with the batch size. For 32 samples, it is
        0.001 in a regressor and 0.003 in a classifier.
    metrics : list or None, default=None
        Keras metrics, by name or as objects. `history_` records them next to the loss.
    shuffle : bool, default=True
        Whether to shuffle the training samples before each epoch. This does not change
        which samples early stopping holds out.
    early_stopping : bool or "auto", default="auto"
        Whether to hold out validation samples and to stop when their loss has not
        decreased for `patience` epochs. The weights of the epoch with the lowest
        validation loss are restored. A regressor holds out the last samples, and a
        classifier holds out a random stratified part. "auto" means True for a regressor
        if `epochs` is "auto" and there are enough windows. Otherwise, it means False.
    validation_fraction : float, default=0.1
        Fraction of the samples that early stopping holds out, between 0 and 1
        (exclusive).
    validation_gap : int, default=0
        Number of samples left out between the training and the validation samples of
        a regressor. If targets reach `horizon` steps ahead, use ``horizon - 1``, so
        that no training target overlaps a validation target. If
        ``early_stopping="auto"`` holds out samples, at least ``horizon - 1`` samples
        are left out.
    patience : int, default=10
        Number of epochs without a lower validation loss after which early stopping
        ends training. Has no effect if `epochs` and `early_stopping` are both "auto":
        the recipe then uses a quarter of the epochs, at least five.
    plateau_patience : int or None, default=None
        Number of epochs without a lower training loss (by at least 0.0001) after which
        the learning rate is multiplied by ``2 ** (-1 / 3)``. The rate does not fall
        below a tenth of its initial value. None turns this off. Each `fit` and each
        `partial_fit` starts with the initial rate.
    keep_best : bool, default=False
        Whether to restore the weights of the epoch with the lowest training loss. False
        keeps the weights of the last epoch. Has no effect in `partial_fit`, or if early
        stopping restores the weights of the lowest validation loss.
    standardize : bool, default=True
        Whether the network standardizes each feature of X by the mean and the standard
        deviation of the training windows. A regressor with the loss "mse" or "mae", or
        with `quantiles`, also standardizes y. `history_` then holds losses and metrics
        of the standardized targets. With `instance_norm` or `linear_skip`, y gets the
        mean and the scale of the first `n_targets` features of X. SeriesForecaster sets
        this to False, because it scales the series itself.
    missing : {"error", "mask"}, default="error"
        How to treat NaN in X.

        - "error" allows NaN only as missing history: in every feature of the first
          steps of a window. `fit` leaves such samples out. `predict` fills these steps
          with the first known step.
        - "mask" allows NaN anywhere. The network reads 0 instead of NaN and, for each
          feature, an additional feature that is 1 where the value is missing. To pass
          sequences of different lengths, pad them with NaN at the beginning or the end.
    pretrained : estimator, path-like or None, default=None
        A fitted network to start from. This can also be a fitted estimator that
        contains a network, such as a SeriesForecaster or a Pipeline, or the path of a
        file that `save` wrote. A layer starts from the fitted weights if the fitted
        network has a layer of the same name with the same weight shapes. Other layers
        start from new weights. `clone` keeps the estimator in `pretrained` fitted. In
        the grid of a search, wrap it into ``sklearn.frozen.FrozenEstimator``.
    frozen : str or tuple of str, default=()
        Layers that are not trained, by name or by pattern, such as ``"conv*"``. Frozen
        BatchNormalization layers keep their statistics, too. To list the names, use
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
        `fit` again after an interruption to continue from there. The result is then
        bit-identical to an uninterrupted fit. `fit` writes its file after each epoch,
        or less often if writing would take more than 5% of the time. It removes the
        file at the end.

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
        Loss and metrics after each epoch, by name. The prefix `val_` marks the loss and
        metrics of the validation samples.
    n_epochs_ : int
        Number of epochs in the last fit.
    best_epoch_ : int
        Number of epochs after which the network had its final weights. This is less
        than `n_epochs_` if the weights of an earlier epoch were restored, and 0 if the
        initial weights were best.
    stop_reason_ : str
        Why training ended, as one or two sentences.
    n_features_in_ : int
        Length of the second axis of X, as in scikit-learn.
    pretrained_layers_ : list of str
        Names of the layers that started from the weights of `pretrained`.
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
    """Declare the parameters of every regressor, besides `training_parameters`.

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
        returns the median. `predict_quantiles` returns all quantiles, which never
        cross. Metrics are averaged over the quantiles.
    instance_norm : {"auto", "last", "standard", "seasonal"} or None, default="auto"
        How the network normalizes each window, and restores the level of its output.

        - "last" subtracts the last value of the window and adds it to the output.
        - "standard" subtracts the mean of the window and divides by its standard
          deviation. It scales the output back.
        - "seasonal" subtracts from each step the value at the same position in the last
          season of the window. It adds the last season to the output.
        - None does not normalize.
        - "auto" means None. Inside SeriesForecaster, the forecaster selects the mode
          that suits the training rows.

        With ``missing="mask"``, "last" uses the last known value, and "standard" the
        mean and deviation of the known values. "seasonal" replaces missing values of
        the last season by the mean of the season.
    linear_skip : bool or "auto", default="auto"
        Whether to add a linear map of the (normalized) window to the output. `fit`
        first solves a ridge regression for the map, which then stays fixed. The network
        starts with output zero and learns the remainder. All targets share one map,
        which forecasts a target from its own history and from the covariates. If early
        stopping holds out samples, they decide the ridge penalty, and whether a joint
        map of all features replaces the shared map. "auto" means False, but
        SeriesForecaster replaces it by True if the map has at most 3,000 inputs.
    n_targets : int or None, default=1
        Number of features to predict: y holds later values of the first `n_targets`
        features of X. None means all features if their number divides the width of y,
        and one feature otherwise. `instance_norm`, `linear_skip` and the architectures
        that predict step by step depend on this number. SeriesForecaster sets it.
    season_length : int or None, default=None
        Length of a season in time steps, at most the window length. It is required by
        ``instance_norm="seasonal"`` and has no effect otherwise.
    n_static : int, default=0
        Number of features that are constant in each window. They must be the last
        features of X. `instance_norm` does not change them. SeriesForecaster sets this
        number.
    """


def classifier_parameters(*, loss="sparse_categorical_crossentropy", class_weight=None):
    """Declare the parameters of every classifier, besides `training_parameters`.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss, default="sparse_categorical_crossentropy"
        Loss that training minimizes. A loss whose name starts with "sparse" receives
        integer class codes. Any other loss receives one column per class.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, by label. "balanced" gives every class the same total
        weight.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted class labels, in the order of the columns of `predict_proba`.
    """


# Parameters that many networks have. The defaults differ between networks.
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
        divide the window length. In classifiers without `per_step`, "auto" means two
        (one for a window of one step), and repeats the first step of a window of odd
        length. Otherwise, "auto" uses the divisor closest to the square root of the
        window length. If the length of a subsequence would then be more than twice the
        number of subsequences, "auto" first lengthens the window by repeating its first
        step. Has no effect on windows cut by SubsequenceReshaper.
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
    patch_length : int or "auto", default="auto"
        Number of consecutive steps that the LSTM reads at once, as one vector. If it
        does not divide the number of steps, the first step is repeated at the start.
        "auto" means 1 in regressors and with `per_step`. In other classifiers, it means
        half of the steps, rounded up, or the longest patch of at most 8,192 values if
        this is shorter.
    dense_units : int or tuple of int, default=()
        Units of the hidden layers before the output. A tuple makes one layer per
        entry; `()` makes none.
    per_step : bool, default=False
        Whether to predict each step of the window instead of one target. y and the
        predictions then have shape `(n_samples, window_length)`. The probabilities have
        shape `(n_samples, window_length, n_classes)`. A missing value in y (NaN or
        None) marks an unknown step, which `fit` and `score` leave out. `score` returns
        the accuracy of a classifier, or the R^2 of a regressor, over all known steps.
        The prediction of a step may depend on the whole window, including later steps.
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
    """Return the keyword-only parameters that a user can set, as a dict by name."""
    return {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in INTERNAL_ARGUMENTS
    }


def accepts_parameter(name, parameters):
    """Return whether a class with these parameters accepts a parameter of this name.

    A class accepts the names in its signature and the routed names of scikeras,
    `prefix__name`. Names with the prefix `optimizer`, `loss` or `callbacks` are passed
    to constructors. `model__name` and `fit__name` set the parameter `name`.
    `predict__batch_size` and `predict__verbose` are accepted, but have no effect.
    """
    prefix, separator, rest = name.partition("__")
    if not separator:
        return name in parameters
    if prefix in ("model", "fit"):
        return rest in parameters
    if prefix == "predict":
        return rest in ("batch_size", "verbose")
    return bool(rest) and prefix in ("optimizer", "loss", "callbacks")
