"""Networks that start from a fitted one, and layers that are not trained."""

import pickle
import re
import warnings

import keras
import numpy as np
import pytest
from instances import CLASSIFIERS, REGRESSORS
from networks import class_name
from sklearn.base import clone, is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from user_errors import check_error

from skcnnlstm import (
    CNNClassifier,
    CNNRegressor,
    LSTMClassifier,
    LSTMRegressor,
    ParallelCNNLSTMRegressor,
    SeriesForecaster,
    load,
    save,
)
from skcnnlstm.datasets import load_airline

TINY = {"epochs": 1, "batch_size": 16, "random_state": 0}
RATE = {"optimizer": "sgd", "learning_rate": 1e-30}  # changes no weight

every_estimator = pytest.mark.parametrize(
    "estimator", [*REGRESSORS, *CLASSIFIERS], ids=class_name
)


def weights_of(estimator):
    """Return the weights of each layer by name."""
    layers = estimator.model_.layers
    return {one.name: one.get_weights() for one in layers if one.weights}


def assert_equal_layers(first, second, names):
    first, second = weights_of(first), weights_of(second)
    assert names
    for name in names:
        for one, other in zip(first[name], second[name], strict=True):
            np.testing.assert_array_equal(one, other)


def changed_layers(first, second):
    first, second = weights_of(first), weights_of(second)
    return [
        name
        for name in first
        if any(
            (one != other).any()
            for one, other in zip(first[name], second[name], strict=True)
        )
    ]


def cnn(**params):
    return CNNRegressor(**({"filters": (3, 4), "dense_units": 4} | TINY | params))


@pytest.fixture
def airline():
    return load_airline()


@pytest.fixture
def fitted(windows):
    return cnn(random_state=7).fit(*windows)


# ------------------------------------------------------------------------ pretrained


@every_estimator
def test_every_layer_starts_from_the_weights_of_the_same_network(
    estimator, windows, labels
):
    X, y = windows
    y = labels if is_classifier(estimator) else y
    fitted = clone(estimator).set_params(random_state=7).fit(X, y)
    second = clone(estimator).set_params(pretrained=fitted).initialize(X, y)
    assert second.pretrained_layers_ == list(weights_of(fitted))
    np.testing.assert_array_equal(second.predict(X), fitted.predict(X))
    assert fitted.pretrained_layers_ == []


def test_layers_of_other_shapes_start_from_new_weights(fitted, windows):
    X, y = windows
    two = np.c_[y, y]
    second = cnn(pretrained=fitted).initialize(X, two)
    new = cnn().initialize(X, two)
    assert second.pretrained_layers_ == ["conv_1", "conv_2", "dense_1"]
    assert_equal_layers(second, fitted, second.pretrained_layers_)
    assert_equal_layers(second, new, ["output"])


def test_a_frozen_layer_of_another_shape_warns(windows):
    X, y = windows
    fitted = LSTMClassifier(lstm_units=4, **TINY).fit(X, y > 0)
    longer = np.concatenate([X[:, :1], X[:, :1], X], axis=1)
    second = LSTMClassifier(lstm_units=4, pretrained=fitted, frozen="lstm*", **TINY)
    message = (
        "frozen holds 'lstm*', which matches only layers that do not start from the "
        "weights of pretrained. They stay frozen with random weights. The layers that "
        "start from pretrained are output. Remove 'lstm*' from frozen, or give the "
        "layers the sizes that they have in pretrained."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$"):
        second.fit(longer, y > 0)
    inputs = fitted.model_.get_layer("lstm_1").input.shape[-1]
    n_features = X.reshape(len(X), X.shape[1], -1).shape[-1]
    second.set_params(patch_length=inputs // n_features)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "lstm_1" in second.fit(longer, y > 0).pretrained_layers_


def test_a_regressor_gives_its_layers_to_a_classifier(fitted, windows):
    X, y = windows
    classifier = CNNClassifier(filters=(3, 4), dense_units=4, pretrained=fitted, **TINY)
    classifier.fit(X, y > 0)
    assert classifier.pretrained_layers_ == ["conv_1", "conv_2", "dense_1"]


def test_training_starts_from_the_weights_and_not_from_the_optimizer(fitted, windows):
    expected = cnn(pretrained=fitted, epochs=2).fit(*windows)
    assert len(changed_layers(expected, fitted)) == 4
    copied = pickle.loads(pickle.dumps(fitted))
    again = cnn(pretrained=copied, epochs=2).fit(*windows)
    assert changed_layers(again, expected) == []
    new = cnn(epochs=2).fit(*windows)
    assert expected.history_["loss"][0] < new.history_["loss"][0]


def test_a_file_and_estimators_that_contain_a_network_are_accepted(
    fitted, windows, tmp_path
):
    X, y = windows
    save(fitted, tmp_path / "fitted")
    pipeline = make_pipeline(FunctionTransformer(), cnn(random_state=7)).fit(X, y)
    search = GridSearchCV(cnn(random_state=7), {"filters": [(3, 4)]}, cv=2).fit(X, y)
    for source in (
        tmp_path / "fitted",
        str(tmp_path / "fitted"),
        FrozenEstimator(fitted),
        pipeline,
        search,
    ):
        second = cnn(pretrained=source, **RATE).fit(X, y)
        assert_equal_layers(second, fitted, second.pretrained_layers_)
        assert len(second.pretrained_layers_) == 4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda fitted: cnn(),
            "which contains no fitted network. Fit it first",
        ),
        (lambda fitted: 3, "got 3, which contains no fitted network"),
        (
            lambda fitted: SeriesForecaster(fitted),
            "which contains no fitted network. Fit it first",
        ),
        (
            lambda fitted: LSTMRegressor(lstm_units=3, **TINY).fit(
                np.ones((3, 5)), np.ones(3)
            ),
            "got the layers lstm_1 (1, 12), (3, 12), (12,); output (3, 1), (1,). The "
            "new network has the layers conv_1 (3, 1, 3), (3,); conv_2",
        ),
    ],
    ids=["unfitted", "number", "forecaster", "other"],
)
def test_what_gives_no_layer_raises_value_error(make, message, fitted, windows):
    second = cnn(pretrained=make(fitted))
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        second.fit(*windows)
    check_error(raised.value)
    assert not second.initialized_


