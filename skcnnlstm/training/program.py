"""Programs: compiled and traced networks, which many fits use one after another."""

import re
from contextlib import contextmanager
from functools import cached_property

import keras
import numpy as np

from skcnnlstm.training import _tensorflow as backend
from skcnnlstm.training import _tensorflow_process as process
from skcnnlstm.training.fingerprint import registered_as
from skcnnlstm.training.flat_optimizer import build_optimizer
from skcnnlstm.training.keras_objects import deserialize
from skcnnlstm.training.network_config import (
    building_layers,
    network_from_json,
)
from skcnnlstm.training.program_spec import ProgramSpec

_NODE = re.compile(r"^\{\{.*?\}\} ")  # prefix of TensorFlow's messages


class Program:
    """A compiled network and its traced training and evaluation functions.

    Only one fit at a time may use a program. `set_state` sets every weight, every
    optimizer slot and the learning rate, so a fit does not depend on earlier fits.

    Between calls, the variables of the model hold all weights. The optimizer may have
    slots for one vector of all weights instead of slots for each weight; see
    `flat_optimizer`.
    """

    def __init__(self, spec: ProgramSpec):
        self._has_metrics = bool(spec.metrics)
        self._target_dtype = spec.target_dtype
        self._step_weights = spec.step_weights
        with building_layers():
            self.model = network_from_json(
                spec.network,
                spec.custom_objects,
                fast=True,
                on_gpu=process.on_gpu(),
                portable=False,
                large_batches=spec.large_batches,
                reuse=True,
            )
            # Unknown steps have weight zero, so weighted metrics leave them out.
            kind = "weighted_metrics" if spec.step_weights else "metrics"
            with registered_as(spec.custom_objects):
                # Pass names unchanged: Keras resolves "accuracy" by the loss.
                metrics = [deserialize(m, lambda name: name) for m in spec.metrics]
                self.model.compile(
                    optimizer=deserialize(spec.optimizer, keras.optimizers.get),
                    loss=deserialize(spec.loss, keras.losses.get),
                    **{kind: metrics},
                    jit_compile=False,
                )
            # Before any trace: create the variables of the optimizer and the metrics.
            optimizer = self.model.optimizer
            with self._explain_errors():
                self._vector = build_optimizer(
                    optimizer, self.model.trainable_variables
                )
            if self._has_metrics:
                self._check_metrics()
            if spec.step_weights:
                self._check_step_loss()
        self._initial_slots = [backend.array(v) for v in optimizer.variables]
        self._seed_states = [  # of dropout
            v for v in self.model.variables if v.name == "seed_generator_state"
        ]
        self._batch_norms = [
            layer
            for layer in self.model.layers
            if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
        ]
        self._moments_functions: dict[str, object] = {}

    @cached_property
    def _run_epoch(self):
        """The traced training function."""
        with self._explain_errors():
            return backend.epoch_function(
                self.model, self._target_dtype, self._vector, self._step_weights
            )

    @cached_property
    def _run_evaluation(self):
        """The traced evaluation function, for fits with validation samples."""
        with self._explain_errors():
            return backend.evaluate_function(
                self.model, self._target_dtype, self._step_weights
            )

    @property
    def loss_name(self):
        """Name of the loss in messages."""
        loss = self.model.loss
        return getattr(loss, "__name__", type(loss).__name__)

    def _check_metrics(self):
        """Raise ValueError if a metric does not return one number for zeros."""
        output_shape = self.model.outputs[0].shape[1:]
        # n differs from the number of outputs, because class codes of n samples would
        # otherwise broadcast against the columns of n classes.
        n = 5 if output_shape[-1] == 3 else 3
        input_shape = [length or 1 for length in self.model.inputs[0].shape[1:]]
        x = np.zeros((n, *input_shape), "float32")
        predicted = np.zeros((n, *output_shape), "float32")
        y, weight = predicted, np.ones(n, "float32")
        if self._target_dtype == "int32":
            y = np.zeros((n, *output_shape[:-1]), "int32")
        if self._step_weights:
            weight = np.ones((n, *output_shape[:-1]), "float32")
        try:
            self.model.compute_metrics(x, y, predicted, weight)
            results = self.model.get_metrics_result()
            arrays = [name for name, value in results.items() if np.ndim(value)]
            if arrays:
                raise ValueError(f"{arrays[0]} returns several numbers")
            if y.dtype == "int32" and "categorical_accuracy" in results:
                # With class codes, this metric would compute something else.
                raise ValueError("categorical_accuracy needs one column for each class")
        except Exception as error:  # of Keras, TensorFlow or a user-defined metric
            targets = f"numeric targets of shape {_shape_text(output_shape)}"
            remedy = "Use 'mae' or 'mse', or 'accuracy' for classes."
            if y.dtype == "int32":
                targets = f"class codes of shape {_shape_text(y.shape[1:])} as targets"
                remedy = (
                    "Use 'accuracy', or set loss='categorical_crossentropy': its "
                    "targets have one column for each class."
                )
            raise ValueError(
                f"metrics must each return one number for {targets} and predictions of "
                f"shape {_shape_text(output_shape)}: got the error "
                f"{_summarize_error(error)}. {remedy}"
            ) from error

    def _check_step_loss(self):
        """Raise ValueError if the loss does not return one number for each step."""
        shape = (3, *self.model.outputs[0].shape[1:])
        y = predicted = np.zeros(shape, "float32")
        if self._target_dtype == "int32":
            y = np.zeros(shape[:-1], "int32")
        loss = self.model.loss
        with self._explain_errors():
            compute = loss.call if isinstance(loss, keras.losses.Loss) else loss
            actual = tuple(keras.ops.shape(compute(y, predicted)))
        if actual != shape[:-1]:
            raise ValueError(
                "loss must return one number for each step with per_step=True: got "
                f"loss={self.loss_name!r}, which returns shape {actual} for "
                f"predictions of shape {shape}. Reduce the last axis only: "
                "keras.ops.mean(..., axis=-1)."
            )

    @contextmanager
    def _explain_errors(self, errors=Exception):
        """Re-raise backend errors with a message that names loss and optimizer.

        Keras detects unsuitable targets or settings only in a trace or a training
        step. Its messages do not name the parameter that causes the error.
        """
        try:
            yield
        except backend.RESOURCE_ERRORS:
            raise
        except errors as error:
            optimizer = type(self.model.optimizer).__name__
            parameters = "loss and optimizer"
            if self._has_metrics:
                parameters = "loss, optimizer and metrics"
            error_type = TypeError if isinstance(error, TypeError) else ValueError
            raise error_type(
                f"{parameters} must be able to run a training step on these targets: "
                f"got loss={self.loss_name!r} and optimizer={optimizer!r}, which "
                f"raised {_summarize_error(error)}. Use 'mse', 'mae' or 'huber' for "
                "regression, 'sparse_categorical_crossentropy' for classification, "
                "numbers as settings of an optimizer, and keras.ops in user-defined "
                "functions."
            ) from error

    def set_state(self, weights, slots=None, learning_rate=None):
        """Set weights, optimizer slots and learning rate.

        None for `slots` sets the initial slots. None for `learning_rate` keeps the
        current rate.
        """
        self._unaveraged_weights = None
        self.model.stop_training = False
        self.model.set_weights(weights)
        optimizer = self.model.optimizer
        _assign(optimizer.variables, slots or self._initial_slots)
        if learning_rate is not None:
            self.set_learning_rate(learning_rate)

    def set_learning_rate(self, learning_rate):
        """Set the learning rate, a number, of the steps that follow."""
        self.model.optimizer.learning_rate.assign(learning_rate)

    def train(self, tensors, order, batch_size, *, seed, epoch, new_epoch=True):
        """Train on samples in memory; return loss and metrics of the epoch so far.

        `tensors` holds the windows, targets and weights of the samples. `order` is an
        array of the positions to train on. With `new_epoch`, loss and metrics are
        reset, and the random state of dropout is set from `(seed, epoch)`.
        """
        if self._unaveraged_weights is not None:
            _assign(self.model.trainable_variables, self._unaveraged_weights)
            self._unaveraged_weights = None
        if new_epoch:
            self._reset_metrics()
            states = np.random.SeedSequence([seed, epoch, 1]).generate_state(
                2 * len(self._seed_states)
            )
            for variable, state in zip(
                self._seed_states, states.reshape(-1, 2), strict=True
            ):
                variable.assign(state.astype(variable.dtype))
        return self._run(self._run_epoch, tensors, order, batch_size)

    def evaluate(self, tensors, order, batch_size, *, reset=True):
        """Evaluate samples in memory; return loss and metrics since the last reset.

        With `reset`, loss and metrics are reset before the evaluation.
        """
        if reset:
            self._reset_metrics()
        return self._run(self._run_evaluation, tensors, order, batch_size)

    def _reset_metrics(self):
        self._n_samples, self._total_loss = 0, backend.tensor(np.float32(0))
        if self._has_metrics:
            self.model.reset_metrics()

    def _run(self, function, tensors, order, batch_size):
        numbers = order, np.int32(len(order)), np.int32(batch_size)
        with self._explain_errors(backend.OPERATION_ERRORS):
            self._total_loss, results = function(
                *tensors, *map(backend.tensor, numbers), self._total_loss
            )
        self._n_samples += len(order)
        results = {name: float(value.numpy()) for name, value in results.items()}
        loss = self._total_loss.numpy() / np.float32(self._n_samples)
        return {**results, "loss": float(loss)}

    def use_averaged_weights(self):
        """Replace the weights by their moving averages, if the optimizer has them.

        The next call of `train` continues from the unaveraged weights.
        """
        optimizer, trained = self.model.optimizer, self.model.trainable_variables
        # In a LossScaleOptimizer, the inner optimizer computes the averages.
        if getattr(optimizer, "inner_optimizer", optimizer).use_ema:
            self._unaveraged_weights = [backend.array(variable) for variable in trained]
            optimizer.finalize_variable_values(trained)

    def weights(self):
        """Return a copy of the weights."""
        return [backend.array(v) for v in self.model.weights]

    def unaveraged_weights(self):
        """Return a copy of the weights from which training continues."""
        trained = self.model.trainable_variables
        pairs = zip(trained, self._unaveraged_weights or (), strict=False)
        unaveraged = {id(variable): value for variable, value in pairs}
        return [
            unaveraged[id(v)] if id(v) in unaveraged else backend.array(v)
            for v in self.model.weights
        ]

    def slots(self):
        """Return a copy of the optimizer's slots."""
        return [backend.array(v) for v in self.model.optimizer.variables]

    def set_batch_norm_statistics(self, chunks):
        """Set the statistics of BatchNormalization layers to those of the samples.

        The moving averages of Keras (momentum 0.99) are still far from these statistics
        after a few hundred steps.

        `chunks()` yields tensors of windows. It is called for each layer in order,
        because the statistics of a layer depend on those of all earlier layers.
        """
        for layer in self._batch_norms:
            if layer.name not in self._moments_functions:
                with building_layers():
                    self._moments_functions[layer.name] = backend.moments_function(
                        self.model, layer
                    )
            count, total, squares = 0, 0.0, 0.0
            for x in chunks():
                n, s, q = self._moments_functions[layer.name](x)
                count += int(n)
                total, squares = total + backend.array(s), squares + backend.array(q)
            mean = total / count
            layer.moving_mean.assign(mean.astype("float32"))
            variance = np.maximum(squares / count - mean**2, 0)
            layer.moving_variance.assign(variance.astype("float32"))


class PredictionProgram:
    """A network traced as a pure function of weights and windows.

    It has no state, so any number of threads may call it at the same time.
    """

    def __init__(self, network: str, custom_objects=None):
        model = network_from_json(
            network,
            custom_objects,
            fast=True,
            on_gpu=process.on_gpu(),
            portable=False,
        )
        self.output_shape = model.outputs[0].shape[1:]
        with building_layers():
            self._run = backend.predict_function(model)

    def __call__(self, weights, x):
        """Return predictions for a float32 array of windows, `x`.

        `weights` is a tensor with all weights in one vector.
        """
        return self._run(weights, backend.tensor(x)).numpy()


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _summarize_error(error):
    """Return the type of an error and the main line of its message."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [""]
    # If an operation in a graph failed, the message is a traceback, and its last line
    # is the cause.
    if lines[0].startswith("Graph execution error"):
        lines = [line for line in lines if "{{node" not in line] or lines
        line = lines[-1]
    else:
        line = lines[0]
    return f"{type(error).__name__}, {_NODE.sub('', line.strip())!r}"


def _shape_text(shape):
    return f"({', '.join(map(str, ('n_samples', *shape)))}{'' if shape else ','})"
