"""Train and predict: run programs over samples."""

import math
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import NamedTuple

import keras
import numpy as np

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training import _tensorflow_process as process
from skcnnlstm.training.cache import borrow_program, prediction_program
from skcnnlstm.training.callbacks import epoch_callbacks, needs_batches
from skcnnlstm.training.checkpoint import Progress, restore_states, states_of
from skcnnlstm.training.network_config import fresh_weights
from skcnnlstm.training.samples import Samples

# The rounding of a matrix product depends on its number of rows. With batches of a
# multiple of 32 rows, a prediction does not depend on the other rows of its batch.
# Exception: BlockLSTM rounds the last bit of a few rows differently in large batches.
_ROW_MULTIPLE = 32
# Bytes of the windows that a network reads at once outside training. The outputs of its
# layers may need a thousand times as much memory.
_FORWARD_BYTES = 2**19
# Number of different learning rates in a decay.
_RATES_PER_FIT = 100
_WARM_UP = 0.05  # share of a decay in which the rate rises


def _relative_rate(progress):
    """Return the learning rate, divided by its peak, at a point of the decay.

    `progress` is the share of the steps that are done. The rate first rises linearly.
    Then it falls to zero along a half cosine, as in Loshchilov and Hutter (2017),
    "SGDR: stochastic gradient descent with warm restarts", ICLR, but without restarts.
    """
    if progress < _WARM_UP:
        # The first steps have a sixth of the peak rate instead of zero.
        return (progress + 0.01) / (_WARM_UP + 0.01)
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, progress))


@dataclass
class TrainingOptions:
    """Number of epochs, order of the samples, early stopping and callbacks of a fit.

    The order of samples and the dropout of epoch ``first_epoch + i`` depend only on
    ``(seed, first_epoch + i)``. Two fits, of which the second continues the first, are
    therefore bit-identical to a single longer fit. This does not hold if a fit restores
    the weights of an earlier epoch or reduces its learning rate.

    The method `begin_epoch()` of `listener` is called before each epoch, and
    ``end_epoch(get_result)`` after each epoch. ``get_result()`` returns the current
    `TrainingResult`. The fit stops if `end_epoch` returns True.
    """

    seed: int
    epochs: int = 1
    batch_size: int = 32
    shuffle: bool = True
    learning_rate: float | None = None  # None keeps the rate of the optimizer
    # Epochs over which the rate rises and decays to zero; None means no decay.
    decay_epochs: int | None = None
    patience: int | None = None  # of early stopping; None means no early stopping
    plateau_patience: int | None = None  # None does not lower the rate on a plateau
    # Whether to restore the weights of the lowest training loss. Has no effect with
    # early stopping.
    keep_best: bool = False
    first_epoch: int = 0  # number of epochs trained by earlier fits
    callbacks: list = field(default_factory=list)  # result of `prepare_callbacks`
    verbose: int = 0
    listener: object | None = None
    # Initial weights that are not drawn, by the name of the layer: a list of arrays, or
    # one number for all weights of the layer.
    initial_weights: dict = field(default_factory=dict)
    # Whether the initial weights are kept if no epoch has a lower validation loss.
    compare_initial: bool = False


class TrainingResult(NamedTuple):
    """The weights, optimizer slots and history that a fit returns.

    `best_epoch` is the number of epochs after which the network had these weights. It
    is None if the fit did not compare epochs. `stop_reason` is text for the user.
    """

    weights: list
    slots: list
    history: dict
    best_epoch: int | None = None
    stop_reason: str = ""