def test_clone_keeps_pretrained_fitted_and_hides_its_parameters(fitted, windows):
    second = cnn(pretrained=fitted, loss="huber", loss__delta=0.3)
    cloned = clone(second)
    assert cloned.pretrained is fitted
    assert not any(name.startswith("pretrained__") for name in second.get_params())
    assert clone(second.fit(*windows)).pretrained is fitted
    assert not clone(second).initialized_
    with pytest.raises(ValueError, match="Invalid parameter 'pretrained__filters'"):
        second.set_params(pretrained__filters=2)


def test_copies_and_files_keep_the_weights(fitted, windows, tmp_path):
    second = cnn(pretrained=fitted, frozen="conv*").fit(*windows)
    save(second, tmp_path / "second")
    for copied in (load(tmp_path / "second"), pickle.loads(pickle.dumps(second))):
        again = clone(copied).fit(*windows)
        np.testing.assert_array_equal(
            again.predict(windows[0]), second.predict(windows[0])
        )
        assert copied.pretrained_layers_ == second.pretrained_layers_


@pytest.mark.filterwarnings("ignore:.*for training:skcnnlstm.MistakeWarning")
def test_a_search_over_forecasters_starts_each_fit_from_the_same_weights(airline):
    long = SeriesForecaster(cnn(), window_length=12, horizon=3).fit(airline)
    short = SeriesForecaster(cnn(pretrained=long), window_length=12, horizon=3)
    grid = {"estimator__frozen": [(), "conv*"]}
    search = GridSearchCV(short, grid, cv=TimeSeriesSplit(2, test_size=12))
    search.fit(airline[:60])
    network = search.best_estimator_.estimator_
    assert network.pretrained_layers_ == list(weights_of(network))
    frozen = GridSearchCV(
        SeriesForecaster(cnn(), window_length=12, horizon=3),
        {"estimator__pretrained": [None, FrozenEstimator(long)]},
        cv=TimeSeriesSplit(2, test_size=12),
    ).fit(airline[:60])
    assert len(frozen.cv_results_["params"]) == 2
    with pytest.raises(ValueError, match=re.escape("use sklearn.frozen.FrozenEst")):
        SeriesForecaster(cnn(pretrained=clone(long))).fit(airline)


@pytest.mark.heavy
def test_a_search_with_two_workers_gives_the_same_result(airline, own_workers):
    long = SeriesForecaster(cnn(), window_length=12, horizon=3).fit(airline)
    short = SeriesForecaster(cnn(pretrained=long), window_length=12, horizon=3)
    results = [
        GridSearchCV(
            short,
            {"estimator__frozen": [(), "conv*"]},
            cv=TimeSeriesSplit(2, test_size=12),
            n_jobs=n_jobs,
        )
        .fit(airline[:60])
        .cv_results_["mean_test_score"]
        for n_jobs in (None, 2)
    ]
    np.testing.assert_array_equal(*results)


