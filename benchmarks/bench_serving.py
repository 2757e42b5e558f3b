"""Measure the latency and the memory of a service that predicts one window at a time.

Every runtime starts in a new process, loads one saved CNN-LSTM and predicts one window
of 24 steps 500 times. The script prints and stores, as medians of the rounds,

- start: seconds to import the runtime and to load the model,
- start CPU: processor seconds of this start,
- first: milliseconds of the first prediction,
- p50, p99: percentiles of the later predictions, in milliseconds,
- memory: resident memory of the process after the predictions, in MB,
- model: the part of this memory that was added after the import of the runtime, in MB.

    python benchmarks/bench_serving.py    # a minute; extras bench, save and export
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

LENGTH, N_PREDICTIONS = 24, 500
RUNTIMES = "skcnnlstm", "onnxruntime"


def write_models(folder):
    """Fit a CNN-LSTM on a sine, and write it in the formats of both runtimes."""
    from skcnnlstm import CNNLSTMRegressor, export, make_windows, save

    X, y = make_windows(np.sin(np.arange(300) / 4), window_length=LENGTH)
    network = CNNLSTMRegressor(epochs=2, random_state=0).fit(X, y)
    save(network, folder / "skcnnlstm.model")
    export(network, folder / "onnxruntime.model")


def load_skcnnlstm(path):
    """Return the memory after the import, and a function that predicts."""
    import skcnnlstm
    from skcnnlstm import CNNLSTMRegressor  # noqa: F401  loads TensorFlow

    memory = resident_memory()
    network = skcnnlstm.load(path)
    return memory, network.predict


def load_onnxruntime(path):
    """Return the memory after the import, and a function that predicts."""
    import onnxruntime

    memory = resident_memory()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return memory, lambda window: session.run(None, {name: window})


def resident_memory():
    """Return the resident memory of this process in MB."""
    return psutil.Process().memory_info().rss / 1e6


def serve(runtime, path):
    """Load the model in this process, predict, and return the measurements."""
    start = time.perf_counter()
    imported, predict = globals()[f"load_{runtime}"](path)
    row = {"start": time.perf_counter() - start, "start CPU": time.process_time()}
    window = np.sin(np.arange(LENGTH, dtype="float32") / 4).reshape(1, LENGTH)
    seconds = []
    for _ in range(1 + N_PREDICTIONS):
        before = time.perf_counter()
        predict(window)
        seconds.append(time.perf_counter() - before)
    row["first"] = 1000 * seconds[0]
    row["p50"], row["p99"] = 1000 * np.percentile(seconds[1:], [50, 99])
    row["memory"] = resident_memory()
    return row | {"model": row["memory"] - imported}


def measure(runtime, path):
    """Return the measurements of `serve` in a new process."""
    command = [sys.executable, __file__, "--serve", runtime, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="processes per runtime")
    parser.add_argument("--output", default="serving.json", help="a JSON file")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        print(json.dumps(serve(*options.serve)))
        return
    rounds = {runtime: [] for runtime in RUNTIMES}
    with tempfile.TemporaryDirectory() as folder:
        write_models(Path(folder))
        for _ in range(options.rounds):
            for runtime in RUNTIMES:
                row = measure(runtime, Path(folder) / f"{runtime}.model")
                rounds[runtime].append(row)
    columns = list(rounds[RUNTIMES[0]][0])
    print(f"| runtime | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for runtime, rows in rounds.items():
        medians = [np.median([row[column] for row in rows]) for column in columns]
        print(f"| {runtime} | {' | '.join(f'{m:.3g}' for m in medians)} |")
    results = {
        "python": platform.python_version(),
        "machine": platform.processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "rounds": rounds,
    }
    Path(options.output).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
