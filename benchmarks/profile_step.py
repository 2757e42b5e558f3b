"""Count the operations of a training step, and measure their time by kind.

TensorFlow's profiler records each operation of one epoch. Recording makes a step
slower, so use the times of the kinds only as shares of their sum. The time of a whole
step is measured without the profiler.

    python benchmarks/profile_step.py                     # the shapes of the README
    python benchmarks/profile_step.py ConvLSTM:24x1 LSTM:470x1:lstm_units=64
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from _measuring import (
    forward_operations,
    matrix_product_rate,
    steady_epoch,
    training_share,
)
from bench_speed import windows, with_defaults

SHAPES = ("LSTM:470x1:lstm_units=64,batch_size=16", "CNN:24x1", "TCNLSTM:24x1")
N_WINDOWS = 640

# The kind of each type of operation. All other types are elementwise.
KINDS = {
    "matrix products": """MatMul _FusedMatMul BatchMatMulV2 Einsum Conv2D _FusedConv2D
        Conv2DBackpropInput Conv2DBackpropFilter _MklNativeConv2D _MklFusedConv2D
        _MklNativeFusedConv2D _MklNativeConv2DBackpropInput _MklFusedMatMul
        _MklNativeConv2DBackpropFilter _MklNativeFusedMatMul _MklMatMul""",
    "BlockLSTM": "BlockLSTM BlockLSTMGrad",
    "copies": """Concat ConcatV2 Split SplitV Slice StridedSlice StridedSliceGrad
        Transpose _MklTranspose Pad PadV2 Tile Pack Unpack GatherV2 ReverseV2 Fill
        ZerosLike""",
    "sums": "Sum Mean BiasAddGrad AddN Max Min",
    "shapes": """Reshape Shape ShapeN ExpandDims Squeeze Identity IdentityN Const Size
        Range Rank BroadcastGradientArgs InvertPermutation ConcatOffset""",
    "loops and calls": """Enter Exit NextIteration Switch Merge LoopCond LogicalAnd
        TensorListReserve TensorListSetItem TensorListGetItem TensorListStack
        TensorListFromTensor TensorListPushBack TensorListPopBack EmptyTensorList
        TensorListElementShape TensorListLength _Retval _Arg NoOp""",
    "variables": """ReadVariableOp AssignVariableOp AssignAddVariableOp
        AssignSubVariableOp""",
    "random numbers": """StatelessRandomUniformV2 StatelessRandomGetKeyCounter
        StatelessRandomUniform StatelessRandomGetAlg""",
}
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names.split()}
# The time of these operations contains the time of other operations.
CALLS = {"While", "StatelessWhile", "PartitionedCall", "StatefulPartitionedCall"}


@dataclass
class Profile:
    """Number and microseconds of the operations of a training step, by type."""

    counts: Counter
    microseconds: Counter

    def by_kind(self):
        """Return `(kind, operations, microseconds)`, the slowest kind first."""
        counts, times = Counter(), Counter()
        for name, count in self.counts.items():
            kind = KIND_OF.get(name, "elementwise")
            counts[kind] += count
            times[kind] += self.microseconds[name]
        return [(kind, counts[kind], time) for kind, time in times.most_common()]


def record(estimator, X, y):
    """Return the profile of a training step, recorded in one epoch after the trace."""
    import tensorflow as tf

    options = tf.profiler.experimental.ProfilerOptions(
        host_tracer_level=3, python_tracer_level=0, device_tracer_level=0
    )
    n_steps = -(-len(X) // estimator.batch_size)
    estimator.set_params(epochs=1, callbacks=None).fit(X, y)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder, options):
            estimator.fit(X, y)
        (file,) = Path(folder).rglob("*.xplane.pb")
        return read_profile(file.read_bytes(), n_steps)


def read_profile(data, n_steps):
    """Return the profile of one step from the bytes of a profile of `n_steps` steps."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    durations = defaultdict(list)
    for plane in xplane_pb2.XSpace.FromString(data).planes:
        names = {key: value.name for key, value in plane.event_metadata.items()}
        for line in plane.lines:
            for event in line.events:
                durations[names[event.metadata_id]].append(event.duration_ps / 1e6)
    counts, microseconds = Counter(), Counter()
    for name, values in durations.items():
        # An operation has the name "name:Type"; "A::B" are functions of the executor.
        _, colon, op_type = name.rpartition(":")
        if colon and "::" not in name and op_type.isidentifier():
            if op_type not in CALLS:
                per_step = len(values) / n_steps
                counts[op_type] += per_step
                # The median, because another process may interrupt an operation.
                microseconds[op_type] += per_step * statistics.median(values)
    return Profile(counts, microseconds)


def parse_shape(text):
    """Return the name, window length, number of features and parameters of a network.

    `text` is for example "LSTM:96x7:lstm_units=64".
    """
    name, size, *params = text.split(":")
    length, n_features = map(int, size.split("x"))
    pairs = (one.split("=") for one in ",".join(params).split(",") if one)
    return name, length, n_features, {key: json.loads(value) for key, value in pairs}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "shapes",
        nargs="*",
        default=SHAPES,
        metavar="NAME:LxF[:P=V]",
        help="network, window length x features, and parameters",
    )
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for text in options.shapes:
        name, length, n_features, params = parse_shape(text)
        X, y = windows(N_WINDOWS, length, n_features)
        estimator = with_defaults(4, name, **params)
        n_steps = -(-N_WINDOWS // estimator.batch_size)
        rate = matrix_product_rate()
        seconds = steady_epoch(estimator, X, y)
        share = training_share(estimator.model_, N_WINDOWS, seconds, rate)
        profile = record(estimator, X, y)
        arithmetic = 3 * forward_operations(estimator.model_) * estimator.batch_size
        total = sum(profile.microseconds.values())
        print(
            f"\n{text}: {seconds / n_steps * 1e3:.2f} ms a step, "
            f"{sum(profile.counts.values()):.0f} operations, "
            f"{arithmetic / 1e6:.1f} million multiplications and additions, "
            f"{rate / 1e9:.0f} billion a second in a large product, share {share:.3f}"
        )
        for kind, count, time in profile.by_kind():
            print(f"  {kind:16s} {count:7.0f} operations {100 * time / total:5.1f} %")
        slowest = profile.microseconds.most_common(10)
        print(
            "  slowest:",
            ", ".join(
                f"{op} {profile.counts[op]:.0f} x {time / profile.counts[op]:.1f} us"
                for op, time in slowest
            ),
        )


if __name__ == "__main__":
    main()
