"""Compare networks with default parameters with common alternatives (contenders).

All parameters have their defaults, except the window, the horizon, the seed and the
season if it is known. All models get the same rows. Scores are computed on the test
part and on a validation part: the end of the training rows, or folds of the training
part for classification. Scores are stored as they are computed, so an interrupted run
resumes. Each model runs in a separate process.

    python benchmarks/bench_contenders.py --data DATA                  # hours
    python benchmarks/bench_contenders.py --data DATA --sets household-7 --seeds 1
    python benchmarks/bench_contenders.py --data DATA --models CNNLSTM,Ridge
    python benchmarks/bench_contenders.py --summary                    # stored scores

LightGBM, AutoETS and AutoTheta need the extra `references`. NHITS, DLinear and
MiniRocket need separate environments:

    --neuralforecast PYTHON    an interpreter that has neuralforecast
    --aeon PYTHON              an interpreter that has aeon

On a machine with other work, OMP_NUM_THREADS=1 makes these three models many times
faster.

The seconds are those of a fit, including tracing, and of its predictions. Imports are
not included. The memory is the peak resident memory of the process, including imports.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
from _contenders_models import DETERMINISTIC, ELSEWHERE, contenders
from _contenders_sets import SETS
from _contenders_summary import summarise

# --------------------------------------------------------------------------- one model


def measure(task, contender, seed):
    """Return the scores, the mean seconds of a part, and the peak memory in MB.

    A contender in another environment runs in a child process. The memory is then that
    of the larger of both processes.
    """
    found, seconds = {}, []
    for name in ("validation", "test"):
        scores = []
        for part in getattr(task, name):
            predictions, took = contender(task, part, seed)
            scores.append(task.score(part, predictions))
            seconds.append(took)
        found[name] = float(np.mean(scores))
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return found | {"seconds": float(np.mean(seconds)), "megabytes": peak / 1024}


def run_one(options):
    """Print the result of one set, model and seed as JSON in the last line."""
    set_name, model, seed = options.one.split("/")
    task = SETS[set_name](options.data)
    contender = contenders(task, vars(options))[model]
    print("\n" + json.dumps(measure(task, contender, int(seed))))


def in_a_process(key, options):
    """Return the result of one set, model and seed, or the reason why it is left out.

    `key` is the text "set/model/seed".
    """
    command = [sys.executable, __file__, "--data", options.data, "--one", key]
    for name in {*ELSEWHERE.values()}:
        if vars(options)[name]:
            command += [f"--{name}", vars(options)[name]]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that its own children end with it
    )
    try:
        printed, errors = process.communicate(timeout=options.limit)
    except subprocess.TimeoutExpired:
        return {"left_out": f"more than {options.limit:g} s"}
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        return {"left_out": errors.strip().splitlines()[-1]}
    return json.loads(printed.splitlines()[-1])


# -------------------------------------------------------------------------- all models


def run(options):
    """Compute, print and store the missing results; return all results."""
    path = Path(options.output)
    stored = json.loads(path.read_text()) if path.exists() else {}
    for set_name in options.sets:
        suitable = contenders(SETS[set_name](options.data), vars(options))
        for model in options.models or suitable:
            if model not in suitable:
                continue
            for seed in range(1 if model in DETERMINISTIC else options.seeds):
                key = f"{set_name}/{model}/{seed}"
                if key in stored and not ("left_out" in stored[key] and options.retry):
                    continue
                stored[key] = in_a_process(key, options)
                show(key, stored[key])
                partly = path.with_suffix(".partly")
                partly.write_text(json.dumps(stored, indent=0))
                partly.replace(path)
                if "left_out" in stored[key]:
                    break  # the other seeds would fail as well
    return stored


def show(key, result):
    """Print a result."""
    if "left_out" in result:
        print(f"{key:36s} left out: {result['left_out']}", flush=True)
        return
    print(
        f"{key:36s} {result['validation']:10.4f} {result['test']:10.4f} "
        f"{result['seconds']:8.1f} s {result['megabytes']:6.0f} MB",
        flush=True,
    )


def parse(arguments):
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )

    def words(text):
        return text.split(",")

    parser.add_argument("--data", type=Path, help="folder of the data")
    parser.add_argument("--sets", type=words, default=list(SETS), help="default: all")
    parser.add_argument("--models", type=words, help="default: all that suit a set")
    parser.add_argument("--seeds", type=int, default=3, help="seeds per model")
    parser.add_argument("--neuralforecast", metavar="PYTHON", help="see above")
    parser.add_argument("--aeon", metavar="PYTHON", help="see above")
    parser.add_argument("--limit", type=float, default=3600, help="seconds per seed")
    parser.add_argument("--retry", action="store_true", help="repeat left-out models")
    parser.add_argument("--summary", action="store_true", help="only print the scores")
    parser.add_argument("--output", default="contenders.json", help="a JSON file")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # set/model/seed, in a child
    options = parser.parse_args(arguments)
    unknown = set(options.sets) - set(SETS)
    if unknown:
        parser.error(f"no such sets: {', '.join(sorted(unknown))}")
    if options.data is None and not options.summary:
        parser.error("--data is required, except with --summary")
    return options


def main():
    options = parse(sys.argv[1:])
    warnings.simplefilter("ignore")
    if options.one:
        run_one(options)
    elif options.summary:
        summarise(json.loads(Path(options.output).read_text()))
    else:
        summarise(run(options))


if __name__ == "__main__":
    main()
