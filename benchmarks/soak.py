"""Run random fits, forecasts, errors and interrupts for a given time.

``python benchmarks/soak.py --minutes 5`` runs one random case after another: estimators
on valid and invalid windows, continued and interrupted fits, fits in threads, pickling,
and forecasts of random series. Each case depends on one seed. ``--replay SEED`` runs
only the case of this seed. A case fails if

- an error comes from another library instead of a check of this package, or its message
  is not readable;
- an error or an interrupt changes an estimator;
- results that must be bit-identical differ;
- TensorFlow warns about retracing, or a library warns about this package;
- the case takes longer than ``--patience`` seconds (the stacks of all threads are
  printed).

The networks have more programs than the cache holds, so programs are removed and traced
again all the time. TensorFlow keeps about 1 MB for a program that is new to the process
and less than 0.1 MB for each further trace. The script therefore counts traces. After
all networks have been used once, the resident memory may grow with the number of
traces, but not with the number of cases. The line before the last reports the memory.
"""

from __future__ import annotations

import argparse
import collections
import copy
import faulthandler
import functools
import logging
import os
import pickle
import sys
import threading
import time
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skcnnlstm import FlattenWindows, SeriesForecaster, backtest, make_windows
from skcnnlstm.training import cache

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from instances import CLASSIFIERS, ENSEMBLES, REGRESSORS
from user_errors import check_error

POOL = 30  # networks; the cache keeps 24 programs
SETTLING = 100  # cases until imports and threads are complete
# Allowed growth of the resident memory after these cases: a fraction, and the memory
# that TensorFlow keeps for each new program and for each further trace.
ALLOWED_GROWTH = 0.1
ALLOWED_MB_PER_PROGRAM = 1.2
ALLOWED_MB_PER_TRACE = 0.06
HOSTILE = [
    *(None, -1, 0, 1.5, True, "bogus", "", b"x", float("nan"), float("inf"), 2j),
    *([], (), (0,), (2, -1), [[1]], {"a": 1}, object, np.array([1, 2]), np.int8(3)),
    *(np.float32(0.25), np.str_("relu"), lambda x: x),
]


# -------------------------------------------------------------- estimators and data


def choose(rng, values):
    return values[int(rng.integers(len(values)))]


def pool():
    """Return the networks of all cases: (estimator, shape of a window, n_outputs)."""
    rng = np.random.default_rng(0)
    networks = []
    for number in range(POOL):
        estimator = clone(choose(rng, [*REGRESSORS, *CLASSIFIERS, *ENSEMBLES]))
        length = choose(rng, [1, 6, 12])
        shape = choose(rng, [(length,), (length, 1), (length, 2)])
        n_outputs = 1 if is_classifier(estimator) else choose(rng, [1, 1, 2, 3])
        names = estimator.get_params()
        changes = {
            "optimizer": choose(rng, ["adam", "adam", "sgd", "rmsprop"]),
            "missing": choose(rng, ["error", "error", "mask"]),
            "instance_norm": choose(rng, ["auto", None, "last", "standard"]),
            "linear_skip": choose(rng, [False, True]),
            "dropout": choose(rng, [0.0, 0.2]),
        }
        if number % 5 == 0 and "quantiles" in names:
            changes["quantiles"] = (0.1, 0.5, 0.9)
        estimator.set_params(**{k: v for k, v in changes.items() if k in names})
        networks.append((estimator, shape, n_outputs))
    return networks


NETWORKS = pool()


def draw(rng):
    """Return an estimator with random training parameters, and data for it."""
    estimator, shape, n_outputs = choose(rng, NETWORKS)
    estimator = clone(estimator)
    changes = {
        "epochs": choose(rng, [1, 2, 3]),
        "batch_size": choose(rng, [1, 7, 16, 1000, -1]),
        "learning_rate": choose(rng, [None, 1e-4, 1e-2]),
        "shuffle": choose(rng, [True, False]),
        "random_state": int(rng.integers(100)),
        "keep_best": choose(rng, [False, True]),
        "plateau_patience": choose(rng, [None, 1]),
        "early_stopping": choose(rng, [False, False, True]),
        "validation_fraction": choose(rng, [0.1, 0.5]),
    }
    names = estimator.get_params()
    estimator.set_params(**{k: v for k, v in changes.items() if k in names})
    return estimator, *data(rng, estimator, shape, n_outputs)


