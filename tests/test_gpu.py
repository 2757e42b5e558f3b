"""What a GPU changes: `pytest --gpu --all-estimators`, where there is one.

CI has none.
"""

import gc
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from instances import CLASSIFIERS, REGRESSORS
from sklearn.base import clone, is_regressor

import skcnnlstm as s
from skcnnlstm import training
from skcnnlstm.training import cache

rng = np.random.default_rng(0)
WINDOWS = rng.standard_normal((64, 40, 3)).astype("float32")
GRIDS = rng.standard_normal((64, 3, 4, 4, 1)).astype("float32")


pytestmark = pytest.mark.gpu


def test_tensorflow_sees_the_gpu():
    assert training.on_gpu()


def data_for(estimator):
    """Return windows or grids, and what follows each, or its class."""
    if isinstance(estimator, s.ConvLSTMGridRegressor):
        return GRIDS, GRIDS[:, -1, ..., 0]
    total = WINDOWS[:, -5:].sum(axis=(1, 2))
    return WINDOWS, total if is_regressor(estimator) else total > 0


def operations(function):
    """Return the kinds of operations of a traced function and of those it calls."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    return {node.op for node in nodes}


def has_fast_kernel(function):
    return any(kind.startswith("CudnnRNN") for kind in operations(function))


def programs_of(estimator):
    """Fit; return the traced epoch and the traced prediction."""
    training.clear_programs()
    estimator.fit(*data_for(estimator)).predict(WINDOWS)
    ((_, program),) = cache._idle
    (prediction,) = cache._predictions.values()
    return program._run_epoch, prediction._run


@pytest.mark.parametrize(
    "estimator",
    [
        s.LSTMRegressor(epochs=1),
        s.LSTMClassifier(bidirectional=True, epochs=1),
        s.CNNLSTMRegressor(epochs=1),
        s.DeepConvLSTMClassifier(epochs=1),
        s.LSTNetRegressor(epochs=1),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_recurrent_layers_keep_their_fast_kernel(estimator):
    assert all(map(has_fast_kernel, programs_of(estimator)))


def test_an_activation_without_a_fast_kernel_trains_and_is_warned_of():
    estimator = s.LSTMRegressor(lstm_activation="relu", epochs=1)
    with pytest.warns(s.MistakeWarning, match="activation"):
        assert not any(map(has_fast_kernel, programs_of(estimator)))


ON_CPU = """
import sys
import numpy as np
from instances import CLASSIFIERS, REGRESSORS
from test_gpu import data_for
from skcnnlstm import training
assert not training.on_gpu()
outputs = {}
for estimator in [*REGRESSORS, *CLASSIFIERS]:
    X, y = data_for(estimator)
    fitted = estimator.fit(X, y)
    outputs[type(estimator).__name__] = (
        fitted.predict_proba(X) if hasattr(fitted, "classes_") else fitted.predict(X)
    )
np.savez(sys.argv[1], **outputs)
"""


@pytest.fixture(scope="module")
def on_cpu(tmp_path_factory):
    """Outputs of every network after two epochs in a process that sees no GPU."""
    path = tmp_path_factory.mktemp("cpu") / "outputs.npz"
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    here = Path(__file__).parent
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ON_CPU, path],
        env=hidden,
        cwd=here,
        check=True,
        timeout=280,
    )
    return np.load(path)


@pytest.mark.filterwarnings("ignore::skcnnlstm.MistakeWarning")
@pytest.mark.parametrize(
    "estimator",
    [*REGRESSORS, *CLASSIFIERS],
    ids=lambda estimator: type(estimator).__name__,
)
def test_a_network_learns_there_what_it_learns_on_the_cpu(estimator, on_cpu):
    X, y = data_for(estimator)
    fitted = clone(estimator).fit(X, y)
    outputs = (
        fitted.predict_proba(X) if hasattr(fitted, "classes_") else fitted.predict(X)
    )
    # Products of matrices are rounded to 10 bits there (TensorFloat-32).
    expected = on_cpu[type(estimator).__name__]
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=0.02)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_learns_what_single_precision_does(policy):
    estimator = s.CNNLSTMRegressor(epochs=10, random_state=0)
    X, y = data_for(estimator)
    single = clone(estimator).fit(X, y)
    keras.config.set_dtype_policy(policy)
    try:
        mixed = clone(estimator).fit(X, y)
        predicted = mixed.predict(X)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(predicted, single.predict(X), rtol=0, atol=0.3)
    assert mixed.history_["loss"][-1] < 0.9 * mixed.history_["loss"][0]


def test_fits_of_one_shape_leave_no_memory_of_the_device_behind():
    import tensorflow as tf

    estimator = s.CNNLSTMRegressor(epochs=1)
    X, y = data_for(estimator)

    def used_after(n_fits):
        for _ in range(n_fits):
            estimator.fit(X, y).predict(X)
        gc.collect()
        return tf.config.experimental.get_memory_info("GPU:0")["current"]

    before = used_after(10)
    # A copy of the network's weights has 200 KB; the allocator rounds, either way.
    assert used_after(50) < before + 50_000
