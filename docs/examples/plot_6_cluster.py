"""
From laptop to cluster
======================

Run a search on the processes or machines of a Dask cluster.
"""

# %%
# Run a small search in this process first.

from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skcnnlstm import CNNLSTMRegressor, SeriesForecaster
from skcnnlstm.datasets import load_airline

series = load_airline()
search = GridSearchCV(
    SeriesForecaster(
        CNNLSTMRegressor(filters=16, epochs=20, random_state=0),
        window_length=24,
        horizon=12,
    ),
    {"estimator__lstm_units": [8, 16]},
    cv=TimeSeriesSplit(2, test_size=12),
)
alone = search.fit(series).cv_results_["mean_test_score"]

# %%
# Run the same search on a cluster of two local processes. For your own cluster, use
# ``Client("tcp://scheduler:8786")``.

from distributed import Client, LocalCluster
from joblib import parallel_config

if __name__ == "__main__":
    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs="ERROR",
    )
    with cluster, Client(cluster), parallel_config(backend="dask"):
        together = search.fit(series).cv_results_["mean_test_score"]
    print("bit-identical scores:", (alone == together).all())