def data(rng, estimator, shape, n_outputs=1):
    n_samples = choose(rng, [24, 40, 65])
    X = rng.normal(size=(n_samples, *shape))
    if choose(rng, [False, True]):
        X = X.astype(choose(rng, [np.float32, np.float16, ">f8"]))
    if is_classifier(estimator):
        labels = choose(rng, [[0, 1], ["a", "b", "c"], [-1.0, 1.0]])
        return X, np.resize(labels, n_samples)
    size = n_samples if n_outputs == 1 else (n_samples, n_outputs)
    return X, rng.normal(size=size)


# ---------------------------------------------------------------------------- the cases


class CaseFailed(AssertionError):
    """A requirement of a case does not hold."""


def require(condition, requirement):
    if not condition:
        raise CaseFailed(requirement)


def require_equal(one, other, when):
    require(np.array_equal(one, other), f"{when}: results are not bit-identical")


def call_and_count(call, counts):
    """Return the result of a call, or None after an error with a readable message.

    Any other error fails the case. Results and errors are counted.
    """
    try:
        result = call()
    except Exception as error:
        check_error(error)
        counts[f"{type(error).__name__}s"] += 1
        return None
    counts["results"] += 1
    return result


def case_fit(rng, counts):
    """An estimator that is pickled, copied or refitted gives identical predictions."""
    estimator, X, y = draw(rng)
    if call_and_count(lambda: estimator.fit(X, y), counts) is None:
        return
    counts["fits"] += 1
    predicted = estimator.predict(X)
    require(len(predicted) == len(X), "one prediction per sample")
    if predicted.dtype.kind == "f":
        require(np.isfinite(predicted).all(), "finite predictions")
    again = pickle.loads(pickle.dumps(estimator))
    require_equal(again.predict(X), predicted, "pickled")
    require_equal(copy.deepcopy(estimator).predict(X[:1]), predicted[:1], "copied")
    if choose(rng, [False, True]):
        require_equal(clone(estimator).fit(X, y).predict(X), predicted, "fitted again")
        counts["fits"] += 1


def case_continue(rng, counts):
    """Fits continue with warm_start and partial_fit; a wrong shape is an error."""
    estimator, X, y = draw(rng)
    if hasattr(estimator, "cnn"):
        return
    estimator.set_params(warm_start=True, early_stopping=False)
    for _ in range(3):
        rows = np.sort(rng.permutation(len(X))[:24])
        step = choose(rng, ["fit", "partial_fit"])
        before = hasattr(estimator, "_weights")
        if choose(rng, [0, 0, 1]) and before:
            predicted = estimator.predict(X)
            wrong = np.zeros((24, 3, 3, 3, 3)), y[:24]
            refused = call_and_count(
                functools.partial(estimator.partial_fit, *wrong), counts
            )
            require(refused is None, "windows of another shape are an error")
            require_equal(estimator.predict(X), predicted, "after a failed partial_fit")
        train = functools.partial(getattr(estimator, step), X[rows], y[rows])
        call_and_count(train, counts)
        counts["fits"] += 1


class Interrupt(keras.callbacks.Callback):
    """Raise `error` at the end of epoch `when`."""

    def __init__(self, error, when):
        super().__init__()
        self.error, self.when = error, when

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.when:
            raise self.error


def case_interrupt(rng, counts):
    """An interrupt keeps the previous fit, and the next fit is correct."""
    estimator, X, y = draw(rng)
    if hasattr(estimator, "cnn"):
        return
    fresh = call_and_count(lambda: clone(estimator).fit(X, y), counts)
    if fresh is None:
        return
    predicted = fresh.predict(X)
    fitted = copy.deepcopy(fresh)
    error = choose(rng, [KeyboardInterrupt(), SystemExit(3), RuntimeError("mine")])
    when = int(rng.integers(fresh.n_epochs_))
    fitted.set_params(callbacks=Interrupt(error, when))
    try:
        fitted.fit(X[::-1], y)
    except BaseException as caught:
        require(type(caught) is type(error), "the interrupt is raised")
        counts["interrupts"] += 1
    require_equal(fitted.predict(X), predicted, "after an interrupt")
    require_equal(
        fitted.set_params(callbacks=None).fit(X, y).predict(X),
        predicted,
        "the next fit",
    )
    counts["fits"] += 2