def train(
    spec, samples, options, *, validation=None, start=None, checkpoint=None
) -> TrainingResult:
    """Train a network, and return its weights, optimizer slots and history.

    `validation` holds samples to evaluate after each epoch. `start` is a
    `TrainingResult` to start from; None draws fresh weights. `checkpoint` saves the
    progress of the fit. If it holds the progress of an interrupted fit, training
    continues from there.

    Raises ValueError if the training loss or the validation loss is not finite after an
    epoch, or if a weight is not finite at the end.
    """
    with checkpoint or nullcontext(), borrow_program(spec) as program:
        weights = start.weights if start else _draw_weights(program, options)
        slots = start.slots if start else None
        program.set_state(weights, slots, options.learning_rate)
        initial_loss = None
        if validation and options.compare_initial:
            program.set_batch_norm_statistics(_window_chunks(samples))
            initial_loss = ChunkLoader(program, validation, options).evaluate()["loss"]
        if checkpoint and checkpoint.progress:
            program.set_state(checkpoint.progress.weights, checkpoint.progress.slots)
        history = _run_epochs(program, samples, options, validation, checkpoint)
        best_epoch = None
        if validation and options.patience is not None:
            best_epoch = int(np.argmin(history["val_loss"])) + 1
            if initial_loss is not None and initial_loss <= min(history["val_loss"]):
                best_epoch = 0
                program.model.set_weights(weights)
        elif options.keep_best and history["loss"]:
            best_epoch = int(np.argmin(history["loss"])) + 1
        program.set_batch_norm_statistics(_window_chunks(samples))
        weights = program.weights()
        if not all(np.isfinite(values).all() for values in weights):
            # The loss is computed before each step. Only the weights show whether the
            # last step diverged.
            _raise_not_finite(
                "weights that are not finite", len(history["loss"]), program
            )
        if checkpoint:
            checkpoint.remove()
        reason = _stop_reason(options, history, best_epoch)
        return TrainingResult(weights, program.slots(), history, best_epoch, reason)


def _stop_reason(options, history, best_epoch):
    """Return why training ended, as one or two sentences."""
    n_epochs = len(history["loss"])
    if n_epochs >= options.epochs:
        reason = f"All {n_epochs} epochs were trained."
    elif (
        options.patience is not None
        and n_epochs - 1 - int(np.argmin(history["val_loss"])) >= options.patience
    ):
        reason = f"The validation loss did not decrease for {options.patience} epochs."
    else:
        reason = f"A callback ended training after epoch {n_epochs}."
    if best_epoch == 0:
        reason += " No epoch had a lower validation loss than the initial weights."
    return reason


def _draw_weights(program, options):
    """Return the initial weights of a fit: drawn at random, or given in `options`."""
    weights = fresh_weights(program.model, options.seed)
    place = {id(variable): i for i, variable in enumerate(program.model.weights)}
    for layer in program.model.layers:
        values = options.initial_weights.get(layer.name)
        if values is not None:
            if not isinstance(values, list):
                values = [values] * len(layer.weights)
            for variable, value in zip(layer.weights, values, strict=True):
                weights[place[id(variable)]][...] = value
    return weights


def _run_epochs(program, samples, options, validation, checkpoint):
    model = program.model
    history = {"loss": []}
    callbacks = epoch_callbacks(options, model.optimizer)
    by_batch = needs_batches(callbacks)
    steps = math.ceil(len(samples) / options.batch_size)
    # The listener comes first, so that it sees the weights of the epoch before early
    # stopping restores other weights.
    hooks = keras.callbacks.CallbackList(
        [*_listener_callbacks(program, samples, options, history), *callbacks],
        add_progbar=options.verbose > 0,
        model=model,
        verbose=options.verbose,
        epochs=options.first_epoch + options.epochs,
        steps=steps,
    )
    loader = ChunkLoader(program, samples, options)
    validation_loader = validation and ChunkLoader(program, validation, options)
    hooks.on_train_begin()
    if checkpoint and checkpoint.progress:
        history.update(checkpoint.progress.history)
        restore_states(callbacks, checkpoint.progress.callbacks)
    logs = {}
    for i in range(len(history["loss"]), options.epochs):
        epoch = options.first_epoch + i
        hooks.on_epoch_begin(epoch)
        order = _sample_order(len(samples), options, epoch)
        logs = loader.train(order, options.seed, epoch, hooks, by_batch)
        # From here on, validation and callbacks use the weights that a fit returns.
        program.use_averaged_weights()
        if validation_loader:
            program.set_batch_norm_statistics(_window_chunks(samples))
            hooks.on_test_begin()
            validation_logs = validation_loader.evaluate()
            hooks.on_test_end(validation_logs)
            logs |= {f"val_{name}": value for name, value in validation_logs.items()}
        for name in ("loss", "val_loss"):
            if not math.isfinite(logs.get(name, 0)):
                _raise_not_finite(f"{name}={logs[name]}", epoch + 1, program)
        for name, value in logs.items():
            history.setdefault(name, []).append(value)
        hooks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
        if checkpoint and i + 1 < options.epochs:
            state = program.unaveraged_weights(), program.slots()
            checkpoint.write(Progress(*state, history, states_of(callbacks)))
    hooks.on_train_end(logs)
    return history


