"""Tests of samples that are copied in chunks."""

import tracemalloc

import numpy as np
import pytest
from training_helpers import SAMPLE_WEIGHT, X, assert_equal_weights, tiny, weights, y

from skcnnlstm import CNNRegressor, ParallelCNNLSTMRegressor, make_windows
from skcnnlstm.training import Samples, samples
from skcnnlstm.training.program import PredictionProgram, Program


def test_samples_are_selected_by_a_slice_or_by_positions():
    windows = np.arange(10.0).reshape(5, 2)
    rows = np.array([0, 2, 3])
    whole = Samples(windows, np.array([1, 2, 3]), np.array([1.0, 0.5, 2.0]), rows)
    for positions in (slice(1, None), np.array([1, 2])):
        part = whole.select(positions)
        assert len(part) == 2
        assert part.y.tolist() == [2, 3]
        assert part.weight.tolist() == [0.5, 2]
        assert part.rows.tolist() == [2, 3]
        assert part.windows(slice(None)).tolist() == [[4, 5], [6, 7]]
    assert whole.windows(np.array([2, 0])).tolist() == [[6, 7], [0, 1]]
    assert whole.windows(slice(None)).dtype == np.float32


def test_a_chunk_holds_whole_batches_and_at_least_one(monkeypatch):
    whole = Samples(np.zeros((9, 4)), np.zeros(9), np.ones(9), np.arange(9))
    monkeypatch.setattr(samples, "CHUNK_BYTES", 7 * 4 * 4)  # seven windows of float32
    assert [whole.chunk_length(n) for n in (1, 2, 3, 8)] == [7, 6, 6, 8]


@pytest.mark.parametrize("chunk_bytes", [1, 4 * 4 * 16 * 2])
@pytest.mark.parametrize(
    "params",
    [{}, {"dropout": 0.3}, {"early_stopping": True, "validation_fraction": 0.5}],
    ids=str,
)
def test_results_do_not_depend_on_the_chunk_size(monkeypatch, chunk_bytes, params):
    params = {"metrics": ["mae"], **params}
    whole = tiny(**params).fit(X, y, sample_weight=SAMPLE_WEIGHT)
    monkeypatch.setattr(samples, "CHUNK_BYTES", chunk_bytes)
    chunked = tiny(**params).fit(X, y, sample_weight=SAMPLE_WEIGHT)
    assert_equal_weights(chunked, whole)
    assert chunked.history_ == whole.history_


def test_statistics_do_not_depend_on_the_chunk_size(monkeypatch):
    whole = tiny(ParallelCNNLSTMRegressor, early_stopping=True).fit(X, y)
    monkeypatch.setattr(samples, "CHUNK_BYTES", 1)
    monkeypatch.setattr("skcnnlstm.training.fit_loop._FORWARD_BYTES", 1)
    chunked = tiny(ParallelCNNLSTMRegressor, early_stopping=True).fit(X, y)
    # Sums over chunks are rounded differently, so the last bit may differ.
    for one, other in zip(weights(whole), weights(chunked), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    for name, values in whole.history_.items():
        np.testing.assert_allclose(values, chunked.history_[name], rtol=1e-5)


def test_a_network_reads_few_windows_at_once_outside_training(monkeypatch):
    lengths = []
    moments, run = Program.set_batch_norm_statistics, PredictionProgram.__call__

    def record_moments(program, chunks):
        lengths.extend(len(chunk) for chunk in chunks())
        moments(program, chunks)

    def record_predictions(program, weights, x):
        lengths.append(len(x))
        return run(program, weights, x)

    monkeypatch.setattr(Program, "set_batch_norm_statistics", record_moments)
    monkeypatch.setattr(PredictionProgram, "__call__", record_predictions)
    windows, target = make_windows(np.sin(np.arange(10_000.0)), 500)
    estimator = ParallelCNNLSTMRegressor(
        filters=1, kernel_size=1, lstm_units=1, epochs=1, batch_size=256
    )
    estimator.fit(windows[:600], target[:600]).predict(windows[:600])
    assert sum(lengths) == 600 + 608  # predictions are padded to multiples of 32 rows
    assert max(lengths) == 256  # 512 KB of windows with 500 values in float32


def test_peak_memory_depends_on_the_chunk_size_not_on_the_number_of_windows(
    monkeypatch,
):
    monkeypatch.setattr(samples, "CHUNK_BYTES", 2**18)
    monkeypatch.setattr("skcnnlstm.training.fit_loop._FORWARD_BYTES", 2**18)
    series = np.random.default_rng(0).standard_normal((4100, 8)).astype("float32")
    windows, target = make_windows(series, 100, target=0)  # 12.8 MB as copies
    estimator = CNNRegressor(
        filters=1, kernel_size=1, dense_units=(), epochs=1, batch_size=64
    )
    estimator.fit(windows[:128], target[:128]).predict(windows[:1])
    tracemalloc.start()
    estimator.fit(windows, target).predict(windows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert windows[0].nbytes * len(windows) > 12e6
    assert peak < 5 * 2**18  # a few chunks, and a few numbers for each sample
