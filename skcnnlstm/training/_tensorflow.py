"""What the engine asks of TensorFlow; no other file of the engine imports it.

Four functions are traced: an epoch of training, an evaluation, a prediction and the
moments of one layer's input. Another Keras backend would be another file with these
names.
"""

from __future__ import annotations

import math
import multiprocessing
import os

import keras
import numpy as np
import tensorflow as tf

# What an operation raises that its inputs do not suit, or Python code inside it.
REFUSALS = (
    tf.errors.InvalidArgumentError,
    tf.errors.UnimplementedError,
    tf.errors.UnknownError,
)
# What says nothing about an operation.
EXHAUSTED = MemoryError, RecursionError, tf.errors.ResourceExhaustedError

# The process that ran the first TensorFlow operation. Its threads do not survive a
# fork: a child that goes on hangs at its first operation.
_first_pid: int | None = None
_imported_in = os.getpid()


def check_process() -> None:
    """Raise in a process that was forked after TensorFlow's first operation."""
    global _first_pid
    here = os.getpid()
    # In a fork of the process that imported this file, an operation that was not ours
    # may have been run before the fork.
    if _first_pid is None and (here == _imported_in or not _has_started()):
        _first_pid = here
        _take_share_of_cores()
    if _first_pid != here:
        raise RuntimeError(
            "TensorFlow cannot run in a process that was forked after its first "
            f"operation: first used in process {_first_pid or _imported_in}, now in "
            f"process {here}. Start workers with joblib's default backend 'loky', or "
            "with the multiprocessing start method 'spawn' or 'forkserver'."
        )


def _has_started() -> bool:
    """Tell whether TensorFlow has run an operation: its threads are then settled."""
    n_threads = tf.config.threading.get_inter_op_parallelism_threads()
    try:
        tf.config.threading.set_inter_op_parallelism_threads(n_threads + 1)
    except RuntimeError:
        return True
    tf.config.threading.set_inter_op_parallelism_threads(n_threads)
    return False


def _take_share_of_cores() -> None:
    """In a worker of joblib or Dask, run as many threads as it was given.

    Both limit OpenMP and BLAS, and TensorFlow reads neither: two workers with the
    threads of all cores each would wait for one another. This is the one global setting
    that is touched, in such a worker only, before its first operation.
    """
    share = _share_of_cores()
    if share and not _has_started():
        tf.config.threading.set_intra_op_parallelism_threads(share)
        tf.config.threading.set_inter_op_parallelism_threads(share)


def _share_of_cores() -> int | None:
    """Return the threads that are this worker's, None where the process is none."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    name = multiprocessing.current_process().name
    if not limit.isdigit():
        return None
    if name.startswith("LokyProcess"):
        return int(limit)
    if name.startswith("Dask Worker"):
        # The limit is that of each of the worker's own threads.
        return int(limit) * _threads_of_dask_worker()
    return None


def _threads_of_dask_worker() -> int:
    import distributed

    try:
        return distributed.get_worker().state.nthreads
    except ValueError:  # not in a task
        return 1


def on_gpu() -> bool:
    """Tell whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def tensor(array):
    """Copy an array to the device."""
    return tf.convert_to_tensor(array)


def array(value):
    """Copy a tensor or a variable to a NumPy array of its own."""
    return np.array(value.numpy())


