"""Tests of Keras configs: which names a file may hold."""

import json

import keras
import numpy as np
import pytest

from skcnnlstm.saving.keras_configs import (
    find_public,
    find_stateful_class,
    from_config,
    public_name,
    to_config,
    untrusted_in_text,
    untrusted_names,
)

LAMBDA = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "config": {"function": {"class_name": "__lambda__", "config": {"value": "4wAA"}}},
}
DENSE = {"module": "keras.layers", "class_name": "Dense", "registered_name": None}
UNSAFE = [
    LAMBDA,
    {"class_name": "__lambda__", "config": {"value": "4wAA"}},
    {"module": "builtins", "class_name": "function", "config": "eval"},
    {"module": "os", "class_name": "function", "config": "system"},
    {"module": "keras.utils", "class_name": "get_file", "config": {}},
    {"module": "keras.src.layers", "class_name": "Dense", "config": LAMBDA},
    {"class_name": "Dense", "config": {}, "registered_name": "theirs>Dense"},
    {**DENSE, "config": {}, "registered_name": "theirs>Dense"},
    {"class_name": "Dense", "config": {}},
    {"module": "keras.layers", "class_name": "TFSMLayer", "config": {}},
    {"module": "keras.layers", "class_name": "StringLookup", "config": {}},
    {"module": ["keras.layers"], "class_name": "Dense", "config": {}},
    {"module": "keras.layers", "class_name": ["Dense"], "config": {}},
    {
        "module": "skcnnlstm.saving.save_load",
        "class_name": "save",
        "registered_name": "skcnnlstm>save",
    },
    {**DENSE, "registered_name": "skcnnlstm>InstanceNorm"},
    [[{"deep": LAMBDA}]],
]


@pytest.mark.parametrize("config", UNSAFE)
def test_a_config_that_could_run_code_has_untrusted_names(config):
    assert set(untrusted_names(config, set()))
    assert untrusted_in_text(json.dumps({"layers": [config]}), set())
    with pytest.raises((ValueError, TypeError)):
        from_config(json.dumps(config), set())


def test_configs_of_keras_layers_and_ours_have_none():
    from skcnnlstm.layers.masking import MarkMissing

    for layer in (
        keras.layers.Dense(2, activation="gelu", kernel_regularizer="l2"),
        keras.layers.Bidirectional(keras.layers.LSTM(2)),
        keras.layers.TimeDistributed(keras.layers.Conv1D(2, 3)),
        MarkMissing(),
    ):
        config = keras.saving.serialize_keras_object(layer)
        assert not set(untrusted_names(config, set()))


@keras.saving.register_keras_serializable(package="mine")
class Mine(keras.layers.Layer):
    """A user-defined layer."""


@keras.saving.register_keras_serializable(package="mine")
def bend(x):
    """Return x; a user-defined activation."""
    return x


MINE = {"module": __name__, "class_name": "Mine", "registered_name": "mine>Mine"}


@pytest.mark.parametrize(
    "config",
    [
        MINE,
        {**MINE, "module": "keras.layers", "class_name": "Dense"},
        {**MINE, "module": "skcnnlstm.layers.masking"},
        {**MINE, "module": None},
        {"class_name": "mine>Mine", "config": {}},
        {"module": "keras.layers", "class_name": "mine>Mine"},
        {**DENSE, "config": {"activation": "mine>bend"}},
        {"module": "builtins", "class_name": "function", "config": "mine>bend"},
        {"config": ["mine>bend"]},
    ],
)
def test_a_class_that_the_user_registered_needs_trusted_in_every_spelling(config):
    assert set(untrusted_names(config, set())) & {"mine>Mine", "mine>bend"}


def test_trusted_names_must_belong_to_the_registered_object():
    trusted = {"mine>Mine", "mine>bend"}
    activation = {"module": "builtins", "class_name": "function", "config": "mine>bend"}
    assert not set(untrusted_names([MINE, activation], trusted))
    for change in ({"module": "keras.layers"}, {"class_name": "Lambda"}):
        assert set(untrusted_names(MINE | change, trusted))
    assert set(untrusted_names(MINE | {"registered_name": "mine>None"}, {"mine>None"}))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(LAMBDA),
        " \n" + json.dumps(LAMBDA),
        json.dumps(LAMBDA).replace("class_name", "class\\u005fname"),
        np.str_(json.dumps(LAMBDA)),
        json.dumps(LAMBDA).encode(),
        json.dumps(LAMBDA).encode("utf-16"),
        bytearray(json.dumps(LAMBDA).encode()),
    ],
)
def test_a_config_is_recognized_in_every_kind_of_text(text):
    assert untrusted_in_text(text, set())


def test_other_text_has_no_untrusted_names():
    for text in ("adam", "{not JSON", '{"a": 1}', b"\x00\xff", ""):
        assert untrusted_in_text(text, set()) == set()


@pytest.mark.parametrize(
    "thing",
    [
        keras.optimizers.SGD(
            keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), momentum=0.5
        ),
        keras.metrics.MeanAbsoluteError(name="mine"),
        keras.initializers.Orthogonal(0.5, seed=1),
        keras.regularizers.L2(0.5),
        keras.constraints.MaxNorm(3),
        keras.DTypePolicy("mixed_bfloat16"),
        keras.losses.CosineSimilarity(),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_objects_of_keras_are_the_same_after_a_round_trip(thing):
    text = to_config(thing)
    copy = from_config(text, set())
    assert type(copy) is type(thing)
    assert to_config(copy) == text


def test_an_incomplete_config_is_not_used():
    assert to_config(keras.losses.Huber(delta=2.0)) is None  # Keras 3.15 omits delta


@pytest.mark.parametrize(
    "module, name, config",
    [
        ("keras.metrics", "MeanIoU", {"num_classes": 10**9}),
        ("keras.metrics", "AUC", {"num_thresholds": 10**9}),
        ("keras.layers", "Dense", {"units": 10**9}),
    ],
)
def test_an_object_with_a_huge_parameter_is_refused(module, name, config):
    config = {"module": module, "class_name": name, "config": config}
    build = {"build_config": {"input_shape": [None, 10**9]}}
    for content in (config, config | build):
        with pytest.raises(ValueError, match=r"a metric has|contains a layer"):
            from_config(json.dumps(content), set())


def test_public_names_lead_back_to_the_object():
    for thing in (keras.losses.huber, keras.optimizers.Adam, keras.ops.mean):
        assert find_public(public_name(thing)) is thing
    assert public_name(Mine) is None
    name = public_name(keras.callbacks.CSVLogger)
    assert name == "keras.callbacks.CSVLogger"
    assert find_public(name) is None
    assert find_public(name, {name}) is keras.callbacks.CSVLogger
    for unsafe in ("keras.layers.Lambda", "keras.ops.__loader__", "keras.utils.x", ""):
        assert find_public(unsafe) is None


def test_losses_and_three_callbacks_may_be_stored_by_their_attributes():
    for kind in (keras.losses.Huber, keras.callbacks.EarlyStopping):
        assert find_stateful_class(f"{kind.__module__}.{kind.__name__}") is kind
    for kind in (keras.callbacks.CSVLogger, keras.layers.Dense):
        assert find_stateful_class(f"{kind.__module__}.{kind.__name__}") is None
