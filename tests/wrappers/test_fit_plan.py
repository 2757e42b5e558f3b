"""Tests of the plan of one fit."""

import numpy as np

from skcnnlstm import CNNRegressor
from skcnnlstm.training import ProgramSpec, TrainingResult
from skcnnlstm.training.keras_objects import serialize_optimizer
from skcnnlstm.wrappers.fit_data import FitData
from skcnnlstm.wrappers.fit_plan import FitPlan
from skcnnlstm.wrappers.settings import check_settings


def make_plan(**changes):
    fields = dict.fromkeys(FitPlan._fields)
    fields |= {"seed": 7, "epochs_done": 3, "learning_rate": 0.5, "callbacks": []}
    fields |= {"pretrained": {}}
    return FitPlan(**fields | changes)


def make_schedule(settings, n_samples=1, epochs=None):
    resolved = {"decays": False, "compares_initial": False}
    if settings["early_stopping"] == "auto":
        resolved["early_stopping"] = False
    if settings["batch_size"] == "auto":
        resolved["batch_size"] = 32
    settings = (
        resolved
        | settings
        | {
            name: value
            for name, value in resolved.items()
            if settings.get(name) == "auto"
        }
    )
    return make_plan().schedule(settings, [0] * n_samples, None, {}, epochs)


def test_the_schedule_continues_after_the_epochs_that_are_done():
    settings = check_settings(CNNRegressor(epochs=4, batch_size=-1).get_params())
    schedule = make_schedule(settings, n_samples=20)
    assert (schedule.first_epoch, schedule.epochs) == (3, 4)
    assert (schedule.seed, schedule.batch_size) == (7, 20)
    assert schedule.learning_rate == 0.5
    assert schedule.decay_epochs is None


def test_the_schedule_has_a_patience_only_with_early_stopping():
    settings = check_settings(CNNRegressor(epochs=4, patience=5).get_params())
    assert make_schedule(settings).patience is None
    assert make_schedule(settings | {"early_stopping": True}).patience == 5


def test_a_schedule_of_fewer_epochs_keeps_the_decay_of_all():
    settings = check_settings(CNNRegressor(epochs=4).get_params())
    schedule = make_schedule(settings | {"decays": True}, epochs=2)
    assert (schedule.epochs, schedule.decay_epochs) == (2, 4)


def test_fitted_attributes_hold_the_data_facts_and_the_trained_state():
    optimizer, _ = serialize_optimizer("adam", {})
    spec = ProgramSpec(network='{"config": {}}', loss='"mse"', optimizer=optimizer)
    fields = dict.fromkeys(FitData._fields)
    fields |= {"feature_attributes": {"n_features_in_": 2}}
    data = FitData(**fields | {"target_attributes": {"_target_shape": ()}})
    trained = TrainingResult([np.ones(2)], [], {"loss": [2.0, 1.0]}, best_epoch=1)
    constants = {"x_mean": np.zeros(1), "x_scale": np.ones(1)}
    attributes = make_plan(program_spec=spec).fitted_attributes(
        data, constants, trained
    )
    assert attributes["_constants"] is constants
    assert attributes["best_epoch_"] == 1
    assert attributes["n_features_in_"] == 2
    assert attributes["_target_shape"] == ()
    assert attributes["history_"] == {"loss": [2.0, 1.0]}
    assert attributes["n_epochs_"] == 2
    assert attributes["_epochs_done"] == 5
    assert attributes["_weights"] is trained.weights
