"""Measure the cost and the accuracy of every regressor with default parameters.

The page docs/guide/architectures.md shows the results. Cost is the CPU time of one
epoch, summed over all cores, on 2,000 windows of 48 x 4, after the network was traced.
CPU time depends little on other load of the machine. Accuracy is the RMSE of forecasts
of the last four years of the airline series. A `SeriesForecaster` with
``transformer="log"`` forecasts each year at once.
"""

import argparse
import json
import time

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skcnnlstm import FlattenWindows, SeriesForecaster, all_estimators, backtest
from skcnnlstm.datasets import load_airline
from skcnnlstm.references import SeasonalNaive

SKIPPED = {"ConvLSTMGridRegressor"}  # reads grids, not windows
RIDGE = make_pipeline(FlattenWindows(), Ridge())


def measure_epoch(regressor):
    """Return the CPU seconds of an epoch, and the number of weights."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 48, 4)).astype(np.float32)
    y = X[:, -1, 0]
    seconds = []
    for epochs in (1, 1, 3):
        start = time.process_time()
        fitted = regressor.set_params(epochs=epochs, random_state=0).fit(X, y)
        seconds.append(time.process_time() - start)
    return (seconds[2] - seconds[1]) / 2, fitted.model_.count_params()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="seeds per network")
    parser.add_argument("--only", choices=["cost", "accuracy"], help="what to measure")
    options = parser.parse_args()
    folds = TimeSeriesSplit(4, test_size=12)
    settings = {"window_length": 24, "horizon": 12, "transformer": "log"}

    def rmse(model):
        result = backtest(
            {"model": model},
            load_airline(),
            folds,
            horizon=12,
            window_length=24,
            season_length=12,
            verbose=0,
        )
        return float(result.scores(by="fold")["rmse"].mean())

    if options.only != "cost":
        references = {
            "seasonal naive": SeasonalNaive(12),
            "Ridge": SeriesForecaster(RIDGE, **settings),
        }
        for name, model in references.items():
            print(name, json.dumps({"rmse": rmse(model)}), flush=True)
    for name, cls in all_estimators("regressor"):
        if name in SKIPPED or name.startswith("HybridEnsemble"):
            continue
        regressor = cls()
        row = {}
        if options.only != "accuracy":
            row["epoch"], row["weights"] = measure_epoch(clone(regressor))
        if options.only != "cost":
            scores = [
                rmse(
                    SeriesForecaster(
                        clone(regressor).set_params(random_state=seed), **settings
                    )
                )
                for seed in range(options.seeds)
            ]
            row |= {"rmse": float(np.median(scores)), "rmse of seeds": scores}
        print(name, json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
