"""Tests of the training recipe: what "auto" means for the parameters of a fit."""

import numpy as np
import pytest
from training_helpers import LABELS, Recorder, X, tiny, y

from skcnnlstm import (
    CNNClassifier,
    CNNLSTMClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    ParallelCNNLSTMRegressor,
)
from skcnnlstm.wrappers.auto_training import resolve_training
from skcnnlstm.wrappers.settings import check_settings


def resolve(n_samples=1000, horizon=1, cls=CNNRegressor, **params):
    settings = check_settings(cls(**params).get_params())
    return resolve_training(settings, n_samples, cls._min_batch_size, horizon)


def resolve_classifier(n_samples=1000, **params):
    return resolve(n_samples, None, CNNClassifier, **params)


def test_a_number_of_epochs_turns_the_recipe_off():
    training = resolve(epochs=7)
    assert (training.epochs, training.batch_size) == (7, 32)
    assert training.learning_rate is None
    assert not training.early_stopping
    assert not training.decays
    assert not training.compares_initial
    assert not training.retrains


@pytest.mark.parametrize("cls", [CNNRegressor, CNNClassifier])
def test_a_number_of_epochs_equals_explicit_values(cls):
    horizon = 1 if cls is CNNRegressor else None
    explicit = {"batch_size": 32, "learning_rate": None, "early_stopping": False}
    automatic = resolve(cls=cls, horizon=horizon, epochs=4)
    assert automatic == resolve(cls=cls, horizon=horizon, epochs=4, **explicit)


@pytest.mark.parametrize("n_samples", [1, 2, 9, 40, 300, 3000, 40_000, 10**6])
@pytest.mark.parametrize("horizon", [1, 24, None])
def test_the_recipe_has_whole_numbers_in_their_ranges(n_samples, horizon):
    cls = CNNClassifier if horizon is None else CNNRegressor
    training = resolve(n_samples, horizon, cls)
    assert training.epochs >= 3
    assert training.batch_size in {16, 32, 64, 128, 256}
    assert training.decays
    assert training.learning_rate > 0
    assert all(isinstance(training[i], int) for i in (0, 1, 4, 5))
    assert resolve(n_samples, horizon, cls) == training


def test_larger_data_sets_have_larger_batches_and_fewer_epochs():
    trainings = [resolve(n) for n in (100, 1000, 10_000, 1_000_000)]
    batch_sizes = [training.batch_size for training in trainings]
    assert batch_sizes == sorted(batch_sizes)
    assert batch_sizes[0] < batch_sizes[-1]
    epochs = [training.epochs for training in trainings]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] > epochs[-1] == 3


def test_the_learning_rate_grows_with_the_square_root_of_the_batch_size():
    small, large = resolve(batch_size=32), resolve(batch_size=128)
    assert large.learning_rate == pytest.approx(2 * small.learning_rate)
    # A batch of all samples counts as what it holds.
    whole = resolve_classifier(128, batch_size=-1)
    for batch_size in (128, 1000):
        same = resolve_classifier(128, batch_size=batch_size)
        assert whole.learning_rate == same.learning_rate


def test_a_classifier_with_all_samples_in_each_batch_has_fewer_steps():
    whole, two_batches = (
        resolve_classifier(100, batch_size=size).epochs * n_batches
        for size, n_batches in ((128, 1), (64, 2))
    )
    assert whole < two_batches


@pytest.mark.parametrize(
    ("params", "name", "expected"),
    [
        ({"batch_size": 5}, "batch_size", 5),
        ({"batch_size": -1}, "batch_size", -1),
        ({"learning_rate": 0.5}, "learning_rate", 0.5),
        ({"early_stopping": False}, "early_stopping", False),
        ({"early_stopping": True}, "early_stopping", True),
        ({"epochs": 9}, "epochs", 9),
    ],
)
def test_a_value_that_is_set_replaces_only_that_part(params, name, expected):
    automatic, changed = resolve(), resolve(**params)
    assert getattr(changed, name) == expected
    if name in ("batch_size", "learning_rate"):
        assert changed.early_stopping is automatic.early_stopping is True
    if name in ("batch_size", "early_stopping"):
        assert changed.decays
    if name == "early_stopping":
        assert changed.batch_size == resolve().batch_size


def test_a_learning_rate_that_is_set_stays_constant():
    assert not resolve(learning_rate=0.01).decays
    assert not resolve(learning_rate=None).decays
    # So does the rate that a plateau reduces.
    training = resolve(plateau_patience=3)
    assert not training.decays
    assert training.learning_rate is None


def test_the_rate_of_another_optimizer_decays_from_its_own():
    training = resolve(optimizer="sgd")
    assert training.decays
    assert training.learning_rate is None


def test_a_regressor_holds_out_samples_that_share_no_target_with_the_others():
    assert resolve(horizon=1).validation_gap == 0
    assert resolve(horizon=24).validation_gap == 23
    assert resolve(horizon=24, validation_gap=30).validation_gap == 30
    # Without early stopping by the recipe, the gap is that of the parameter.
    assert resolve(horizon=24, epochs=3).validation_gap == 0