def epoch_function(model, target_dtype, vector=None):
    """Trace training over the batches that `order` names.

    The function takes `(x, y, weight, order, n_samples, batch_size, total)`: samples in
    memory, the positions to train on, in order, and how many they are, the length of a
    batch (the last may be shorter), and the sum of the losses of all samples so far. It
    returns the sum and the metrics so far. So an epoch may be given in one piece or in
    many, and in one piece it is one call.

    Where `vector` is given, all trainable weights live in it for the time of a call,
    and it alone is what the optimizer steps.
    """
    weights, optimizer = model.trainable_variables, model.optimizer
    trained = weights if vector is None else [vector]
    known = {id(weight) for weight in weights}
    others = [v for v in model.variables if id(v) not in known]

    def step(x, y, weight):
        values = [tf.convert_to_tensor(variable.value) for variable in trained]
        parts = values if vector is None else _cut(values[0], weights)
        with (
            x.graph.gradient_override_map(_GRADIENTS),
            keras.StatelessScope(zip(weights, parts, strict=True)) as scope,
        ):
            predicted = model(x, training=True)
            loss = model.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=weight)
        gradients = tf.gradients(optimizer.scale_loss(loss), values)
        _without_replicas(optimizer, gradients, trained)
        for variable in others:  # states of dropout, statistics of batch normalization
            new = scope.get_current_value(variable)
            if new is not None:
                variable.assign(new)
        return predicted, loss

    def run(*arguments):
        if vector is not None:
            vector.assign(tf.concat([tf.reshape(v, [-1]) for v in weights], axis=0))
        results = _over_batches(model, step, *arguments)
        if vector is not None:
            parts = _cut(tf.convert_to_tensor(vector.value), weights)
            for variable, part in zip(weights, parts, strict=True):
                variable.assign(part)
        return results

    return _traced(model, target_dtype, run)


def evaluate_function(model, target_dtype):
    """Trace an evaluation in the way of `epoch_function`."""

    def step(x, y, weight):
        predicted = model(x, training=False)
        loss = model.compute_loss(
            x=x, y=y, y_pred=predicted, sample_weight=weight, training=False
        )
        return predicted, loss

    def run(*arguments):
        return _over_batches(model, step, *arguments)

    return _traced(model, target_dtype, run)


