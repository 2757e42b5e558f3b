"""Prepare Keras callbacks for fits that run a whole epoch in one call."""

import copy

import keras

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
                "callbacks must be Keras callbacks, instances or classes: got "
                f"{callback!r}. Derive it from keras.callbacks.Callback."
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
    """Return whether a callback of Keras has batch hooks that do nothing here.

    `TerminateOnNaN` is not needed, because every fit stops at a loss that is not
    finite. The others work at the end of an epoch unless configured otherwise.
    """
    if type(callback) is keras.callbacks.TensorBoard:
        return callback.update_freq == "epoch"
    saving = keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore
    if type(callback) in saving:
        return callback.save_freq == "epoch"
    return type(callback) is keras.callbacks.TerminateOnNaN
