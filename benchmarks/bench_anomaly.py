"""Compare ForecastAnomalyDetector with simple detectors on series with known anomalies.

The seven series are those of the Numenta Anomaly Benchmark in which the causes of the
anomalies are known. Each detector is fitted on the first 15 % of a series, without
labels, and scores the other rows. The score of a row depends on no later row. The
script prints and stores the average precision over the rows, and the share of rows that
are flagged outside of the labelled intervals.

    python benchmarks/bench_anomaly.py --data FOLDER      # about one minute
    python benchmarks/bench_anomaly.py --data FOLDER --models ridge     # seconds
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import Ridge
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm import (
    CNNLSTMRegressor,
    FlattenWindows,
    ForecastAnomalyDetector,
    SeriesForecaster,
    make_windows,
)

SEED = 0
TRAIN_SHARE = 0.15
# These values suit anomalies that last for hundreds of rows. They were chosen on
# generated series with changes of level, drifts and changes of amplitude that last 200
# to 500 rows, not by labels of the benchmark. The isolation forest and PCA read windows
# of the same length.
WINDOW_LENGTH = 48
HORIZON = 72
SMOOTHING = 50
CONTAMINATION = 0.05


def read_series(folder):
    """Yield the name, the values and the labels (True: anomalous) of each series."""
    intervals = json.loads((folder / "windows.json").read_text())
    for file, spans in intervals.items():
        frame = pd.read_csv(folder / f"{file}.gz", parse_dates=["timestamp"])
        times = frame["timestamp"]
        labels = np.zeros(len(times), dtype=bool)
        for start, stop in spans:
            labels |= times.between(pd.Timestamp(start), pd.Timestamp(stop)).to_numpy()
        yield file.removesuffix(".csv"), frame["value"].to_numpy(), labels


# -------------------------------------------------------------------------- detectors
# Each returns the anomaly scores of the rows after the training rows, and whether each
# of these rows is flagged (None if the detector has no threshold).


def forecast_errors(estimator, values, n_train):
    """Score each row by the errors of its forecasts with an estimator."""
    forecaster = SeriesForecaster(
        estimator, window_length=WINDOW_LENGTH, horizon=HORIZON
    )
    detector = ForecastAnomalyDetector(
        forecaster, contamination=CONTAMINATION, smoothing=SMOOTHING
    ).fit(values[:n_train])
    later = values[n_train:]
    return -detector.score_samples(later), detector.predict(later) == -1


def _windows(values, n_train):
    """Return the windows of the training rows, and those that end with later rows."""
    scaler = StandardScaler().fit(values[:n_train, np.newaxis])
    scaled = scaler.transform(values[:, np.newaxis])[:, 0]
    # `make_windows` takes the last row as a target only. Repeat it, so that each row is
    # the end of a window.
    windows, _ = make_windows(np.append(scaled, scaled[-1]), WINDOW_LENGTH)
    first = n_train - WINDOW_LENGTH + 1
    return windows[:first], windows[first:]


def pca(values, n_train):
    """Score each window by its distance from its projection on principal components.

    The components explain 95 % of the variance of the training windows.
    """
    train, later = _windows(values, n_train)
    model = PCA(0.95).fit(train)
    projected = model.inverse_transform(model.transform(later))
    return np.linalg.norm(later - projected, axis=1), None


def isolation_forest(values, n_train):
    """Score each window by an isolation forest."""
    train, later = _windows(values, n_train)
    model = IsolationForest(random_state=SEED).fit(train)
    return -model.score_samples(later), None


def rolling_z_score(values, n_train):
    """Score each row by its z-score relative to the `WINDOW_LENGTH` rows before it."""
    series = pd.Series(values)
    before = series.shift(1).rolling(WINDOW_LENGTH)
    deviation = before.std().clip(lower=1e-6 * np.std(values[:n_train]))
    scores = ((series - before.mean()) / deviation).abs()
    return scores.to_numpy()[n_train:], None


DETECTORS = {
    "ridge": lambda values, n_train: forecast_errors(
        make_pipeline(FlattenWindows(), Ridge()), values, n_train
    ),
    "cnn-lstm": lambda values, n_train: forecast_errors(
        CNNLSTMRegressor(epochs=20, random_state=SEED), values, n_train
    ),
    # Without normalization, the windows contain the level of the series.
    "cnn-lstm levels": lambda values, n_train: forecast_errors(
        CNNLSTMRegressor(
            epochs=20, instance_norm=None, linear_skip=False, random_state=SEED
        ),
        values,
        n_train,
    ),
    "pca": pca,
    "isolation forest": isolation_forest,
    "rolling z-score": rolling_z_score,
}


def measure(name, values, labels, model):
    """Return the row of the table for one series and one detector."""
    n_train = int(TRAIN_SHARE * len(values))
    start = time.perf_counter()
    scores, flagged = DETECTORS[model](values, n_train)
    seconds = time.perf_counter() - start
    later = labels[n_train:]
    return {
        "series": name,
        "detector": model,
        "average precision": average_precision_score(later, scores),
        "share of anomalous rows": float(later.mean()),
        "flagged outside": None if flagged is None else float(flagged[~later].mean()),
        "rows": len(values),
        "seconds": seconds,
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the series")
    parser.add_argument(
        "--models", default=",".join(DETECTORS), help="detectors (default: %(default)s)"
    )
    parser.add_argument("--output", type=Path, default=Path("anomaly.json"))
    options = parser.parse_args()
    rows = []
    for name, values, labels in read_series(options.data):
        for model in options.models.split(","):
            row = measure(name, values, labels, model)
            rows.append(row)
            flagged = row["flagged outside"]
            print(
                f"{name[:32]:32} {model:17} average precision "
                f"{row['average precision']:.3f} (chance "
                f"{row['share of anomalous rows']:.3f})  {row['seconds']:6.1f} s"
                + ("" if flagged is None else f"  flagged outside {flagged:.3f}"),
                flush=True,
            )
    table = pd.DataFrame(rows)
    means = table.groupby("detector", sort=False)["average precision"].mean()
    print(f"\nmean average precision\n{means.round(3).to_string()}")
    packages = ("numpy", "pandas", "scikit-learn", "tensorflow", "keras")
    told = {
        "rows": rows,
        "means": means.to_dict(),
        "seed": SEED,
        "window_length": WINDOW_LENGTH,
        "horizon": HORIZON,
        "smoothing": SMOOTHING,
        "contamination": CONTAMINATION,
        "machine": f"{platform.processor()} {platform.platform()}",
        "versions": {name: version(name) for name in packages},
    }
    options.output.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
