"""A program: one network, compiled and traced, that many fits use in turn."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import cached_property

import keras
import numpy as np

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training.fingerprint import registered_as
from skcnnlstm.training.flat_optimizer import build_optimizer
from skcnnlstm.training.network_config import (
    building_layers,
    fresh_weights,
    network_from_json,
    seed_states,
)
from skcnnlstm.training.program_spec import ProgramSpec, deserialize

_NODE = re.compile(r"^\{\{.*?\}\} ")  # what TensorFlow puts before its messages


class Program:
    """A compiled network and its traced functions.

    Nothing of one fit reaches the next: `load` sets every weight, every optimizer
    slot and the learning rate. One fit at a time may hold a program.

    Between calls the model's variables hold all weights; the optimizer's slots may be
    those of one vector of them.
    """

    def __init__(self, recipe: ProgramSpec):
        self._has_metrics = bool(recipe.metrics)
        with building_layers():
            self.model = network_from_json(
                recipe.network,
                recipe.own,
                fast=True,
                on_gpu=backend.on_gpu(),
                spare=True,
            )
            with registered_as(recipe.own):
                self.model.compile(
                    optimizer=deserialize(recipe.optimizer, keras.optimizers.get),
                    loss=deserialize(recipe.loss, keras.losses.get),
                    metrics=[_metric(frozen) for frozen in recipe.metrics],
                    jit_compile=False,
                )
            self._create_state(recipe.target_dtype)
        optimizer = self.model.optimizer
        self._slots = [backend.array(v) for v in optimizer.variables]
        self._seed_states = seed_states(self.model)
        self._target_dtype = recipe.target_dtype
        self._batch_norms = [
            layer
            for layer in self.model.layers
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        self._moments: dict[str, object] = {}

    @cached_property
    def _run_epoch(self):
        """The traced epoch."""
        with self._refusing():
            return backend.epoch_function(self.model, self._target_dtype, self._vector)

    @cached_property
    def _run_evaluation(self):
        """The traced evaluation, for fits that hold samples out."""
        with self._refusing():
            return backend.evaluate_function(self.model, self._target_dtype)

    @property
    def loss_name(self):
        """What a message calls the loss."""
        loss = self.model.loss
        return getattr(loss, "__name__", type(loss).__name__)

    def _create_state(self, target_dtype):
        """Create slots and metrics: a trace must find every variable in place."""
        model = self.model
        with self._refusing():
            self._vector = build_optimizer(model.optimizer, model.trainable_variables)
        if self._has_metrics:
            self._measure_zeros(target_dtype)

    def _measure_zeros(self, target_dtype):
        """Let the metrics see a batch; raise where they cannot measure its targets."""
        output = self.model.outputs[0].shape[1:]
        n = 5 if output[-1] == 3 else 3  # no broadcasting of codes against classes
        x = np.zeros((n, *_known(self.model.inputs[0].shape[1:])), "float32")
        predicted = np.zeros((n, *output), "float32")
        y = np.zeros(n, "int32") if target_dtype == "int32" else predicted
        try:
            self.model.compute_metrics(x, y, predicted, np.ones(n, "float32"))
            results = self.model.get_metrics_result()
            several = [name for name, value in results.items() if np.ndim(value)]
            if several:
                raise ValueError(f"{several[0]} is not one number")
            if y.ndim == 1 and "categorical_accuracy" in results:
                # Of codes it would count where a class is the batch's first.
                raise ValueError("categorical_accuracy reads one column a class")
        except Exception as error:  # of Keras, TensorFlow or a metric of the user's
            what, use = "numbers", "'mae' or 'mse', 'accuracy' for classes"
            if y.ndim == 1:
                what = "class codes, (n_samples,),"
                use = "'accuracy', or loss='categorical_crossentropy', whose targets "
                use += "are one column a class"
            shape = ", ".join(map(str, ("n_samples", *output)))
            raise ValueError(
                f"metrics must each give one number of targets that are {what} and an "
                f"output ({shape}): got {_in_a_line(error)}. Use {use}."
            ) from error

    @contextmanager
    def _refusing(self, errors=Exception):
        """Tell in our words what a loss, an optimizer or a metric cannot do.

        They may be the user's own, and Keras learns only in a trace or a step that
        targets or settings do not suit them.
        """
        try:
            yield
        except backend.EXHAUSTED:
            raise
        except errors as error:
            name, optimizer = self.loss_name, type(self.model.optimizer).__name__
            metrics = self._has_metrics
            who = "loss, optimizer and metrics" if metrics else "loss and optimizer"
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(
                f"{who} must be able to take a step towards these targets: got "
                f"loss={name!r} and optimizer={optimizer!r}, which ended in "
                f"{_in_a_line(error)}. Use 'mse', 'mae' or 'huber' for numbers, "
                "'sparse_categorical_crossentropy' for classes, numbers as settings of "
                "an optimizer, and keras.ops in functions of your own."
            ) from error

    def fresh_weights(self, seed):
        """Draw weights for `seed`."""
        return fresh_weights(self.model, seed)

    def load(self, weights, slots=None, learning_rate=None):
        """Set weights, optimizer slots (None: fresh ones) and learning rate."""
        self._aside = None
        self.model.stop_training = False
        self.model.set_weights(weights)
        optimizer = self.model.optimizer
        for variable, value in zip(
            optimizer.variables, slots or self._slots, strict=True
        ):
            variable.assign(value)
        if learning_rate is not None:
            optimizer.learning_rate.assign(learning_rate)

    def train(self, tensors, order, batch_size, *, seed, epoch, fresh=True):
        """Train on samples in memory, in an order; return loss and metrics so far.

        With `fresh` an epoch begins: metrics are zero, and dropout follows from `(seed,
        epoch)`. Without, it goes on.
        """
        if self._aside is not None:
            for variable, value in zip(
                self.model.trainable_variables, self._aside, strict=True
            ):
                variable.assign(value)
            self._aside = None
        if fresh:
            self._begin()
            states = np.random.SeedSequence([seed, epoch, 1]).generate_state(
                2 * len(self._seed_states)
            )
            for variable, state in zip(
                self._seed_states, states.reshape(-1, 2), strict=True
            ):
                variable.assign(state.astype(variable.dtype))
        return self._run(self._run_epoch, tensors, order, batch_size)

    def evaluate(self, tensors, order, batch_size, *, fresh=True):
        """Measure samples in memory; return loss and metrics since the last `fresh`."""
        if fresh:
            self._begin()
        return self._run(self._run_evaluation, tensors, order, batch_size)

    def _begin(self):
        self._n_seen, self._total = 0, backend.tensor(np.float32(0))
        if self._has_metrics:
            self.model.reset_metrics()

    def _run(self, function, tensors, order, batch_size):
        numbers = order, np.int32(len(order)), batch_size
        with self._refusing(backend.REFUSALS):
            self._total, results = function(
                *tensors, *map(backend.tensor, numbers), self._total
            )
        self._n_seen += len(order)
        results = {name: float(value.numpy()) for name, value in results.items()}
        loss = self._total.numpy() / np.float32(self._n_seen)
        return {**results, "loss": float(loss)}

    def show_averages(self):
        """Put averaged weights in place, where the optimizer keeps an average.

        The weights that it steps are set aside until the next call of `train`.
        """
        optimizer, trained = self.model.optimizer, self.model.trainable_variables
        # Of a LossScaleOptimizer, the one inside averages.
        if getattr(optimizer, "inner_optimizer", optimizer).use_ema:
            self._aside = [backend.array(variable) for variable in trained]
            optimizer.finalize_variable_values(trained)

    def weights(self):
        """Return a copy of the weights."""
        return [backend.array(v) for v in self.model.weights]

    def stepped_weights(self):
        """Return a copy of the weights, those that are stepped and not averages."""
        trained = self.model.trainable_variables
        aside = zip(trained, self._aside or (), strict=False)
        stepped = {id(variable): value for variable, value in aside}
        return [
            stepped[id(v)] if id(v) in stepped else backend.array(v)
            for v in self.model.weights
        ]

    def slots(self):
        """Return a copy of the optimizer's slots."""
        return [backend.array(v) for v in self.model.optimizer.variables]

    @property
    def has_batch_norm(self):
        """Whether `set_statistics` has work to do."""
        return bool(self._batch_norms)

    def set_statistics(self, chunks):
        """Set each BatchNormalization's statistics to those of the samples given.

        `chunks` is called once a layer, in order, and yields tensors of windows: a
        layer's statistics are taken with those of all layers before it set already.
        Running averages with momentum 0.99 would still lag behind after a few
        hundred steps.
        """
        for layer in self._batch_norms:
            if layer.name not in self._moments:
                with building_layers():
                    self._moments[layer.name] = backend.moments_function(
                        self.model, layer
                    )
            count, total, squares = 0, 0.0, 0.0
            for x in chunks():
                n, s, q = self._moments[layer.name](x)
                count += int(n)
                total, squares = total + backend.array(s), squares + backend.array(q)
            mean = total / count
            layer.moving_mean.assign(mean.astype("float32"))
            variance = np.maximum(squares / count - mean**2, 0)
            layer.moving_variance.assign(variance.astype("float32"))


class PredictionProgram:
    """A network as a pure function of weights and windows, for any thread."""

    def __init__(self, network: str, own=None):
        model = network_from_json(network, own, fast=True, on_gpu=backend.on_gpu())
        self.output_shape = model.outputs[0].shape[1:]
        with building_layers():
            self._run = backend.predict_function(model)

    def __call__(self, weights, x):
        """Predict windows `x`, a float32 array, with weights in one vector."""
        return self._run(weights, backend.tensor(x)).numpy()


def _in_a_line(error):
    """Name an error of Keras or TensorFlow, without where in a graph it came up."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [""]
    told = [line for line in lines if "{{node" not in line] or lines
    # Of an operation that failed, what failed stands last, below its traceback.
    of_a_graph = lines[0].startswith("Graph execution error")
    line = (told[-1] if of_a_graph else lines[0]).strip()
    return f"{type(error).__name__}, {_NODE.sub('', line)!r}"


def _metric(frozen):
    """Make a metric; a name stays one, for Keras reads "accuracy" by the loss."""
    return deserialize(frozen, lambda name: name)


def _known(shape):
    return tuple(1 if steps is None else steps for steps in shape)
