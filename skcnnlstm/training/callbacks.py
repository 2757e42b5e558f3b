"""Keras callbacks in a fit that runs a whole epoch in one call."""

from __future__ import annotations

import copy

import keras

_BATCH_HOOKS = (
    "on_batch_begin",
    "on_batch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
)


def prepare_callbacks(callbacks, settings):
    """Return fresh callbacks for one fit.

    An instance is copied, so that no state runs from one fit into the next; a class
    is made with `settings`.
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


class Watch(keras.callbacks.Callback):
    """Tells a watcher of each epoch, and stops where it wants no more.

    Parameters
    ----------
    watcher : object
        With `begin_epoch()` and `end_epoch(trained)`, which returns whether to stop.
    trained : callable
        Returns what training has made so far.
    """

    def __init__(self, watcher, trained):
        super().__init__()
        self._watcher, self._trained = watcher, trained

    def on_epoch_begin(self, epoch, logs=None):
        """Tell of it."""
        self._watcher.begin_epoch()

    def on_epoch_end(self, epoch, logs=None):
        """Tell of it, and stop if asked to."""
        if self._watcher.end_epoch(self._trained):
            self.model.stop_training = True


def needs_batches(callbacks):
    """Tell whether any callback wants to be called at every batch."""
    return any(
        _has_hook(callback, hook)
        for callback in callbacks
        if not _epoch_is_enough(callback)
        for hook in _BATCH_HOOKS
    )


def _has_hook(callback, hook):
    # LambdaCallback puts its hooks into the instance.
    return hook in vars(callback) or (
        getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)
    )


def _epoch_is_enough(callback):
    """Tell whether a callback of Keras has batch hooks that it does not need.

    A loss that is not finite ends every fit; the others act by the epoch unless told
    otherwise.
    """
    if type(callback) is keras.callbacks.TensorBoard:
        return callback.update_freq == "epoch"
    if type(callback) in (
        keras.callbacks.ModelCheckpoint,
        keras.callbacks.BackupAndRestore,
    ):
        return callback.save_freq == "epoch"
    return type(callback) is keras.callbacks.TerminateOnNaN