def case_threads(rng, counts):
    """Fits in concurrent threads and fits one after the other give equal results."""
    jobs = [draw(rng) for _ in range(3)]
    jobs.append(jobs[0])

    def run(job):
        estimator, X, y = job
        try:
            return clone(estimator).fit(X, y).predict(X)
        except ValueError as error:
            check_error(error)
            return None

    with ThreadPoolExecutor(4) as threads:
        concurrent = list(threads.map(run, jobs))
    require_equal(concurrent[0], concurrent[3], "twice at once")
    require_equal(run(jobs[1]), concurrent[1], "alone and concurrently")
    counts["fits"] += 5


def case_invalid_parameter(rng, counts):
    """A parameter value is accepted or raises a readable error."""
    estimator, X, y = draw(rng)
    name = choose(rng, sorted(estimator.get_params(deep=False)))
    value = choose(rng, HOSTILE)
    if name == "verbose" or (name == "epochs" and repr(value) == "inf"):
        return
    estimator.set_params(**{name: value})
    if not hasattr(estimator, "initialize"):
        estimator.set_params(method="mean")
        call_and_count(lambda: estimator.fit(X, y), counts)
    elif name in type(estimator)._network_names:
        # Networks outside the pool are built but not traced.
        call_and_count(lambda: estimator.initialize(X, y), counts)
    elif name in ("epochs", "batch_size", "callbacks", "random_state", "patience"):
        call_and_count(lambda: estimator.fit(X[:8], y[:8]), counts)
    else:
        call_and_count(lambda: estimator.initialize(X, y), counts)


def input_variants(rng, X, y):
    """Yield valid and invalid variants of an input."""
    at = tuple(int(rng.integers(size)) for size in X.shape)
    for value in (np.nan, np.inf, 1e39):
        changed = X.astype(float)
        changed[at] = value
        yield changed, y
    yield X[:0], y[:0]
    yield X[:1], y[:1]
    yield X, y[:-1]
    yield X, None
    yield None, y
    yield X.astype(str), y
    yield X.astype(complex), y
    yield X.astype(object), y
    yield X.reshape(len(X), -1).tolist(), list(y)
    yield [[1], [2, 3]], [1, 2]
    yield X * 0, y
    yield X * 5e-324, y
    yield np.broadcast_to(X[:1], X.shape), y
    yield X[::-1], y
    yield np.asfortranarray(X), y
    yield pd.DataFrame(X.reshape(len(X), -1)), y
    yield "windows", y
    yield X[0, 0], y
    yield X, np.zeros(len(X))
    yield X, np.full(len(X), np.nan)
    yield X, [{}] * len(X)
    yield X, np.array(["a"] * len(X))
    yield X, np.arange(len(X))
    yield X, pd.Series(y.tolist(), range(5, 5 + len(y)))


def case_invalid_data(rng, counts):
    """Data are accepted or raise a readable error that keeps the previous fit."""
    estimator, X, y = draw(rng)
    X = X.astype(float)
    if call_and_count(lambda: estimator.fit(X, y), counts) is None:
        return
    counts["fits"] += 1
    predicted = estimator.predict(X)
    wrong = choose(rng, list(input_variants(rng, X, y)))
    copied = copy.deepcopy(estimator)
    start = getattr(copied, "initialize", copied.fit)
    if call_and_count(lambda: start(*wrong), counts) is None:
        require_equal(copied.predict(X), predicted, "after a failed fit")
    call_and_count(lambda: estimator.predict(wrong[0]), counts)
    require_equal(estimator.predict(X), predicted, "after another prediction")


