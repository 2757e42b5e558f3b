"""Compare continued training and transfer with new fits.

- `partial` compares `partial_fit` on 10 % new rows with `update`, and with a new fit on
  all rows. Errors are those of forecasts from every row of a later test part. All
  programs are traced before. Required: the median error over the series is at most 2 %
  larger than that of the new fit, and the time is at most a quarter.
- `m4` uses M4 weekly series, cut to their last 40 rows. It compares networks that start
  from a network trained on long series with networks that start from random weights.
  Required: the median error is 5 % lower.
- `fits` compares ordinary fits of this checkout with fits of another checkout
  (`--other`). Required: the time is at most 5 % longer.

    python benchmarks/bench_transfer.py --data FOLDER       # about ten minutes
    python benchmarks/bench_transfer.py --data FOLDER --rows partial --seeds 1
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from skcnnlstm import CNNLSTMRegressor, SeriesForecaster


@dataclass(frozen=True)
class Task:
    """A series with rows of a first fit, new rows and test rows, and its forecaster."""

    name: str
    file: str
    column: str
    rows: slice
    n_known: int  # training rows, including the new rows
    n_test: int
    window_length: int
    horizon: int

    def read(self, folder):
        """Return the rows of the first fit, the new rows and the test rows."""
        values = pd.read_csv(folder / self.file)[self.column].to_numpy()[self.rows]
        first = round(self.n_known / 1.1)
        return np.split(values[: self.n_known + self.n_test], [first, self.n_known])


TASKS = (
    Task("ETTh1 OT", "ETTh1.csv.gz", "OT", slice(None), 8640, 2880, 96, 24),
    Task(
        "household power",
        "household_power_consumption_days.csv",
        "Global_active_power",
        slice(1, -6),
        1113,
        322,
        28,
        7,
    ),
    Task(
        "sunspots", "monthly-sunspots.csv", "Sunspots", slice(None), 2256, 564, 132, 12
    ),
)


def compare_partial_fit(options):
    """Yield a row of results for each series and seed."""
    for task in TASKS:
        first, new, test = task.read(options.data)
        settings = {"window_length": task.window_length, "horizon": task.horizon}
        for seed in range(options.seeds):
            network = CNNLSTMRegressor(random_state=seed)
            make = partial(SeriesForecaster, network, **settings)
            whole = np.concatenate([first, new])
            make().fit(whole)  # traces
            fitted = make().fit(first)
            updated = -make().fit(first).update(new).score(test)
            start = time.perf_counter()
            fitted.partial_fit(new)
            middle = time.perf_counter()
            refitted = make().fit(whole)
            stop = time.perf_counter()
            ours, theirs = -fitted.score(test), -refitted.score(test)
            yield {
                "row": "partial",
                "series": task.name,
                "seed": seed,
                "partial_fit": ours,
                "fit": theirs,
                "update": updated,
                "error ratio": ours / theirs,
                "time ratio": (middle - start) / (stop - middle),
                "seconds": stop - middle,
            }


def compare_transfer(options, n_rows=40, n_long=100, n_short=60, window_length=20):
    """Yield a row of results for each short series and seed."""
    folder = options.data / "m4_weekly"
    table = pd.read_csv(folder / "Weekly-train.csv.gz", index_col=0)
    rows = [row.dropna().to_numpy() for _, row in table.iterrows()]
    test = pd.read_csv(folder / "Weekly-test.csv", index_col=0).to_numpy()
    horizon = test.shape[1]
    by_length = sorted(range(len(rows)), key=lambda i: -len(rows[i]))
    long, others = by_length[:n_long], by_length[n_long:]
    short = sorted(others)[:: max(1, len(others) // n_short)][:n_short]
    make = partial(
        SeriesForecaster,
        window_length=window_length,
        horizon=horizon,
        transformer="log",
    )
    for seed in range(options.seeds):
        network = CNNLSTMRegressor(
            n_subsequences=4, loss="mae", instance_norm="standard", random_state=seed
        )
        pretrained = make(network).fit([rows[i] for i in long])
        started = network.__sklearn_clone__().set_params(pretrained=pretrained)
        for i in short:
            known, scale = rows[i][-n_rows:], np.abs(np.diff(rows[i])).mean()
            errors = []
            for one in (network, started):
                ahead = make(one).fit(known).forecast()
                errors.append(float(np.abs(ahead - test[i]).mean() / scale))
            unseen = pretrained.forecast(series=known)
            errors.append(float(np.abs(unseen - test[i]).mean() / scale))
            yield {
                "row": "m4",
                "series": int(i),
                "seed": seed,
                **dict(zip(("new", "pretrained", "unseen"), errors, strict=True)),
            }


_FIT = """
import time, numpy as np
from skcnnlstm import CNNLSTMRegressor, SeriesForecaster
series = np.sin(np.arange(1000) / 5) + np.random.default_rng(0).normal(size=1000) / 5
make = lambda: SeriesForecaster(CNNLSTMRegressor(random_state=0), horizon=6)
make().fit(series)
times = []
for _ in range(7):
    start = time.perf_counter()
    make().fit(series)
    times.append(time.perf_counter() - start)
