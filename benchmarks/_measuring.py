"""Timing, memory and operation counts for `bench_speed.py`."""

from __future__ import annotations

import gc
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

# The backward pass has about twice the operations of the forward pass.
TRAINING_PASSES = 3
# The part of the machine's rate that an epoch must reach if its ratio to `Model.fit` is
# below the requirement.
MIN_SHARE = 0.40


@dataclass
class Settings:
    """Settings of a run: how long to measure, and what else to compare with."""

    rounds: int = 3
    quick: bool = False
    other: str | None = None  # folder of another checkout
    torch: str | None = None  # Python interpreter that has PyTorch

    def pick(self, whole, quick):
        """Return `quick` in a quick run, and `whole` otherwise."""
        return quick if self.quick else whole


@dataclass
class Figure:
    """One row of the table: the requirement and the measured value.

    `at_least` is the required value, and `reach_for` the desired value. They are None
    if there is none. With `lower`, smaller values are better. `before` is the value
    before the fast recurrent layers were added, as text. `share` is the part of the
    machine's matrix-product rate that a training epoch reaches.
    """

    work: str
    value: float
    unit: str = "x"
    at_least: float | None = None
    reach_for: float | None = None
    lower: bool = False
    details: dict = field(default_factory=dict)
    before: str = ""
    share: float | None = None

    @property
    def verdict(self):
        """Return in words whether the value meets the requirement; "" without one."""
        if self.at_least is None:
            return ""
        sign = -1 if self.lower else 1
        if self.reach_for is not None and sign * self.value >= sign * self.reach_for:
            return "reached"
        if sign * self.value >= sign * self.at_least:
            return "holds"
        if self.share is not None and self.share >= MIN_SHARE:
            return "holds by its share"
        return "FALLS SHORT"


# ----------------------------------------------------------------------------- time


