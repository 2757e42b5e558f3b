"""Parameters that estimators share, declared and documented once.

An architecture's own parameters are the keyword-only ones of its `build_x`, with their
docstring. Signature and docstring of each class are put together from both here.
"""

from __future__ import annotations

import inspect


def training_parameters(
    *,
    epochs=50,
    batch_size=32,
    optimizer="adam",
    learning_rate=None,
    metrics=None,
    shuffle=True,
    early_stopping=False,
    validation_fraction=0.1,
    validation_gap=0,
    patience=10,
    plateau_patience=None,
    keep_best=False,
    missing="error",
    warm_start=False,
    random_state=None,
    verbose=0,
    callbacks=None,
    checkpoint=None,
):
    """Declare the parameters that every estimator has.

    Parameters
    ----------
    epochs : int, default=50
        Passes over the training samples.
    batch_size : int, default=32
        Samples per step of the optimizer; -1 takes all of them at once.
    optimizer : str, class or keras.optimizers.Optimizer, default="adam"
        Name, class or instance. Settings of a name or class are routed:
        `optimizer__clipnorm=1.0`.
    learning_rate : float or None, default=None
        Step size of the optimizer; None takes the optimizer's own (0.001 for Adam).
    metrics : list or None, default=None
        Metrics recorded in `history_` beside the loss, by Keras name or as objects.
    shuffle : bool, default=True
        Whether samples are put in a new order at each epoch. The part held out for
        early stopping never depends on it.
    early_stopping : bool, default=False
        Whether to hold out a part of the samples, stop when its loss has not fallen
        for `patience` epochs, and return the weights of its lowest loss.
    validation_fraction : float, default=0.1
        Share of the samples held out by early stopping, above 0 and below 1.
    validation_gap : int, default=0
        Samples left out between the training samples and those held out. Where
        targets reach `horizon` steps ahead, `horizon - 1` keeps them from sharing any.
    patience : int, default=10
        Epochs without a lower validation loss before early stopping ends the fit.
    plateau_patience : int or None, default=None
        Epochs without a lower training loss (by 0.0001 at least) after which the
        learning rate is multiplied by `2 ** (-1 / 3)`, down to a tenth of what it was
        at the start of the fit. None keeps the rate. Each fit and each `partial_fit`
        begins anew.
    keep_best : bool, default=False
        Whether the weights of the epoch with the lowest training loss are returned, in
        the place of the last ones. With early stopping its validation loss decides.
        Only epochs of the fit itself are compared, so `partial_fit` takes no notice.
    missing : {"error", "mask"}, default="error"
        What NaN in X means. "error" takes it at the beginning of a window only, as
        history that is not there: `fit` leaves such samples out, `predict` fills them.
        "mask" takes it anywhere: the network reads zero in its place, and beside each
        feature one more that says where it is missing. Sequences of unequal length
        are given as windows of one length that begin (or end) with NaN.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights and optimizer of the fit before.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, order and dropout. An int gives the same bits every time, in
        any process (on a GPU the same but for rounding); no global generator is
        touched. None draws a new seed.
    verbose : {0, 1, 2}, default=0
        0 is silent, 1 shows Keras' progress bar, 2 prints a line an epoch.
    callbacks : keras.callbacks.Callback, list of them, or None, default=None
        Callbacks, as instances (copied for each fit) or classes. One that has hooks
        for batches makes the fit run a batch at a time: slower, with the same result.
    checkpoint : path-like or None, default=None
        A folder, made if it is not there, in which `fit` keeps how far it is: after
        each epoch, or more seldom where writing would take a twentieth of the time. A
        fit that was cut off goes on there when it is called again, with the bits of one
        that was not. Each fit has a file of its own, named by its data, parameters,
        seed and releases, so that many fits of a search may share the folder and no fit
        takes up another's; a fit that ends removes its file. Functions and objects of
        your own count by their code and by what they hold and read; locks, open files
        and what a callback's class holds do not. With ``random_state=None``
        the seed that was drawn comes back. Of callbacks the numbers, texts and arrays
        that they hold come back, open files and the like do not.

    Attributes
    ----------
    model_ : keras.Model
        The fitted network, made on first use.
    history_ : dict of list of float
        Loss and metrics after each epoch; `val_` before those of the part held out.
    n_epochs_ : int
        Epochs that the last fit ran.
    n_features_in_ : int
        Length of the second axis of X, as scikit-learn counts.
    """