print(sorted(times)[3])
"""


def compare_fits(options):
    """Yield a row for each round: seconds of a fit in this and the other checkout."""
    here = Path(__file__).parents[1]
    for number in range(5):
        seconds = {}
        for name, folder in (("here", here), ("other", options.other)):
            done = subprocess.run(
                [sys.executable, "-c", _FIT],
                env=os.environ | {"PYTHONPATH": str(folder)},
                capture_output=True,
                text=True,
                check=True,
            )
            seconds[name] = float(done.stdout.split()[-1])
        yield {"row": "fits", "round": number, **seconds}


def summarize(rows):
    """Return the measured values and their upper limits, by name."""
    figures = {}
    partial_rows = [row for row in rows if row["row"] == "partial"]
    if partial_rows:
        for name, limit in (("error ratio", 1.02), ("time ratio", 0.25)):
            by_series = [
                statistics.median(
                    row[name] for row in partial_rows if row["series"] == series
                )
                for series in dict.fromkeys(row["series"] for row in partial_rows)
            ]
            figures[f"partial_fit, {name}"] = statistics.median(by_series), limit
    m4 = [row for row in rows if row["row"] == "m4"]
    if m4:
        new, pretrained, unseen = (
            statistics.median(row[name] for row in m4)
            for name in ("new", "pretrained", "unseen")
        )
        figures["m4, pretrained / new"] = pretrained / new, 0.95
        figures["m4, forecast(series=) / new"] = unseen / new, None
    fits = [row["here"] / row["other"] for row in rows if row["row"] == "fits"]
    if fits:
        figures["fits, here / other"] = statistics.median(fits), 1.05
    return figures


ROWS = {"partial": compare_partial_fit, "m4": compare_transfer, "fits": compare_fits}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data")
    parser.add_argument("--rows", default="partial,m4", help="some of partial,m4,fits")
    parser.add_argument("--seeds", type=int, default=3, help="seeds per series")
    parser.add_argument("--other", type=Path, help="folder of a checkout, for `fits`")
    parser.add_argument(
        "--output", type=Path, default=Path("transfer.json"), help="a JSON file"
    )
    options = parser.parse_args()
    if "fits" in options.rows.split(",") and options.other is None:
        parser.error("--rows fits requires --other, the folder of another checkout")
    rows = []
    for name in options.rows.split(","):
        for row in ROWS[name](options):
            rows.append(row)
            print(*(f"{key} {_short(value)}" for key, value in row.items()), flush=True)
    for name, (value, limit) in (figures := summarize(rows)).items():
        met = "" if limit is None or value <= limit else "  FALLS SHORT"
        required = "" if limit is None else f" (at most {limit})"
        print(f"{name}: {value:.3f}{required}{met}")
    packages = ("numpy", "pandas", "scikit-learn", "tensorflow", "keras")
    kept = {
        "rows": rows,
        "figures": figures,
        "machine": f"{platform.processor()} {platform.platform()}",
        "versions": {name: version(name) for name in packages},
    }
    options.output.write_text(json.dumps(kept, indent=1))


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else value


if __name__ == "__main__":
    main()