def test_a_regressor_with_few_samples_holds_out_nothing():
    assert not resolve(n_samples=70).early_stopping  # 7 of them
    assert resolve(n_samples=80).early_stopping
    assert not resolve(n_samples=80, horizon=66).early_stopping  # 7 to train on
    few = resolve(n_samples=70)
    # Nothing shows when to stop, so there are fewer steps.
    assert few.epochs * -(-70 // few.batch_size) < 0.5 * (
        resolve(n_samples=80).epochs * -(-72 // few.batch_size)
    )
    assert not few.retrains
    assert not few.compares_initial


def test_a_classifier_holds_out_nothing():
    training = resolve_classifier()
    assert not training.early_stopping
    assert not training.retrains


def test_only_early_stopping_by_the_recipe_trains_again_on_all_samples():
    assert resolve().retrains
    assert resolve().compares_initial
    own = resolve(early_stopping=True)
    assert not own.retrains
    assert not own.compares_initial
    assert own.patience == 10
    assert not resolve(n_samples=10**6).retrains


# -------------------------------------------------------------------------- fits


def test_the_recipe_trains_until_early_stopping_or_the_end():
    fitted = tiny(epochs="auto", early_stopping="auto").fit(*long_series())
    assert set(fitted.history_) == {"loss", "val_loss"}
    assert 0 <= fitted.best_epoch_ <= fitted.n_epochs_ == len(fitted.history_["loss"])
    best = int(np.argmin(fitted.history_["val_loss"])) + 1
    assert fitted.best_epoch_ in (0, best)
    assert fitted.stop_reason_


def long_series():
    """Return 104 windows, enough for early stopping."""
    return np.concatenate([X, X]), np.concatenate([y, y])


def test_after_early_stopping_the_network_is_trained_again_on_all_samples():
    windows, target = long_series()
    changed = target.copy()
    # Held out, so that the first training is the same.
    changed[-3:] = changed[-6:-3]
    params = {"epochs": "auto", "standardize": False, "learning_rate": 0.01}
    first = tiny(**params).fit(windows, target)
    second = tiny(**params).fit(windows, changed)
    assert first.history_["loss"][0] == second.history_["loss"][0]
    assert (first.predict(windows) != second.predict(windows)).any()


def test_the_second_training_equals_a_fit_of_the_best_number_of_epochs():
    cls = ParallelCNNLSTMRegressor  # its layers have statistics
    windows, target = long_series()
    params = {"learning_rate": 0.01, "batch_size": 16}  # a constant rate
    fitted = tiny(cls, epochs="auto", **params).fit(windows, target)
    assert fitted.best_epoch_ > 0
    expected = tiny(cls, epochs=fitted.best_epoch_, **params).fit(windows, target)
    np.testing.assert_array_equal(fitted.predict(windows), expected.predict(windows))


def test_initial_weights_that_no_epoch_improves_on_are_kept():
    windows, target = long_series()
    # A rate that changes no weight: each epoch is as good as the ridge regression.
    params = {"optimizer": "sgd", "learning_rate": 1e-30, "linear_skip": True}
    fitted = tiny(epochs="auto", **params).fit(windows, target)
    assert fitted.best_epoch_ == 0
    assert "initial weights" in fitted.stop_reason_
    start = tiny(**params).initialize(windows, target)
    predicted = fitted.predict(windows)
    np.testing.assert_allclose(predicted, start.predict(windows), atol=0.02)


@pytest.mark.parametrize("labels", [False, True])
def test_equal_seeds_give_equal_bits(labels):
    cls, target = (CNNLSTMClassifier, LABELS) if labels else (CNNLSTMRegressor, y)
    params = {"epochs": "auto", "batch_size": "auto", "dropout": 0.2}
    first, second = (tiny(cls, **params).fit(X, target) for _ in range(2))
    for one, other in zip(
        first.model_.get_weights(), second.model_.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert first.history_ == second.history_


def test_the_learning_rate_rises_and_then_decays_to_zero():
    params = {"epochs": "auto", "batch_size": 16, "callbacks": Recorder}
    tiny(**params).fit(X, y)
    rates = np.array(Recorder.rates)
    peak = int(rates.argmax())
    assert rates.max() == pytest.approx(resolve(52, batch_size=16).learning_rate, 0.02)
    assert peak < len(rates) / 10
    assert (np.diff(rates[peak:]) <= 0).all()
    assert rates[-1] < rates.max() / 100


def test_partial_fit_and_initialize_ignore_the_recipe():
    partial = tiny(epochs="auto").partial_fit(X, y)
    assert len(partial.history_["loss"]) == 1
    once = tiny(epochs=1).partial_fit(X, y)
    np.testing.assert_array_equal(partial.predict(X), once.predict(X))
    assert tiny(epochs="auto").initialize(X, y).n_epochs_ == 0