def random_series(rng):
    """Return one or several series in a random container."""
    n_rows = int(choose(rng, [3, 40, 80]))
    rows = rng.normal(size=(n_rows, choose(rng, [1, 1, 2]))) + 20
    index = choose(
        rng,
        [
            pd.date_range("2024", periods=n_rows, freq="D"),
            pd.date_range("2024", periods=n_rows + 2, freq="D").delete([1, 2]),
            pd.bdate_range("2024", periods=n_rows),
            pd.period_range("2024", periods=n_rows, freq="M"),
            pd.RangeIndex(n_rows),
            pd.Index([f"r{i:03}" for i in range(n_rows)]),
            pd.Index(np.arange(n_rows) / 2),
            pd.Index(np.zeros(n_rows)),
            pd.Index(np.arange(n_rows)[::-1]),
        ],
    )
    one = pd.DataFrame(rows, index, columns=list("ab")[: rows.shape[1]])
    forms = [rows, rows[:, 0], one, one["a"], one["a"].to_list(), {"x": one, "y": one}]
    forms += [[rows, rows[: n_rows // 2]], -one, one * 1e300, one * np.nan]
    forms += [one.iloc[:0]]
    return choose(rng, forms)


def case_forecast(rng, counts):
    """A forecaster fits or raises a readable error; pickling does not change forecasts.

    The forecaster and the series are random.
    """
    model = make_pipeline(FlattenWindows(), Ridge())
    forecaster = SeriesForecaster(
        model,
        window_length=choose(rng, [1, 3, 12]),
        horizon=choose(rng, [1, 2, 5]),
        transformer=choose(rng, ["standard", "log", None, "bogus"]),
        strategy=choose(rng, ["direct", "recursive"]),
        channels=choose(rng, ["joint", "independent"]),
        target_columns=choose(rng, [None, None, 0, "a", [1], "z"]),
        calibration_fraction=choose(rng, [None, 0.2, 0.5, 1.5]),
    )
    series = random_series(rng)
    if call_and_count(lambda: forecaster.fit(series), counts) is None:
        return
    counts["fits"] += 1
    again = pickle.loads(pickle.dumps(forecaster))
    for call in (
        lambda model: model.forecast(),
        lambda model: model.forecast(7),
        lambda model: model.predict(series),
        lambda model: model.score(series),
        lambda model: model.forecast_interval(coverage=0.5),
        lambda model: model.update(random_series(np.random.default_rng(1))),
    ):
        result = call_and_count(lambda call=call: call(forecaster), counts)
        if result is not None and result is not forecaster:
            require(repr(call(again)) == repr(result), "pickled forecasts")


def case_backtest(rng, counts):
    """A backtest of random folds returns scores or raises a readable error."""
    model = make_pipeline(FlattenWindows(), Ridge())
    forecaster = SeriesForecaster(model, window_length=3, horizon=choose(rng, [1, 3]))
    if choose(rng, [False, True]):
        forecaster = GridSearchCV(
            forecaster, {"window_length": [2, 3]}, cv=TimeSeriesSplit(2)
        )
    cv = choose(rng, [TimeSeriesSplit(3), TimeSeriesSplit(2, test_size=4), 5, [], [1]])
    series = random_series(rng)
    season = choose(rng, [1, 2, 50])
    result = call_and_count(
        lambda: backtest(forecaster, series, cv, season_length=season, verbose=0),
        counts,
    )
    if result is not None:
        require(result.scores()["mae"] >= 0, "a mean absolute error")
        counts["fits"] += len(result.folds)


def case_windows(rng, counts):
    """Windows are made or raise a readable error."""
    series = random_series(rng)
    length, horizon = choose(rng, [0, 1, 3, 12]), choose(rng, [1, 2, 0])
    pair = call_and_count(lambda: make_windows(series, length, horizon), counts)
    if pair is not None:
        require(len(pair[0]) == len(pair[1]), "one target per window")


CASES = {
    case_fit: 6,
    case_continue: 2,
    case_interrupt: 2,
    case_threads: 1,
    case_invalid_parameter: 6,
    case_invalid_data: 4,
    case_forecast: 4,
    case_backtest: 1,
    case_windows: 1,
}


# ----------------------------------------------------------------------------- the loop


RETRACED: list[str] = []
TRACED: list[int] = []  # hashes of the arguments of each new program


def counted(kind):
    """Return a constructor of the class `kind` that records its calls in `TRACED`."""

    def construct(*arguments):
        TRACED.append(hash((kind.__name__, repr(arguments))))
        return kind(*arguments)

    return construct


class RetracingHandler(logging.Handler):
    """Collect TensorFlow's warnings about retracing in `RETRACED`."""

    def emit(self, record):
        if "retracing" in record.getMessage():
            RETRACED.append(record.getMessage())


def run_case(seed, counts):
    """Run the case of a seed; raise an error if it fails."""
    rng = np.random.default_rng(seed)
    share = np.array(list(CASES.values())) / sum(CASES.values())
    case = list(CASES)[rng.choice(len(CASES), p=share)]
    counts[case.__name__] += 1
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        case(rng, counts)
    for warning in caught:
        is_foreign = "keras" in warning.filename or "tensorflow" in warning.filename
        if not (is_foreign or issubclass(warning.category, UserWarning)):
            raise CaseFailed(f"{warning.category.__name__}: {warning.message}")
    require(not RETRACED, f"retracing: {list(RETRACED)}")
    return case


class Watchdog(threading.Thread):
    """End the process when a case hangs, and print the stacks of all threads."""

    def __init__(self, patience):
        super().__init__(daemon=True)
        self.patience, self.seed, self.since = patience, None, time.monotonic()

    def begin(self, seed):
        self.seed, self.since = seed, time.monotonic()

    def run(self):
        while time.monotonic() - self.since < self.patience:
            time.sleep(1)
        print(f"HANGS: --replay {self.seed}", file=sys.stderr, flush=True)
        faulthandler.dump_traceback(all_threads=True)
        os._exit(3)


def resident_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def warm_up(watchdog):
    """Use every network once, in every way that traces a separate program."""
    rng = np.random.default_rng(0)
    for estimator, shape, n_outputs in NETWORKS:
        watchdog.begin("none: the warm-up")
        estimator = clone(estimator).set_params(
            **{"cnn__early_stopping": True, "lstm__early_stopping": True}
            if hasattr(estimator, "cnn")
            else {"early_stopping": True, "validation_fraction": 0.5}
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            X, y = data(rng, estimator, shape, n_outputs)
            estimator.fit(X, y).predict(X)


def soak(minutes, first_seed, patience):
    """Run cases for some minutes; return the number of failures.

    Too much growth of the memory counts as one failure.
    """
    counts, memory, failed = collections.Counter(), [], []
    watchdog = Watchdog(patience)
    watchdog.start()
    start, seed = time.monotonic(), first_seed
    warm_up(watchdog)
    warm, known = resident_mb(), list(TRACED)
    while time.monotonic() - start < minutes * 60 and len(failed) < 20:
        watchdog.begin(seed)
        try:
            run_case(seed, counts)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and error.args != ():
                raise
            failed.append(seed)
            print(f"FAILED: --replay {seed}", flush=True)
            traceback.print_exc(limit=-12, file=sys.stdout)
            RETRACED.clear()
        memory.append(resident_mb())
        if len(memory) == SETTLING:
            warm, known = memory[-1], list(TRACED)
        seed += 1
    traced = len(TRACED) - len(known), len(set(TRACED) - set(known))
    return report(counts, memory, failed, warm, *traced)


def report(counts, memory, failed, warm, n_traced, n_new):
    """Print a summary, compare the memory with its limit; return the failures."""
    print(", ".join(f"{name} {n}" for name, n in sorted(counts.items())))
    growth = memory[-1] / warm - 1
    print(
        f"{len(memory)} cases, {counts['fits']} fits, {len(failed)} failures {failed}; "
        f"resident memory {warm:.0f} MB after the warm-up; since then "
        f"{n_traced} programs traced, {n_new} of them new; {memory[-1]:.0f} MB at the "
        f"end ({growth:+.1%}), {max(memory):.0f} MB at most; MB after each tenth of "
        f"the cases: {[round(mb) for mb in memory[:: max(1, len(memory) // 10)]]}"
    )
    allowed = warm * (1 + ALLOWED_GROWTH) + ALLOWED_MB_PER_PROGRAM * n_new
    allowed += ALLOWED_MB_PER_TRACE * (n_traced - n_new)
    level = memory[-1] <= allowed
    print("ok" if level and not failed else "NOT ok")
    return len(failed) + (not level)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="time to run")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first case")
    parser.add_argument(
        "--patience", type=float, default=300.0, help="largest seconds of a case"
    )
    parser.add_argument("--replay", type=int, help="run only the case of this seed")
    args = parser.parse_args()
    logging.getLogger("tensorflow").addHandler(RetracingHandler())
    cache.Program = counted(cache.Program)
    cache.PredictionProgram = counted(cache.PredictionProgram)
    if args.replay is not None:
        case = run_case(args.replay, collections.Counter())
        print(f"{case.__name__} with seed {args.replay} passes")
        return 0
    return 1 if soak(args.minutes, args.seed, args.patience) else 0


if __name__ == "__main__":
    sys.exit(main())
