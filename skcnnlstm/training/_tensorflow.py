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


def epoch_function(model, target_dtype, seed_states):
    """Trace `model.train_step` over the batches that `order` names.

    The function takes `(x, y, weight, order, batch_size, fresh, states)`: samples in
    memory, the positions to train on, in order, and the length of a batch; the last
    batch may be shorter. Losses and metrics gather in the model's own variables, and
    their results are returned; where `fresh`, they begin anew, and the variables
    `seed_states` are set to `states` first. So an epoch may be given in one piece or in
    many, and in one piece it is one call.
    """
    return _loop_over_batches(model, model.train_step, target_dtype, seed_states)


def evaluate_function(model, target_dtype):
    """Trace `model.test_step` in the way of `epoch_function`."""
    return _loop_over_batches(model, model.test_step, target_dtype, [])


def _loop_over_batches(model, step, target_dtype, seed_states):
    target_shape = [] if target_dtype == "int32" else model.outputs[0].shape[1:]
    signature = [
        tf.TensorSpec(model.inputs[0].shape, tf.float32),
        tf.TensorSpec([None, *target_shape], target_dtype),
        tf.TensorSpec([None], tf.float32),
        tf.TensorSpec([None], tf.int32),
        tf.TensorSpec([], tf.int32),
        tf.TensorSpec([], tf.bool),
        tf.TensorSpec([len(seed_states), 2], tf.int64),
    ]

    @tf.function(input_signature=signature, autograph=False)
    def run(x, y, weight, order, batch_size, fresh, states):
        def begin():
            model.reset_metrics()
            for variable, state in zip(
                seed_states, tf.unstack(states, len(seed_states)), strict=True
            ):
                variable.assign(tf.cast(state, variable.dtype))
            return True

        tf.cond(fresh, begin, lambda: False)
        n_samples = tf.shape(order)[0]

        def body(start):
            rows = order[start : tf.minimum(start + batch_size, n_samples)]
            batch = tf.gather(x, rows), tf.gather(y, rows), tf.gather(weight, rows)
            _without_replicas(model.optimizer, step, batch)
            return (start + batch_size,)

        tf.while_loop(
            lambda start: start < n_samples,
            body,
            (tf.constant(0),),
            parallel_iterations=1,  # one step must see the weights of the one before
        )
        return model.get_metrics_result()

    return run.get_concrete_function()


def _without_replicas(optimizer, step, batch):
    """Run a step where Keras' optimizer has no replicas to reduce gradients over.

    Its reduction, of nothing here, registers a gradient function with TensorFlow for
    good, and the whole traced graph with it: 5 MB for each program that was ever traced
    (Keras 3.15, TensorFlow 2.21).
    """
    context = tf.distribute.get_replica_context()
    if context is None or isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        step(batch)  # the one is there already, the other refuses to go
    else:
        context.merge_call(lambda _, batch: step(batch), args=(batch,))


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
