"""Keras callbacks of a fit: user-defined ones, early stopping and plateaus."""

import copy

import keras

# Karim et al. (2018): factor of the learning rate on a plateau, and its lowest value
# relative to the first one.
_PLATEAU_FACTOR = 2 ** (-1 / 3)
_MIN_RELATIVE_RATE = 0.1
_BATCH_HOOKS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
)


def prepare_callbacks(callbacks, settings):
    """Return a list of new callbacks for one fit.

    An instance is copied, so that its state does not reach the next fit. A class is
    constructed with `settings`.
    """
    if callbacks is None:
        return []
    if isinstance(callbacks, dict):
        callbacks = list(callbacks.values())
    if not isinstance(callbacks, list | tuple):
        callbacks = [callbacks]
    prepared = []
    for callback in callbacks:
        if isinstance(callback, type) and issubclass(
            callback, keras.callbacks.Callback
        ):
            prepared.append(callback(**settings))
        elif isinstance(callback, keras.callbacks.Callback):
            prepared.append(copy.deepcopy(callback))
        else:
            raise TypeError(
                "callbacks must be Keras callbacks, as instances or classes: got "
                f"{callback!r}. Derive its class from keras.callbacks.Callback."
            )
    return prepared


def needs_batches(callbacks):
    """Return whether any callback must be called at every batch."""
    unused = keras.callbacks.Callback
    return any(
        # LambdaCallback sets its hooks on the instance.
        hook in vars(callback)
        or getattr(type(callback), hook) is not getattr(unused, hook)
        for callback in callbacks
        if not _has_unused_batch_hooks(callback)
        for hook in _BATCH_HOOKS
    )


def _has_unused_batch_hooks(callback):
    """Return whether the batch hooks of a Keras callback need not be called.

    `TerminateOnNaN` is not needed, because every fit stops if its loss is not finite.
    `TensorBoard` needs its batch hooks only if `update_freq` is not "epoch".
    `ModelCheckpoint` and `BackupAndRestore` need them only if `save_freq` is not
    "epoch".
    """
    if type(callback) is keras.callbacks.TensorBoard:
        return callback.update_freq == "epoch"
    saving = keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore
    if type(callback) in saving:
        return callback.save_freq == "epoch"
    return type(callback) is keras.callbacks.TerminateOnNaN


def epoch_callbacks(options, optimizer):
    """Return the callbacks that run after each epoch, in order.

    Early stopping comes before user-defined callbacks, so that they see the weights
    that the fit returns. Plateaus come last, so that user-defined callbacks see the
    learning rate of the epoch.
    """
    callbacks = list(options.callbacks)
    stops_early = options.patience is not None
    if stops_early or options.keep_best:
        best = keras.callbacks.EarlyStopping(
            monitor="val_loss" if stops_early else "loss",
            patience=options.patience if stops_early else options.epochs,
            restore_best_weights=True,
        )
        callbacks.insert(0, best)
    if options.plateau_patience is not None:
        plateau = keras.callbacks.ReduceLROnPlateau(
            monitor="loss",
            factor=_PLATEAU_FACTOR,
            patience=options.plateau_patience,
            min_lr=_MIN_RELATIVE_RATE * float(optimizer.learning_rate),
        )
        callbacks.append(plateau)
    return callbacks
