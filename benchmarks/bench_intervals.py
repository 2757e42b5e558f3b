"""Measure the coverage of split conformal and adaptive intervals on real series.

Each series is backtested with one fit. The last fifth of the training rows calibrates
the intervals. Every test row is forecast from all actual rows before it. For a Ridge
and a CNN-LSTM, the script prints and stores

- the coverage of 90 % intervals, over all steps ahead and for the worst step,
- the median width of the intervals,
- the share of infinite intervals.

    python benchmarks/bench_intervals.py --data FOLDER     # about two minutes
    python benchmarks/bench_intervals.py --data FOLDER --models ridge      # seconds
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcnnlstm import CNNLSTMRegressor, FlattenWindows, SeriesForecaster, backtest

SEED = 0
COVERAGE = 0.9
ASKED = 0.03  # largest accepted error of the coverage of adaptive intervals


@dataclass(frozen=True)
class Task:
    """A series, its number of training rows, and the parameters of its forecaster."""

    name: str
    file: str
    column: str
    rows: slice
    n_train: int  # training rows among the selected `rows`
    window_length: int
    horizon: int

    def read(self, folder):
        """Return the values of the training and test rows."""
        return pd.read_csv(folder / self.file)[self.column].to_numpy()[self.rows]


TASKS = (
    Task("ETTh1 OT", "ETTh1.csv.gz", "OT", slice(14400), 11520, 96, 24),
    Task(
        "household power",
        "household_power_consumption_days.csv",
        "Global_active_power",
        slice(1, -6),
        1113,
        28,
        7,
    ),
    Task("sunspots", "monthly-sunspots.csv", "Sunspots", slice(None), 1692, 132, 12),
)

MODELS = {
    "ridge": lambda: make_pipeline(FlattenWindows(), Ridge()),
    "cnn-lstm": lambda: CNNLSTMRegressor(epochs=10, random_state=SEED),
}


def measure(task, model, folder, gamma):
    """Yield a row of the table for each kind of interval, split and adaptive."""
    series = task.read(folder)
    forecaster = SeriesForecaster(
        MODELS[model](),
        window_length=task.window_length,
        horizon=task.horizon,
        calibration_fraction=0.2,
    )
    folds = [(np.arange(task.n_train), np.arange(task.n_train, len(series)))]
    for adaptive in (False, True):
        start = time.perf_counter()
        result = backtest(
            forecaster,
            series,
            folds,
            coverage=COVERAGE,
            adaptive=adaptive,
            gamma=gamma,
            verbose=0,
        )
        by_step = result.scores(by="step")["coverage"]
        worst = by_step[(by_step - COVERAGE).abs().idxmax()]
        scores = result.scores()
        yield {
            "series": task.name,
            "model": model,
            "intervals": "adaptive" if adaptive else "split",
            "coverage": scores["coverage"],
            "worst step": worst,
            "median width": scores["width"],
            "infinite": float(np.isinf(result.forecasts["upper"]).mean()),
            "MAE": scores["mae"],
            "origins": int(result.folds["n_origins"].sum()),
            "seconds": time.perf_counter() - start,
        }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the series")
    parser.add_argument(
        "--models", default=",".join(MODELS), help="models (default: %(default)s)"
    )
    parser.add_argument(
        "--gamma", type=float, default=0.005, help="learning rate of adaptive intervals"
    )
    parser.add_argument("--output", type=Path, default=Path("intervals.json"))
    options = parser.parse_args()
    rows = []
    for task in TASKS:
        for model in options.models.split(","):
            for row in measure(task, model, options.data, options.gamma):
                rows.append(row)
                kept = abs(row["coverage"] - COVERAGE) <= ASKED
                met = "" if row["intervals"] == "split" or kept else "  NOT WITHIN .03"
                print(
                    f"{row['series']:16} {model:9} {row['intervals']:9} coverage "
                    f"{row['coverage']:.3f} (worst step {row['worst step']:.3f})  "
                    f"width {row['median width']:8.3f}  infinite {row['infinite']:.3f}"
                    f"  {row['seconds']:.1f} s{met}",
                    flush=True,
                )
    packages = ("numpy", "pandas", "scikit-learn", "tensorflow", "keras")
    told = {
        "rows": rows,
        "coverage": COVERAGE,
        "gamma": options.gamma,
        "seed": SEED,
        "machine": f"{platform.processor()} {platform.platform()}",
        "versions": {name: version(name) for name in packages},
    }
    options.output.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
