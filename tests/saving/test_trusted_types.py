"""Tests of the classes and functions that a file may name."""

import keras
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, KFold

import skcnnlstm
from skcnnlstm.metrics import smape
from skcnnlstm.saving.trusted_types import find_safe, full_name, trusted_names


def test_every_public_class_that_an_estimator_may_hold_is_safe():
    others = ("Display", "Error", "Warning")
    classes = [getattr(skcnnlstm, name) for name in skcnnlstm.__all__]
    classes = [one for one in classes if isinstance(one, type)]
    held = [one for one in classes if not one.__name__.endswith(others)]
    assert len(held) > 30
    for one in held:
        assert find_safe(full_name(one)) is one
    for one in {*classes} - {*held}:
        assert find_safe(full_name(one)) is None


def test_splitters_metrics_and_builders_are_safe():
    for thing in (KFold, smape, skcnnlstm.architectures.cnn.build_cnn):
        assert find_safe(full_name(thing)) is thing


def test_halving_searches_are_safe_without_sklearn_experimental():
    # skops knows them only if they were enabled before it was imported.
    module = "sklearn.model_selection._search_successive_halving"
    assert find_safe(f"{module}.HalvingGridSearchCV") is HalvingGridSearchCV
    assert find_safe(f"{module}.HalvingRandomSearchCV")
    assert find_safe(f"{module}.BaseSearchCV") is None
    assert find_safe("sklearn.impute._iterative.IterativeImputer")


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "builtins.exec",
        "subprocess.Popen",
        "skcnnlstm.saving.save_load.save",
        "skcnnlstm._utils.files.Path",
        "skcnnlstm.training.program.Program",
        "skcnnlstm.os",
        "keras.utils.get_file",
        "keras.layers.Lambda",
        "keras.config.enable_unsafe_deserialization",
        "keras.src.saving.serialization_lib.enable_unsafe_deserialization",
        "keras.src.callbacks.csv_logger.CSVLogger",
        "sklearn.datasets.fetch_openml",
        "no.such.thing",
        "",
    ],
)
def test_names_of_other_things_are_not_safe(name):
    assert find_safe(name) is None


def my_loss(y_true, y_pred):
    return y_true - y_pred


def test_a_trusted_object_stands_for_all_its_names():
    with keras.saving.custom_object_scope({}):
        keras.saving.get_custom_objects()["mine>loss"] = my_loss
        try:
            names = trusted_names([my_loss, "a.b", keras.losses.Huber])
        finally:
            del keras.saving.get_custom_objects()["mine>loss"]
    assert names == {
        f"{__name__}.my_loss",
        "mine>loss",
        "a.b",
        "keras.losses.Huber",
    }


@pytest.mark.parametrize("wrong", [True, "a.b", None, [3], [lambda: None]])
def test_trusted_must_be_a_list_of_types_or_names(wrong):
    with pytest.raises(TypeError, match=r"^trusted must"):
        trusted_names(wrong)