def timed(work):
    """Return the seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(rounds, alternative, ours):
    """Measure alternately; return the median of alternative / ours, and all values."""
    pairs = []
    for i in range(rounds):
        # Every second round starts with `ours`.
        order = (alternative, ours) if i % 2 == 0 else (ours, alternative)
        values = {measure: measure() for measure in order}
        pairs.append((values[alternative], values[ours]))
    ratio = statistics.median(theirs / own for theirs, own in pairs)
    return ratio, {
        "alternative": [round(theirs, 6) for theirs, _ in pairs],
        "ours": [round(own, 6) for _, own in pairs],
    }


def run_json(command, checkout=None):
    """Run a command and return the JSON in its last line of output.

    With `checkout`, the package is imported from this folder.
    """
    env = os.environ | ({"PYTHONPATH": str(checkout)} if checkout else {})
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, check=False, env=env
    )
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def child(*words, checkout=None):
    """Run a `child_` function of this script in a new process; return its result."""
    return run_json([sys.executable, sys.argv[0], "--child", *words], checkout)


def epoch_timer():
    """Return a Keras callback that measures the seconds of each epoch.

    All copies of the callback share the list `seconds`.
    """
    import keras

    class EpochTimer(keras.callbacks.Callback):
        """Measure the seconds of each epoch."""

        seconds = []  # noqa: RUF012 - copies of the callback share the list

        def on_epoch_begin(self, epoch, logs=None):
            """Start the clock."""
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            """Stop the clock."""
            self.seconds.append(time.perf_counter() - self.start)

    return EpochTimer()


def steady_epoch(estimator, X, y, epochs=4):
    """Fit an estimator, and return the median seconds of its epochs after the first."""
    timer = epoch_timer()
    estimator.set_params(callbacks=[timer], epochs=epochs).fit(X, y)
    return statistics.median(timer.seconds[1:])


def per_call(work, calls):
    """Return the median seconds of `calls` calls, after one call that is not timed."""
    work()
    return statistics.median(timed(work) for _ in range(calls))


# --------------------------------------------------------------------------- memory


def peak_gb():
    status = Path("/proc/self/status")
    if status.exists():  # does not include the memory of a parent process, unlike below
        kb = status.read_text().split("VmHWM:")[1].split()[0]
        return int(kb) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def resident_mb():
    import psutil

    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


# ----------------------------------------------------------------------- operations

PRODUCT_SIDE = 2048


def product_seconds():
    """Return the seconds of a float32 product of two 2048 x 2048 matrices."""
    import tensorflow as tf

    a = tf.random.stateless_normal((PRODUCT_SIDE, PRODUCT_SIDE), (1, 2))
    product = tf.function(lambda m: tf.matmul(m, m))
    product(a)
    return min(timed(lambda: product(a).numpy()) for _ in range(7))


def matrix_product_rate():
    """Return the float32 operations per second of this machine in a large product."""
    return 2 * PRODUCT_SIDE**3 / product_seconds()


def forward_operations(model):
    """Count the multiplications and additions of a Keras model for one sample.

    Only matrix products and convolutions are counted. The padded positions of a
    convolution are included. Biases, activations, poolings and normalizations are not.
    """
    total = 0
    for layer in model.layers:
        if layer.weights:
            # A recurrent layer with initial states has a list of inputs.
            inputs = layer.input[0] if isinstance(layer.input, list) else layer.input
            total += layer_operations(layer, tuple(inputs.shape))
    return total


def layer_operations(layer, input_shape):
    """Count the operations of one layer for one sample."""
    from keras import layers

    if isinstance(layer, layers.Bidirectional):
        return sum(
            layer_operations(part, input_shape)
            for part in (layer.forward_layer, layer.backward_layer)
        )
    if isinstance(layer, layers.TimeDistributed):
        inner = input_shape[:1] + input_shape[2:]
        return input_shape[1] * layer_operations(layer.layer, inner)
    if isinstance(layer, layers.Conv1D | layers.Conv2D):
        positions = math.prod(layer.compute_output_shape(input_shape)[1:-1])
        return 2 * positions * _size(layer.kernel)
    if isinstance(layer, layers.ConvLSTM2D):
        shape = layer.compute_output_shape(input_shape)
        if layer.return_state:
            shape = shape[0]
        positions = math.prod(shape[-3:-1])
        weights = layer.cell.kernel, layer.cell.recurrent_kernel
        return 2 * input_shape[1] * positions * sum(map(_size, weights))
    if isinstance(layer, layers.LSTM | layers.GRU):
        weights = layer.cell.kernel, layer.cell.recurrent_kernel
        return 2 * input_shape[1] * sum(map(_size, weights))
    if isinstance(layer, layers.Dense):
        return 2 * math.prod(input_shape[1:-1]) * _size(layer.kernel)
    return 0


def _size(weight):
    return math.prod(weight.shape)


def training_share(model, n_windows, seconds, rate):
    """Return the operations per second of an epoch of training, divided by `rate`."""
    return TRAINING_PASSES * forward_operations(model) * n_windows / seconds / rate


# ---------------------------------------------------------------------------- output


def machine():
    """Return the processor, the cores, the system and the versions as a dict."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line for line in info.read_text().splitlines() if "model name" in line)
        cpu = next(lines, cpu).partition(":")[2].strip()
    packages = ("numpy", "scikit-learn", "scikeras", "keras", "tensorflow", "joblib")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
    }


def number(value, unit=""):
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 else 2 if abs(value) >= 0.1 or not value else 4
    return f"{value:.{digits}f} {unit}".rstrip()


def show_header():
    print(
        f"{'':3s}{'work':54s} {'before':>9s} {'at least':>9s} {'reach for':>9s} "
        f"{'measured':>10s} {'share':>6s}"
    )


def show(letter, figure):
    print(
        f"{letter}  {figure.work:54s} {figure.before:>9s} "
        f"{number(figure.at_least, figure.unit):>9s} "
        f"{number(figure.reach_for, figure.unit):>9s} "
        f"{number(figure.value, figure.unit):>10s} {number(figure.share):>6s}  "
        f"{figure.verdict}",
        flush=True,
    )
