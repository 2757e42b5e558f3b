"""Tests of fingerprints: what they cover, and what they leave out."""

import logging
import subprocess
import sys
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
from fingerprint_cases import CASES, class_from_source, weighted

from skcnnlstm.training.fingerprint import (
    compute_fingerprint,
    find_registered,
    is_user_defined,
    registered_as,
)


@pytest.mark.parametrize("name", CASES)
def test_equal_objects_have_equal_fingerprints_and_others_differ(name):
    (one,), (same,), (other,) = (CASES[name](v).values() for v in (1.0, 1.0, 100.0))
    assert compute_fingerprint(one) == compute_fingerprint(same)
    assert compute_fingerprint(one) != compute_fingerprint(other)


def test_code_constants_names_and_arguments_count():
    functions = [
        lambda x: x + 1,
        lambda x: x + 2,
        lambda x: x - 1,
        lambda x: abs(x),
        lambda x: len(x),
        lambda x, y=1: x + 1,
        lambda x, *, y=1: x + 1,
        lambda x: (lambda y: y + 1)(x),
        lambda x: (lambda y: y + 2)(x),
    ]
    digests = {compute_fingerprint(function).digest for function in functions}
    assert len(digests) == len(functions)


def test_values_of_different_types_differ():
    values = [1, 1.0, True, "1", None, [1], (1,), {1}, {"a": 1}, {1: "a"}, np.ones(1)]
    assert len({compute_fingerprint(value).digest for value in values}) == len(values)


def test_the_order_of_a_set_does_not_count():
    one, other = {*range(1000)}, {*reversed(range(1000))}
    assert compute_fingerprint(one) == compute_fingerprint(other)


def test_a_function_of_a_library_is_its_name():
    one = compute_fingerprint(keras.losses.mean_absolute_error)
    assert one.is_complete
    assert one != compute_fingerprint(keras.losses.mean_squared_error)
    assert not is_user_defined(keras.losses.mean_squared_error)
    assert is_user_defined(weighted) and is_user_defined(weighted(1))


def test_values_of_globals_do_not_count():
    names = {"__name__": "__main__", "factor": 1.0}
    exec("loss = lambda target, predicted: factor * abs(target - predicted)", names)
    before = compute_fingerprint(names["loss"])
    names["factor"] = 100.0
    assert compute_fingerprint(names["loss"]) == before


def test_an_object_that_cannot_be_described_counts_by_identity():
    one, other = threading.Lock(), threading.Lock()
    fingerprint = compute_fingerprint([one])
    assert not fingerprint.is_complete
    assert fingerprint == compute_fingerprint([one])
    assert fingerprint != compute_fingerprint([other])
    assert fingerprint.digest == compute_fingerprint([other]).digest
    assert hash(fingerprint) == hash(compute_fingerprint([one]))


def test_a_variable_counts_by_identity_because_its_value_may_change():
    variable = keras.Variable(1.0)
    assert not compute_fingerprint(weighted(variable)).is_complete


def test_deep_and_large_objects_are_cut_off():
    nested = [1]
    for _ in range(10_000):
        nested = [nested]
    assert not compute_fingerprint(nested).is_complete
    assert not compute_fingerprint([[i] for i in range(10_000)]).is_complete


def test_the_state_of_a_callback_class_and_its_logs_do_not_count():
    log, callback = [], class_from_source(1)
    callback.on_train_end = lambda self, logs=None: log.append(logs)
    instance = callback()
    instance.logger = logging.getLogger("skcnnlstm.tests")
    before = compute_fingerprint(instance, is_callback=True)
    log.append(1)
    callback.total = 5
    instance.logger.disabled = True
    assert compute_fingerprint(instance, is_callback=True) == before
    instance.factor = 2
    assert compute_fingerprint(instance, is_callback=True) != before


PRINTS_DIGESTS = """
import sys
sys.path.insert(0, sys.argv[1])
from fingerprint_cases import CASES
from skcnnlstm.training.fingerprint import compute_fingerprint

for make in CASES.values():
    for thing in make(2.0).values():
        print(compute_fingerprint(thing).digest)
"""


@pytest.mark.heavy
def test_digests_are_the_same_in_another_process():
    tests = Path(__file__).parents[1]
    arguments = [sys.executable, "-c", PRINTS_DIGESTS, str(tests)]
    process = subprocess.run(arguments, capture_output=True, text=True)
    digests = [
        compute_fingerprint(thing).digest
        for make in CASES.values()
        for thing in make(2.0).values()
    ]
    assert process.stdout.split() == digests, process.stderr


# ------------------------------------------------------------------ registered objects


def bend(x):
    return x


def test_registered_objects_are_found_by_the_names_in_a_text():
    registered = keras.saving.get_custom_objects()
    registered["mine>bend"] = bend
    try:
        assert find_registered('{"activation": "mine>bend"}', "{}") == {
            "mine>bend": bend
        }
        assert find_registered('{"activation": "relu"}') == {}
        assert find_registered('["skcnnlstm>InstanceNorm"]') == {}  # not user-defined
    finally:
        del registered["mine>bend"]


def test_registered_as_restores_the_registry():
    registered = keras.saving.get_custom_objects()
    before = dict(registered)
    with registered_as({"mine>bend": bend}):
        assert registered["mine>bend"] is bend
        with registered_as({"mine>bend": weighted}):
            assert registered["mine>bend"] is weighted
        assert registered["mine>bend"] is bend
    assert registered == before
    with registered_as(None):
        assert registered == before