class Stop(keras.callbacks.Callback):
    """Interrupt a fit after its second epoch, once."""

    active = False

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1 and Stop.active:
            Stop.active = False
            raise KeyboardInterrupt


def test_an_interrupted_fit_resumes(fitted, windows, tmp_path, monkeypatch):
    monkeypatch.setattr("skcnnlstm.training.checkpoint._WRITE_SHARE", np.inf)
    params = {"pretrained": fitted, "epochs": 3, "callbacks": [Stop]}
    expected = cnn(**params).fit(*windows)
    network = cnn(**params, checkpoint=tmp_path)
    monkeypatch.setattr(Stop, "active", True)
    with pytest.raises(KeyboardInterrupt):
        network.fit(*windows)
    assert len(list(tmp_path.iterdir())) == 1
    assert network.fit(*windows).history_ == expected.history_
    assert changed_layers(network, expected) == []


# ---------------------------------------------------------------------------- frozen


@every_estimator
def test_frozen_layers_keep_their_weights_bit_for_bit(estimator, windows, labels):
    X, y = windows
    y = labels if is_classifier(estimator) else y
    fitted = clone(estimator).set_params(random_state=7).fit(X, y)
    # The linear skip is not trained anyway.
    *frozen, last = [name for name in weights_of(fitted) if name != "linear_skip"]
    second = clone(estimator).set_params(pretrained=fitted, frozen=tuple(frozen))
    second.fit(X, y)
    assert_equal_layers(second, fitted, frozen)
    assert changed_layers(second, fitted) == [last]


@pytest.mark.heavy
def test_frozen_batch_normalization_keeps_its_statistics(windows):
    X, y = windows
    sizes = {"filters": (3, 4), "lstm_units": 3}
    fitted = ParallelCNNLSTMRegressor(**sizes, **TINY).fit(X, y)
    norms = [name for name in weights_of(fitted) if "norm" in name]
    second = ParallelCNNLSTMRegressor(
        **sizes, **TINY, pretrained=fitted, frozen="batch_norm_*"
    )
    second.fit(5 * X, y)
    assert_equal_layers(second, fitted, norms)
    free = ParallelCNNLSTMRegressor(**sizes, **TINY, pretrained=fitted).fit(5 * X, y)
    assert set(norms) <= set(changed_layers(free, fitted))


@pytest.mark.heavy
def test_both_directions_of_a_layer_are_frozen(windows):
    sizes = {"lstm_units": (3, 3), "bidirectional": True}
    fitted = LSTMRegressor(**sizes, **TINY).fit(*windows)
    first = next(iter(weights_of(fitted)))
    second = LSTMRegressor(**sizes, **TINY, pretrained=fitted, frozen=first)
    assert first not in changed_layers(second.fit(*windows), fitted)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_no_optimizer_changes_a_frozen_layer(optimizer, fitted, windows):
    second = cnn(pretrained=fitted, frozen="conv_1", optimizer=optimizer, epochs=2)
    second.fit(*windows).partial_fit(*windows)
    assert changed_layers(second, fitted) == ["conv_2", "dense_1", "output"]


@pytest.mark.heavy
def test_frozen_layers_work_with_normalization_masks_and_cut_windows(windows):
    X, y = windows
    params = {"instance_norm": "last", "linear_skip": True, "missing": "mask"}
    fitted = cnn(**params).fit(X, y)
    second = cnn(**params, pretrained=fitted, frozen=["conv_?", "linear_skip"])
    second.fit(X, y)
    assert changed_layers(second, fitted) == ["dense_1", "output"]


@pytest.mark.parametrize(
    ("frozen", "error", "message"),
    [
        (
            3,
            TypeError,
            "frozen must be the name of a layer, a pattern such as 'conv_*'",
        ),
        (
            ("conv_1", None),
            TypeError,
            "or a tuple of these: got frozen=('conv_1', None)",
        ),
        (
            "lstm*",
            ValueError,
            "frozen must name layers with weights: got 'lstm*', which matches none of "
            "conv_1, conv_2, dense_1, output. Use one of these names",
        ),
        (
            "*",
            ValueError,
            "frozen must leave a layer to train: got frozen=('*',), which matches each "
            "of conv_1, conv_2, dense_1, output. Do not freeze the last layer, "
            "'output'.",
        ),
    ],
)
def test_frozen_layers_that_cannot_be_raise(frozen, error, message, windows):
    network = cnn(frozen=frozen)
    with pytest.raises(error, match=re.escape(message)) as raised:
        network.fit(*windows)
    check_error(raised.value)
    assert vars(network) == network.get_params()
