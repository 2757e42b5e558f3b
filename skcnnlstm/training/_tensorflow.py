"""The TensorFlow backend: copy arrays and trace the functions of a program.

Four functions are traced: training for one epoch, evaluation, prediction, and the
moments of one layer's input. Only files with names that start with `_tensorflow` import
TensorFlow. To support another Keras backend, write these files for that backend.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from skcnnlstm.training._tensorflow_operation_gradients import GRADIENT_NAMES

# Errors of an operation with unsuitable inputs, or of Python code in an operation.
OPERATION_ERRORS = (
    tf.errors.InvalidArgumentError,
    tf.errors.UnimplementedError,
    tf.errors.UnknownError,
)
# Errors that are not caused by the loss, the optimizer or the metrics.
RESOURCE_ERRORS = MemoryError, RecursionError, tf.errors.ResourceExhaustedError


def tensor(array):
    """Copy an array to the device."""
    return tf.convert_to_tensor(array)


def array(value):
    """Copy a tensor or a variable to a new NumPy array."""
    return np.array(value.numpy())


def epoch_function(model, target_dtype, vector=None, step_weights=False):
    """Trace a function that trains on all or some of the batches of an epoch.

    The traced function has these arguments:

    - `x`, `y`, `weight`: windows, targets and weights of the samples in memory
    - `order`, `n_samples`: positions of the samples to train on, and their number
    - `batch_size`: number of samples per batch; the last batch may be shorter
    - `total`: sum of the losses of all earlier samples of the epoch

    It returns the new sum of losses and the metrics of the epoch so far. An epoch may
    be run in one call or in several.

    `target_dtype` is "float32", or "int32" for class codes. `vector` is None or a
    variable for all trainable weights, which the optimizer then updates as one vector.
    The weights are copied into the vector at the start of a call and back at the end.
    With `step_weights`, sample weights have the shape of the output without the last
    axis.
    """
    weights, optimizer = model.trainable_variables, model.optimizer
    trained = weights if vector is None else [vector]
    trainable_ids = {id(weight) for weight in weights}
    others = [v for v in model.variables if id(v) not in trainable_ids]

    def step(x, y, weight):
        values = [tf.convert_to_tensor(variable.value) for variable in trained]
        parts = values if vector is None else _split_vector(values[0], weights)
        with (
            x.graph.gradient_override_map(GRADIENT_NAMES),
            keras.StatelessScope(zip(weights, parts, strict=True)) as scope,
        ):
            predicted = model(x, training=True)
            loss = model.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=weight)
        gradients = tf.gradients(optimizer.scale_loss(loss), values)
        _apply_gradients(optimizer, gradients, trained)
        for variable in others:  # state of dropout, batch-normalization statistics
            new = scope.get_current_value(variable)
            if new is not None:
                variable.assign(new)
        return predicted, loss

    def run(*arguments):
        if vector is not None:
            vector.assign(tf.concat([tf.reshape(v, [-1]) for v in weights], axis=0))
        results = _run_batches(model, step, *arguments)
        if vector is not None:
            parts = _split_vector(tf.convert_to_tensor(vector.value), weights)
            for variable, part in zip(weights, parts, strict=True):
                variable.assign(part)
        return results

    return _trace(model, target_dtype, run, step_weights)


def evaluate_function(model, target_dtype, step_weights=False):
    """Trace a function that evaluates samples without training.

    Its arguments and results are those of the function that `epoch_function` traces.
    """

    def step(x, y, weight):
        predicted = model(x, training=False)
        loss = model.compute_loss(
            x=x, y=y, y_pred=predicted, sample_weight=weight, training=False
        )
        return predicted, loss

    def run(*arguments):
        return _run_batches(model, step, *arguments)

    return _trace(model, target_dtype, run, step_weights)


def _trace(model, target_dtype, run, step_weights):
    output_shape = model.outputs[0].shape[1:]
    target_shape = output_shape[:-1] if target_dtype == "int32" else output_shape
    signature = [
        tf.TensorSpec(model.inputs[0].shape, tf.float32),
        tf.TensorSpec([None, *target_shape], target_dtype),
        tf.TensorSpec([None, *(output_shape[:-1] if step_weights else ())], tf.float32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec([], tf.float32),
    ]
    run = tf.function(run, input_signature=signature, autograph=False)
    return run.get_concrete_function()


def _run_batches(model, step, x, y, weight, order, n_samples, batch_size, total):
    """Run `step` over batches; return the sum of losses and the metrics.

    In a new process, TensorFlow needs 2 to 3 ms for the first use of each operation
    with each data type. The loop therefore uses few operations and few data types.
    """
    has_metrics = len(model.metrics) > 1  # the first is the loss, which is summed here

    def body(start, total):
        stop = tf.minimum(start + batch_size, n_samples)
        rows = tf.gather(order, tf.range(start, stop))
        batch = tf.gather(x, rows), tf.gather(y, rows), tf.gather(weight, rows)
        predicted, loss = step(*batch)
        if has_metrics:
            model.compute_metrics(batch[0], batch[1], predicted, batch[2])
        n_rows = tf.cast(stop - start, tf.float32)
        return stop, total + tf.cast(loss, tf.float32) * n_rows

    _, total = tf.while_loop(
        lambda start, _: start < n_samples,
        body,
        (tf.constant(0), total),
        parallel_iterations=1,  # a step reads the weights that the last step wrote
    )
    return total, model.get_metrics_result() if has_metrics else {}


def _split_vector(vector, variables):
    """Split a vector into tensors that have the shapes of `variables`."""
    sizes = [math.prod(variable.shape) for variable in variables]
    return [
        tf.reshape(part, variable.shape)
        for part, variable in zip(tf.split(vector, sizes), variables, strict=True)
    ]


def _apply_gradients(optimizer, gradients, trained):
    """Apply gradients without Keras' reduction over replicas.

    With a single replica, there is nothing to reduce. The reduction would permanently
    register a gradient function with TensorFlow, which would then never free the traced
    graph. The graph takes 5 MB for each program (Keras 3.15, TensorFlow 2.21).
    """
    context = tf.distribute.get_replica_context()
    if context is None or isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        # The first case is in a cross-replica context already. The second case is not
        # allowed in one.
        optimizer.apply(gradients, trained)
    else:
        context.merge_call(lambda _: optimizer.apply(gradients, trained))


def predict_function(model):
    """Trace the network as a pure function of `(weights, x)`.

    `weights` holds all weights in one vector, because passing an argument takes as much
    time as computing a small layer. The function reads no variable, so any number of
    threads may call it at the same time.
    """
    shapes = [tuple(v.shape) for v in model.weights]
    sizes = [math.prod(shape) for shape in shapes]
    signature = [
        tf.TensorSpec([sum(sizes)], tf.float32),
        tf.TensorSpec(model.inputs[0].shape, tf.float32),
    ]

    @tf.function(input_signature=signature, autograph=False)
    def run(weights, x):
        parts = tf.split(weights, sizes) if sizes else []
        state = [
            (variable, tf.cast(tf.reshape(part, shape), variable.dtype))
            for variable, part, shape in zip(model.weights, parts, shapes, strict=True)
        ]
        with keras.StatelessScope(state_mapping=state):
            return tf.cast(model(x, training=False), tf.float32)

    return run.get_concrete_function()


def moments_function(model, layer):
    """Trace a function of windows that returns the moments of the inputs of `layer`.

    The traced function returns the number of values of a channel, and two float64
    vectors: the sum of the values of each channel, and the sum of their squares. The
    last axis of the inputs holds the channels.
    """
    truncated = keras.Model(model.inputs, layer.input)

    @tf.function(input_signature=[tf.TensorSpec(model.inputs[0].shape, tf.float32)])
    def run(x):
        inputs = tf.cast(truncated(x, training=False), tf.float64)
        flat = tf.reshape(inputs, [-1, inputs.shape[-1]])
        return tf.shape(flat)[0], tf.reduce_sum(flat, 0), tf.reduce_sum(flat**2, 0)

    return run.get_concrete_function()
