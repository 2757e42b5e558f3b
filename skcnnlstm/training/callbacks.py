"""Prepare Keras callbacks for fits that run a whole epoch in one call."""

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
    """Return new callbacks for one fit.

    Parameters
    ----------
    callbacks : None, callback, or list, tuple or dict of callbacks
        Instances or classes. An instance is copied, so that no state of a fit reaches
        the next one.
    settings : dict
        Arguments of the constructor, for classes.

    Returns
    -------
    callbacks : list of keras.callbacks.Callback
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


class NotifyListener(keras.callbacks.Callback):
    """Call a listener at the begin and the end of each epoch.

    Parameters
    ----------
    listener : object
        Has the methods `begin_epoch()` and `end_epoch(get_result)`. Training stops if
        `end_epoch` returns True.
    get_result : callable
        Returns the `TrainingResult` of the epochs so far.
    """

    def __init__(self, listener, get_result):
        super().__init__()
        self._listener, self._get_result = listener, get_result

    def on_epoch_begin(self, epoch, logs=None):
        """Call `begin_epoch`."""
        self._listener.begin_epoch()

    def on_epoch_end(self, epoch, logs=None):
        """Call `end_epoch`; stop training if it returns True."""
        if self._listener.end_epoch(self._get_result):
            self.model.stop_training = True


def needs_batches(callbacks):
    """Return whether any callback must be called at every batch."""
    return any(
        _overrides(callback, hook)
        for callback in callbacks
        if not _has_unused_batch_hooks(callback)
        for hook in _BATCH_HOOKS
    )


def _overrides(callback, hook):
    # LambdaCallback sets its hooks on the instance.
    return hook in vars(callback) or (
        getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)
    )


def _has_unused_batch_hooks(callback):
    """Return whether a callback of Keras has batch hooks that do nothing here.

    `TerminateOnNaN` is not needed, because every fit stops at a loss that is not
    finite. The others work at the end of an epoch unless configured otherwise.
    """
    if type(callback) is keras.callbacks.TensorBoard:
        return callback.update_freq == "epoch"
    if type(callback) in (
        keras.callbacks.ModelCheckpoint,
        keras.callbacks.BackupAndRestore,
    ):
        return callback.save_freq == "epoch"
    return type(callback) is keras.callbacks.TerminateOnNaN