def _traced(model, target_dtype, run):
    target_shape = [] if target_dtype == "int32" else model.outputs[0].shape[1:]
    signature = [
        tf.TensorSpec(model.inputs[0].shape, tf.float32),
        tf.TensorSpec([None, *target_shape], target_dtype),
        tf.TensorSpec([None], tf.float32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec([], tf.float32),
    ]
    run = tf.function(run, input_signature=signature, autograph=False)
    return run.get_concrete_function()


def _over_batches(model, step, x, y, weight, order, n_samples, batch_size, total):
    """Run `step` over batches; return the sum of losses and the metrics.

    In a new process TensorFlow takes 2 to 3 ms for each kind of operation and each type
    that it has not seen, so few kinds and few types are used here.
    """
    measures = len(model.metrics) > 1  # the first is the loss, which is summed here

    def body(start, total):
        stop = tf.minimum(start + batch_size, n_samples)
        rows = tf.gather(order, tf.range(start, stop))
        batch = tf.gather(x, rows), tf.gather(y, rows), tf.gather(weight, rows)
        predicted, loss = step(*batch)
        if measures:
            model.compute_metrics(batch[0], batch[1], predicted, batch[2])
        n_rows = tf.cast(stop - start, tf.float32)
        return stop, total + tf.cast(loss, tf.float32) * n_rows

    _, total = tf.while_loop(
        lambda start, _: start < n_samples,
        body,
        (tf.constant(0), total),
        parallel_iterations=1,  # one step must see the weights of the one before
    )
    return total, model.get_metrics_result() if measures else {}


def _cut(vector, variables):
    """Cut a vector into the values of variables."""
    sizes = [math.prod(variable.shape) for variable in variables]
    return [
        tf.reshape(part, variable.shape)
        for part, variable in zip(tf.split(vector, sizes), variables, strict=True)
    ]


def _without_replicas(optimizer, gradients, trained):
    """Step an optimizer where it has no replicas to reduce gradients over.

    Keras' reduction, of nothing here, registers a gradient function with TensorFlow for
    good, and the whole traced graph with it: 5 MB for each program that was ever traced
    (Keras 3.15, TensorFlow 2.21).
    """
    context = tf.distribute.get_replica_context()
    if context is None or isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer.apply(gradients, trained)  # the one is there, the other cannot go
    else:
        context.merge_call(lambda _: optimizer.apply(gradients, trained))


# The gradients of TensorFlow ask at every step which axes of an operand were repeated,
# for it cannot know whether two open lengths are the same. Here an open length is
# that of the batch: half of all operations of a step are saved.


def _of_operand(gradient, operand):
    """Sum a gradient over the axes along which its operand was repeated."""
    if gradient.shape.rank is None or operand.shape.rank is None:
        shape = tf.shape(operand)
        axes = tf.raw_ops.BroadcastGradientArgs(s0=shape, s1=tf.shape(gradient)).r0
        return tf.reshape(tf.reduce_sum(gradient, axes), shape)
    missing = gradient.shape.rank - operand.shape.rank
    repeated = [
        axis + missing
        for axis, length in enumerate(operand.shape)
        if length == 1 and gradient.shape[axis + missing] != 1
    ]
    if repeated:
        gradient = tf.reduce_sum(gradient, repeated, keepdims=True)
    return tf.reduce_sum(gradient, list(range(missing))) if missing else gradient


@tf.RegisterGradient("skcnnlstm>AddV2")
def _of_sum(op, gradient):
    return [_of_operand(gradient, operand) for operand in op.inputs]


@tf.RegisterGradient("skcnnlstm>Sub")
def _of_difference(op, gradient):
    first, second = op.inputs
    return _of_operand(gradient, first), _of_operand(-1.0 * gradient, second)


@tf.RegisterGradient("skcnnlstm>Mul")
def _of_product(op, gradient):
    first, second = op.inputs
    return _of_operand(gradient * second, first), _of_operand(gradient * first, second)


@tf.RegisterGradient("skcnnlstm>Maximum")
def _of_maximum(op, gradient):
    """Give the gradient to the larger; of equal ones to the first."""
    first, second = op.inputs
    to_second = tf.raw_ops.ReluGrad(gradients=gradient, features=second - first)
    return _of_operand(gradient - to_second, first), _of_operand(to_second, second)


@tf.RegisterGradient("skcnnlstm>Sum")
def _of_total(op, gradient):
    operand, axes = op.inputs
    kept = tf.reduce_sum(operand, axes, keepdims=True)
    lengths = kept.shape.as_list() if kept.shape.rank is not None else [None, None]
    if lengths.count(None) < 2:  # one may follow from the others
        kept = [-1 if length is None else length for length in lengths]
    else:
        kept = tf.shape(kept)
    return tf.reshape(gradient, kept) * tf.ones_like(operand), None


@tf.RegisterGradient("skcnnlstm>Mean")
def _of_mean(op, gradient):
    operand, axes = op.inputs
    n_values = _count(operand.shape, tf.get_static_value(axes))
    if n_values is None:
        n_values = tf.size(operand) // tf.maximum(tf.size(op.outputs[0]), 1)
    return _of_total(op, gradient / tf.cast(n_values, gradient.dtype))


def _count(shape, axes):
    """Multiply the lengths of axes; None where one is open."""
    if shape.rank is None or axes is None:
        return None
    lengths = [shape[axis] for axis in np.ravel(axes).tolist()]
    return None if None in lengths else math.prod(lengths)


# A pooling form takes maxima, a loss means.
_GRADIENTS = {
    kind: f"skcnnlstm>{kind}"
    for kind in ("AddV2", "Sub", "Mul", "Maximum", "Sum", "Mean")
}


def predict_function(model):
    """Trace the network as a pure function of `(weights, x)`.

    `weights` are all weights in one vector: each further argument would cost a call as
    much as a small layer. No variable is read, so any number of threads may call it.
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
    """Trace the sum and the sum of squares, by channel, of what enters `layer`.

    Sums are taken in float64 over every axis but the last.
    """
    until = keras.Model(model.inputs, layer.input)

    @tf.function(input_signature=[tf.TensorSpec(model.inputs[0].shape, tf.float32)])
    def run(x):
        entering = tf.cast(until(x, training=False), tf.float64)
        flat = tf.reshape(entering, [-1, entering.shape[-1]])
        return tf.shape(flat)[0], tf.reduce_sum(flat, 0), tf.reduce_sum(flat**2, 0)

    return run.get_concrete_function()


def custom_operations(content):
    """Return the operations of a LiteRT file that are not LiteRT's own."""
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    codes = (model.OperatorCodes(at) for at in range(model.OperatorCodesLength()))
    names = (code.CustomCode() for code in codes)
    return [name.decode() for name in names if name]