def _listener_callbacks(program, samples, options, history):
    """Return a list with a callback that notifies the listener; [] for no listener."""
    listener = options.listener
    if listener is None:
        return []

    def result_so_far():
        # This does not affect training, which sets these statistics at its end.
        program.set_batch_norm_statistics(_window_chunks(samples))
        copied = {name: list(values) for name, values in history.items()}
        return TrainingResult(program.weights(), program.slots(), copied)

    def end_epoch(epoch, logs):
        if listener.end_epoch(result_so_far):
            program.model.stop_training = True

    return [
        keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: listener.begin_epoch(),
            on_epoch_end=end_epoch,
        )
    ]


def _sample_order(n_samples, options, epoch):
    """Return the positions of the samples in the order of an epoch."""
    if not options.shuffle:
        return np.arange(n_samples, dtype=np.int32)
    generator = np.random.default_rng([options.seed, epoch, 0])
    return generator.permutation(n_samples).astype(np.int32)


class ChunkLoader:
    """Pass the samples of an epoch to a program, in one chunk or several.

    Samples that fit into one chunk are copied to the device once for all epochs.
    """

    def __init__(self, program, samples: Samples, options):
        self.program, self.samples, self.options = program, samples, options
        self.batch_size = options.batch_size
        self.chunk_length = samples.chunk_length(options.batch_size)
        self.resident = None
        if len(samples) <= self.chunk_length:
            self.resident = self._load(np.arange(len(samples)))

    def _load(self, positions):
        samples = self.samples
        return (
            backend.tensor(samples.windows(positions)),
            backend.tensor(samples.y[positions]),
            backend.tensor(samples.weight[positions]),
        )

    def _chunks(self, order, length):
        """Yield the tensors of a chunk, and the positions of samples in the chunk.

        Each item has at most `length` positions.
        """
        for start in range(0, len(order), length):
            chunk = order[start : start + length]
            if self.resident is not None:
                yield self.resident, chunk
            else:
                yield self._load(chunk), np.arange(len(chunk), dtype=np.int32)

    def train(self, order, seed, epoch, hooks, by_batch):
        """Train for one epoch; return its loss and metrics.

        With `by_batch`, the batch hooks of callbacks are called at every batch.
        Otherwise, they are called once for each chunk, to update the progress bar.
        """
        length = self.batch_size if by_batch else self.chunk_length
        step, logs = 0, {}
        for tensors, positions in self._chunks(order, length):
            hooks.on_train_batch_begin(step)
            for rate, part in self._parts(
                positions, epoch - self.options.first_epoch, step
            ):
                if rate is not None:
                    self.program.set_learning_rate(rate)
                logs = self.program.train(
                    tensors,
                    part,
                    self.batch_size,
                    seed=seed,
                    epoch=epoch,
                    new_epoch=step == 0,
                )
                step += math.ceil(len(part) / self.batch_size)
            hooks.on_train_batch_end(step - 1, logs if by_batch else None)
            if by_batch and self.program.model.stop_training:
                break
        return logs

    def _parts(self, positions, epoch, step):
        """Yield pairs of a learning rate and the part of `positions` to train with it.

        A rate of None keeps the current rate. `epoch` counts from the start of this
        fit, and `step` from the start of the epoch. The rate is an input of the
        program, so a new rate requires no new trace.
        """
        options = self.options
        if options.decay_epochs is None:
            yield None, positions
            return
        steps = math.ceil(len(self.samples) / self.batch_size)
        total = steps * options.decay_epochs
        length = math.ceil(total / _RATES_PER_FIT)
        done, start = steps * epoch + step, 0
        while start < len(positions):
            stop = start + (length - done % length) * self.batch_size
            progress = (done // length) * length / total
            yield (
                options.learning_rate * _relative_rate(progress),
                positions[start:stop],
            )
            done += math.ceil(len(positions[start:stop]) / self.batch_size)
            start = stop

    def evaluate(self):
        """Evaluate all samples; return their loss and metrics."""
        order = np.arange(len(self.samples), dtype=np.int32)
        logs = {}
        for tensors, positions in self._chunks(order, self.chunk_length):
            logs = self.program.evaluate(
                tensors, positions, self.batch_size, reset=not logs
            )
        return logs


def _forward_length(X):
    """Return the number of windows that a network reads at once outside training."""
    window_bytes = 4 * math.prod(X.shape[1:])
    n_multiples = _FORWARD_BYTES // max(1, window_bytes * _ROW_MULTIPLE)
    return max(1, n_multiples) * _ROW_MULTIPLE


def _window_chunks(samples):
    """Return a function that yields tensors of the windows, one chunk at a time."""
    length = _forward_length(samples.X)

    def chunks():
        for start in range(0, len(samples), length):
            positions = slice(start, min(start + length, len(samples)))
            yield backend.tensor(samples.windows(positions))

    return chunks


def _raise_not_finite(actual, epoch, program):
    rate = float(program.model.optimizer.learning_rate)
    remedy = (
        "Scale the series (StandardScaler), lower learning_rate, or clip gradients "
        "with optimizer__clipnorm=1.0."
    )
    if program.loss_name.lower() == "poisson":
        remedy = (
            "The Poisson loss requires positive outputs, but the output of a network "
            "can be any number. Use 'mse', 'mae' or 'huber'."
        )
    raise ValueError(
        f"loss must stay finite in training: got {actual} in epoch {epoch}. The "
        f"parameters are loss={program.loss_name!r} and learning_rate={rate:.3g}. "
        f"{remedy}"
    )


def predict(network, weights, X, prepare_chunk=None, custom_objects=None):
    """Predict windows with a network; return a float64 array.

    - `network` is the JSON text of the network.
    - `weights` is the result of `copy_weights_to_device`.
    - X may be a view. It is copied in chunks.
    - ``prepare_chunk(chunk, rows)`` may change each chunk in place before it is
      predicted. `chunk` is a writable float32 array, and `rows` the slice of X that it
      holds.
    - `custom_objects` is documented in `network_from_json`.
    """
    program = prediction_program(network, custom_objects)
    length = _forward_length(X)
    predicted = np.empty((len(X), *program.output_shape))
    for start in range(0, len(X), length):
        rows = slice(start, min(start + length, len(X)))
        n_rows = rows.stop - rows.start
        n_padded = -(-n_rows // _ROW_MULTIPLE) * _ROW_MULTIPLE
        chunk = np.zeros((n_padded, *X.shape[1:]), np.float32)
        chunk[:n_rows] = X[rows]
        if prepare_chunk is not None:
            prepare_chunk(chunk[:n_rows], rows)
        predicted[rows] = program(weights, chunk)[:n_rows]
    return predicted


def copy_weights_to_device(weights):
    """Copy weights to the device in one vector, for `predict`."""
    process.check_process()
    return backend.tensor(np.concatenate([np.ravel(w) for w in weights]))
