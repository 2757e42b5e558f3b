"""Check that TensorFlow can run in this process; limit TensorFlow's threads in workers.

Workers are processes that joblib or Dask started.
"""

import multiprocessing
import os

import tensorflow as tf

from skcnnlstm._utils.import_keras import hidden_logs

# The process that ran the first TensorFlow operation. A process that is forked after
# that hangs at its first operation, because it lacks TensorFlow's threads.
_first_pid: int | None = None
_import_pid = os.getpid()


def check_process() -> None:
    """Raise RuntimeError if TensorFlow cannot run operations of the package here.

    This is the case inside a graph, and in a process that was forked after the first
    TensorFlow operation. Call this function before any TensorFlow operation of the
    package.

    The first call in a process starts TensorFlow. In a worker, it limits the threads
    before that.
    """
    global _first_pid
    pid = os.getpid()
    # If this process was forked after the import of this file, the user may have run an
    # operation before the fork. TensorFlow shows whether an operation has run.
    is_first = _first_pid is None and (pid == _import_pid or not _has_started())
    if is_first:
        _first_pid = pid
        _limit_threads_of_worker()
    if _first_pid != pid:
        raise RuntimeError(
            "TensorFlow cannot run in a process that was forked after the first "
            "TensorFlow operation: got the first operation in process "
            f"{_first_pid or _import_pid}, and a call in process {pid}. Start workers "
            "with joblib's default backend 'loky', or with the multiprocessing start "
            "method 'spawn' or 'forkserver'."
        )
    if not tf.executing_eagerly():
        raise RuntimeError(
            "fit and predict must run in TensorFlow's eager mode: got a call inside "
            "tf.Graph().as_default() or tf.function, or after "
            "tf.compat.v1.disable_eager_execution(). Call fit and predict outside of "
            "graphs, and keep eager execution enabled."
        )
    if is_first and not _has_started():
        with hidden_logs():
            tf.zeros(1)


def on_gpu() -> bool:
    """Return whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def _has_started() -> bool:
    """Return whether TensorFlow has run an operation.

    After the first operation, TensorFlow refuses to change its number of threads.
    """
    n_threads = tf.config.threading.get_inter_op_parallelism_threads()
    try:
        tf.config.threading.set_inter_op_parallelism_threads(n_threads + 1)
    except RuntimeError:
        return True
    tf.config.threading.set_inter_op_parallelism_threads(n_threads)
    return False


def _limit_threads_of_worker() -> None:
    """Limit TensorFlow's threads in a worker of joblib or Dask.

    Joblib and Dask limit OpenMP and BLAS, but TensorFlow ignores these limits. Without
    this function, every worker would start one thread for each core of the machine.
    This is the only global setting that the package changes permanently. The package
    changes it only in such a worker, and only before the first TensorFlow operation.
    """
    n_threads = _n_threads_of_worker()
    if n_threads and not _has_started():
        tf.config.threading.set_intra_op_parallelism_threads(n_threads)
        tf.config.threading.set_inter_op_parallelism_threads(n_threads)


def _n_threads_of_worker() -> int | None:
    """Return the maximum number of threads of this worker.

    Return None outside of a worker, or if the worker has no limit.
    """
    limit = os.environ.get("OMP_NUM_THREADS", "")
    name = multiprocessing.current_process().name
    if not limit.isdigit():
        return None
    if name.startswith("LokyProcess"):
        return int(limit)
    if name.startswith("Dask Worker"):
        # Dask sets a limit for each thread of the worker, not for the whole worker.
        return int(limit) * _n_threads_of_dask_worker()
    return None


def _n_threads_of_dask_worker() -> int:
    import distributed

    try:
        return distributed.get_worker().state.nthreads
    except ValueError:  # called outside of a task
        return 1
