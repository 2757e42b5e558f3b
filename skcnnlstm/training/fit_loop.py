"""The fit loop and prediction: what runs programs over samples."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import dataclass, field

import keras
import numpy as np

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training.cache import borrowed_program, prediction_program
from skcnnlstm.training.callbacks import Watch, needs_batches
from skcnnlstm.training.checkpoint import Progress, restore_states, states_of
from skcnnlstm.training.samples import Samples

# Matrix products of another height round differently: with batches of whole 32 rows
# a prediction does not depend on which rows are predicted with it.
_ROWS = 32
_PREDICTION_BYTES = 32 * 2**20
# Karim et al. (2018): how a learning rate falls on a plateau, and how far.
_PLATEAU_FACTOR = 2 ** (-1 / 3)
_LOWEST_RATE = 0.1


@dataclass
class Schedule:
    """How long and in what order a fit goes over its samples.

    `patience` is the early-stopping patience in epochs, or None for no early
    stopping; `plateau_patience` that of the learning rate, or None for a rate that
    stays. `keep_best` returns the weights of the lowest training loss, where early
    stopping does not choose by another. Epoch `first_epoch + i` draws its order and
    its dropout from `(seed, first_epoch + i)` alone, so a fit that goes on where
    another ended gives the bits of one fit that never stopped, if neither chose an
    earlier epoch or lowered its rate. `watcher` is told of each epoch, as
    `callbacks.Watch` says; it changes nothing, but may end the fit.
    """

    seed: int
    epochs: int = 1
    batch_size: int = 32
    shuffle: bool = True
    learning_rate: float | None = None
    patience: int | None = None
    plateau_patience: int | None = None
    keep_best: bool = False
    first_epoch: int = 0
    callbacks: list = field(default_factory=list)
    verbose: int = 0
    watcher: object | None = None


@dataclass
class Trained:
    """What a fit leaves: numpy arrays and plain numbers."""

    weights: list
    slots: list
    history: dict


def train(
    recipe, samples, schedule, *, validation=None, start=None, checkpoint=None
) -> Trained:
    """Train a network.

    Parameters
    ----------
    recipe : Recipe
        Network, loss, optimizer and metrics.
    samples, validation : Samples
        What to train on, and what to measure after each epoch.
    schedule : Schedule
        Epochs, order, early stopping, callbacks.
    start : Trained or None
        Where to go on from; None draws fresh weights.
    checkpoint : Checkpoint or None
        Where to write how far the fit is, and to go on from if it was cut off there.

    Raises
    ------
    ValueError
        If the loss is not finite after an epoch.
    """
    with checkpoint or nullcontext(), borrowed_program(recipe) as program:
        if checkpoint and checkpoint.progress:
            program.load(checkpoint.progress.weights, checkpoint.progress.slots)
        else:
            weights = start.weights if start else program.fresh_weights(schedule.seed)
            slots = start.slots if start else None
            program.load(weights, slots, schedule.learning_rate)
        history = _run_epochs(program, samples, schedule, validation, checkpoint)
        if program.has_batch_norm:
            program.set_statistics(_chunks_of(samples, schedule.batch_size))
        weights = program.weights()
        if not all(np.isfinite(values).all() for values in weights):
            # A loss is measured before its step: the last one leads past it.
            _refuse("weights that are not finite", len(history["loss"]), program)
        if checkpoint:
            checkpoint.remove()
        return Trained(weights, program.slots(), history)


def _run_epochs(program, samples, schedule, validation, checkpoint):
    model = program.model
    history = {"loss": []}
    # The user's see the weights that are returned, and the rate of the epoch; a
    # watcher those of the epoch, whichever are returned in the end.
    callbacks = [
        *_keep_the_best(schedule),
        *schedule.callbacks,
        *_slow_on_a_plateau(schedule, model.optimizer),
    ]
    by_batch = needs_batches(callbacks)
    steps = math.ceil(len(samples) / schedule.batch_size)
    hooks = keras.callbacks.CallbackList(
        [*_watch(program, samples, schedule, history), *callbacks],
        add_progbar=schedule.verbose > 0,
        model=model,
        verbose=schedule.verbose,
        epochs=schedule.first_epoch + schedule.epochs,
        steps=steps,
    )
    feed = ChunkLoader(program, samples, schedule)
    judge = validation and ChunkLoader(program, validation, schedule)

    hooks.on_train_begin()
    if checkpoint and checkpoint.progress:
        history.update(checkpoint.progress.history)
        restore_states(callbacks, checkpoint.progress.callbacks)
    logs = {}
    for i in range(len(history["loss"]), schedule.epochs):
        epoch = schedule.first_epoch + i
        hooks.on_epoch_begin(epoch)
        order = _order(len(samples), schedule, epoch)
        logs = feed.train(order, schedule.seed, epoch, hooks, by_batch)
        # What is measured, seen by callbacks and kept is what a fit would return.
        program.show_averages()
        if judge:
            if program.has_batch_norm:
                program.set_statistics(_chunks_of(samples, schedule.batch_size))
            hooks.on_test_begin()
            judged = judge.evaluate()
            hooks.on_test_end(judged)
            logs |= {f"val_{name}": value for name, value in judged.items()}
        for name in ("loss", "val_loss"):
            if not math.isfinite(logs.get(name, 0)):
                _refuse(f"{name}={logs[name]}", epoch + 1, program)
        for name, value in logs.items():
            history.setdefault(name, []).append(value)
        hooks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
        if checkpoint and i + 1 < schedule.epochs:
            state = program.stepped_weights(), program.slots()
            checkpoint.write(Progress(*state, history, states_of(callbacks)))
    hooks.on_train_end(logs)
    return history


def _watch(program, samples, schedule, history):
    """Return the callback, if any, that tells of each epoch."""
    if schedule.watcher is None:
        return []

    def trained():
        if program.has_batch_norm:
            # Training reads none of them, and they are set once more at its end.
            program.set_statistics(_chunks_of(samples, schedule.batch_size))
        so_far = {name: list(values) for name, values in history.items()}
        return Trained(program.weights(), program.slots(), so_far)

    return [Watch(schedule.watcher, trained)]


def _keep_the_best(schedule):
    """Return the callback, if any, that puts back the weights of the best epoch."""
    if schedule.patience is not None:
        monitor, patience = "val_loss", schedule.patience
    elif schedule.keep_best:
        monitor, patience = "loss", schedule.epochs  # never reached
    else:
        return []
    return [
        keras.callbacks.EarlyStopping(
            monitor=monitor, patience=patience, restore_best_weights=True
        )
    ]


def _slow_on_a_plateau(schedule, optimizer):
    """Return the callback, if any, that lowers the learning rate."""
    if schedule.plateau_patience is None:
        return []
    return [
        keras.callbacks.ReduceLROnPlateau(
            monitor="loss",
            factor=_PLATEAU_FACTOR,
            patience=schedule.plateau_patience,
            min_lr=_LOWEST_RATE * float(optimizer.learning_rate),
        )
    ]


def _order(n_samples, schedule, epoch):
    if not schedule.shuffle:
        return np.arange(n_samples, dtype=np.int32)
    generator = np.random.default_rng([schedule.seed, epoch, 0])
    return generator.permutation(n_samples).astype(np.int32)


class ChunkLoader:
    """Give a program the samples of an epoch, in one chunk or in many.

    Samples that fit into one chunk are copied to the device once for all epochs.
    """

    def __init__(self, program, samples: Samples, schedule):
        self.program, self.samples = program, samples
        self.batch_size = np.int32(schedule.batch_size)
        self.chunk_length = samples.chunk_length(schedule.batch_size)
        self.batch_length = schedule.batch_size
        self.resident = None
        if len(samples) <= self.chunk_length:
            self.resident = self._tensors(np.arange(len(samples)))

    def _tensors(self, positions):
        samples = self.samples
        return (
            backend.tensor(samples.windows(positions)),
            backend.tensor(samples.y[positions]),
            backend.tensor(samples.weight[positions]),
        )

    def _pieces(self, order, length):
        """Yield `(tensors, order within them)` for pieces of `length` samples."""
        for start in range(0, len(order), length):
            piece = order[start : start + length]
            if self.resident is not None:
                yield self.resident, piece
            else:
                yield self._tensors(piece), np.arange(len(piece), dtype=np.int32)

    def train(self, order, seed, epoch, hooks, by_batch):
        """Run one epoch; return its loss and metrics."""
        length = self.batch_length if by_batch else self.chunk_length
        step, logs = 0, {}
        for tensors, piece in self._pieces(order, length):
            hooks.on_train_batch_begin(step)
            logs = self.program.train(
                tensors,
                piece,
                self.batch_size,
                seed=seed,
                epoch=epoch,
                fresh=step == 0,
            )
            step += math.ceil(len(piece) / self.batch_length)
            hooks.on_train_batch_end(step - 1, logs if by_batch else None)
            if by_batch and self.program.model.stop_training:
                break
        return logs

    def evaluate(self):
        """Measure all samples; return their loss and metrics."""
        order = np.arange(len(self.samples), dtype=np.int32)
        logs, fresh = {}, True
        for tensors, piece in self._pieces(order, self.chunk_length):
            logs = self.program.evaluate(tensors, piece, self.batch_size, fresh=fresh)
            fresh = False
        return logs


def _chunks_of(samples, batch_size):
    """Return a function that yields tensors of the windows, a chunk at a time."""
    length = samples.chunk_length(batch_size)

    def chunks():
        for start in range(0, len(samples), length):
            positions = slice(start, min(start + length, len(samples)))
            yield backend.tensor(samples.windows(positions))

    return chunks


def _refuse(what, epoch, program):
    rate = float(program.model.optimizer.learning_rate)
    way_out = (
        "Scale the series (StandardScaler), lower learning_rate, or clip gradients "
        "with optimizer__clipnorm=1.0."
    )
    if program.loss_name.lower() == "poisson":
        way_out = (
            "It is for outputs above zero, and a network gives any number. Use 'mse', "
            "'mae' or 'huber'."
        )
    raise ValueError(
        f"The loss must stay finite: got {what} in epoch {epoch}, of "
        f"{program.loss_name!r} at learning_rate={rate:.3g}. {way_out}"
    )


def predict(network, weights, X, fill=None, own=None):
    """Predict windows with a network.

    Parameters
    ----------
    network : str
        JSON text of the network.
    weights : tensor
        As `load_weights` returns them.
    X : ndarray of shape (n_samples, ...)
        Windows; a view is copied a chunk at a time.
    fill : callable or None
        Called with each chunk (a writable float32 array) and its slice of the
        samples, before it is predicted.
    own : dict or None
        The user's own functions and classes, by the names that they have in `network`.

    Returns
    -------
    y : ndarray of shape (n_samples, ...), float64
    """
    program = prediction_program(network, own)
    window_bytes = 4 * math.prod(X.shape[1:])
    length = max(1, _PREDICTION_BYTES // max(1, window_bytes * _ROWS)) * _ROWS
    predicted = np.empty((len(X), *program.output_shape))
    for start in range(0, len(X), length):
        cut = slice(start, min(start + length, len(X)))
        n_rows = cut.stop - cut.start
        chunk = np.zeros((-(-n_rows // _ROWS) * _ROWS, *X.shape[1:]), np.float32)
        chunk[:n_rows] = X[cut]
        if fill is not None:
            fill(chunk[:n_rows], cut)
        predicted[cut] = program(weights, chunk)[:n_rows]
    return predicted


def load_weights(weights):
    """Copy weights to the device in one vector, for `predict`."""
    backend.check_process()
    return backend.tensor(np.concatenate([np.ravel(w) for w in weights]))