# What `epochs="auto"` means where no forecaster says otherwise.
AUTO_EPOCHS = 50


def regressor_parameters(
    *,
    epochs="auto",
    loss="mse",
    quantiles=None,
    instance_norm="auto",
    linear_skip="auto",
    n_targets=1,
    season_length=None,
):
    """Declare the parameters that only regressors have, or have otherwise.

    Parameters
    ----------
    epochs : int or "auto", default="auto"
        Passes over the training samples. "auto" means 50, except inside
        SeriesForecaster, which takes as many as make some 250 steps of the optimizer
        where there is no early stopping.
    loss : str, callable or keras.losses.Loss, default="mse"
        What training makes small. `quantiles` have a loss of their own. A loss that you
        wrote is traced again when its code, or a value that it reads or holds, has
        changed. In the grid of a search give names and settings, ``loss="huber"`` with
        ``loss__delta=0.3``: scikit-learn copies the objects of a grid, and Keras leaves
        settings out.
    quantiles : tuple of float or None, default=None
        Quantiles to learn in the place of one forecast, by the pinball loss: numbers
        between 0 and 1 that ascend, 0.5 among them. `predict` is then the median, and
        `predict_quantiles` gives all of them; they never cross. Metrics are means over
        all of them.
    instance_norm : {"auto", "last", "standard", "seasonal"} or None, default="auto"
        Normalisation of each window inside the network. "last" takes the window's
        last value off and adds it to the output, "standard" standardises the window by
        its own mean and deviation and scales the output back, "seasonal" takes its last
        season off (each step the value at the same place in that season) and adds it
        to the output, None does none of these. "auto" means None, except inside
        SeriesForecaster, which chooses. With `missing="mask"` the last value is the
        last known one, moments are those of known values, and what is missing in the
        last season is the mean of the season.
    linear_skip : bool or "auto", default="auto"
        Whether to add a linear map of the (normalised) window to the output. It is
        zero at the start. "auto" means False, except inside SeriesForecaster, which
        adds it.
    n_targets : int or None, default=1
        How many of the first features are the series that y continues; None means all
        of them where their number divides the width of y, one otherwise. Read by
        `instance_norm`, and by architectures whose outputs stand for steps and series.
        SeriesForecaster sets it.
    season_length : int or None, default=None
        Time steps in a season, at most those of a window. Only
        ``instance_norm="seasonal"`` reads it, and needs it.
    """


def classifier_parameters(*, loss="sparse_categorical_crossentropy", class_weight=None):
    """Declare the parameters that only classifiers have.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss, default="sparse_categorical_crossentropy"
        What training makes small. A loss whose name begins with "sparse" is given
        codes of classes, any other one column a class.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, by label; "balanced" gives every class the same sum.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted: the columns of `predict_proba`.
    """


# What a class tells `build_x`, beside the parameters that a user sets.
_TOLD = ("output_activation", "output_axes", "n_series")


def declared_parameters(function):
    """Return the keyword-only parameters of a function that a user sets, by name."""
    return {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in _TOLD
    }


def is_known(name, parameters):
    """Tell whether a class with these parameters takes a parameter of this name.

    Beside the names in the signature, those of scikeras' form prefix__name that still
    work: `optimizer__`, `loss__` and `callbacks__` go to constructors, `model__` and
    `fit__` to the parameter of that name. `predict__batch_size` is taken and has no
    effect: predictions are cut by their memory.
    """
    prefix, separator, rest = name.partition("__")
    if not separator:
        return name in parameters
    if prefix in ("model", "fit"):
        return rest in parameters
    if prefix == "predict":
        return rest in ("batch_size", "verbose")
    return bool(rest) and prefix in ("optimizer", "loss", "callbacks")
