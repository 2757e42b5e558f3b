"""The house: what is exported, what an import loads, who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from instances import ALL

import skcnnlstm
from skcnnlstm import all_estimators

ROOT = Path(skcnnlstm.__file__).parent

# Imports point to rooms of a lower number only.
FLOORS = {
    "_warn": -1,
    "_validation": 0,
    "datasets": 0,
    "_file": 0,
    "_docs": 0,
    "_callbacks": 0,
    "_inside": 0,
    "_parallel": 0,
    "_index": 1,
    "_numbers": 1,
    "splitting": 1,
    "mistakes": 1,
    "_season": 1,
    "training": 2,
    "_missing": 1,
    "_quantiles": 1,
    "_joining": 1,
    "conformal": 2,
    "metrics": 2,
    "windows": 2,
    "_instance_norm": 2,
    "_parameters": 2,
    "_base": 3,
    "architectures": 4,
    "ensemble": 5,
    "forecasting": 5,
    "backtesting": 6,
    "leakage": 6,
    "display": 7,
    "_report": 8,
    "listing": 6,
    "saving": 6,
    "exporting": 6,
    "_series_file": 9,
    "__main__": 10,
}


def loaded_after(statement):
    """Return the top-level packages that a fresh process has after a statement."""
    script = (
        f"{statement}\nimport sys\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def imports_of(path):
    """Yield the full name of every module that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(name):
    parts = name.split(".")
    return parts[1] if parts[0] == "skcnnlstm" and len(parts) > 1 else None


def source_files():
    return sorted(path for path in ROOT.rglob("*.py") if path.name != "conftest.py")


def test_the_bare_package_loads_neither_tensorflow_nor_scikit_learn():
    loaded = loaded_after("import skcnnlstm")
    assert "skcnnlstm" in loaded
    assert not loaded & {"tensorflow", "keras", "sklearn", "scikeras", "pandas"}


@pytest.mark.parametrize(
    "name",
    [
        "SlidingWindow",
        "make_windows",
        "SeriesForecaster",
        "FlattenWindows",
        "all_estimators",
    ],
)
def test_what_needs_no_network_loads_no_tensorflow(name):
    loaded = loaded_after(f"from skcnnlstm import {name}")
    assert "sklearn" in loaded
    assert not loaded & {"tensorflow", "keras", "scikeras", "matplotlib"}


def test_an_estimator_loads_tensorflow_so_the_tests_above_can_fail():
    assert {"tensorflow", "scikeras"} <= loaded_after(
        "from skcnnlstm import CNNRegressor"
    )


def test_every_public_name_is_there():
    assert set(skcnnlstm.__all__) <= set(dir(skcnnlstm))
    for name in skcnnlstm.__all__:
        assert getattr(skcnnlstm, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'Transformer'"):
        skcnnlstm.Transformer  # noqa: B018


def test_every_public_class_is_walked_by_the_common_tests():
    listed = {cls for _, cls in all_estimators()}
    # A forecaster reads a series, not windows: its tests are its own.
    listed -= {cls for _, cls in all_estimators("forecaster")}
    assert listed == {type(estimator) for estimator in ALL}


def test_all_estimators_are_named_sorted_and_of_one_kind_each():
    kinds = ("regressor", "classifier", "forecaster", "transformer")
    by_kind = {kind: all_estimators(kind) for kind in kinds}
    everything = all_estimators()
    assert everything == sorted(pair for pairs in by_kind.values() for pair in pairs)
    assert all(name == cls.__name__ for name, cls in everything)
    assert ("SeriesForecaster", skcnnlstm.SeriesForecaster) in by_kind["forecaster"]
    assert ("HybridEnsembleRegressor", skcnnlstm.HybridEnsembleRegressor) in by_kind[
        "regressor"
    ]
    for kind in ("regressor", "classifier"):
        assert all(name.endswith(kind.title()) for name, _ in by_kind[kind])


def test_an_unknown_kind_is_an_error_with_the_known_ones():
    with pytest.raises(ValueError, match="kind must be"):
        all_estimators("cluster")


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path):
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if room == "__init__":
        return  # loads rooms by name, on first touch
    for name in imports_of(path):
        other = room_of(name)
        if other in FLOORS and other != room:
            assert FLOORS[other] < FLOORS[room], f"{room} imports {other}"


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_each_dependency_has_its_room(path):
    place = path.relative_to(ROOT).as_posix()
    names = {name.split(".")[0] for name in imports_of(path)}
    if place != "_base/_scikeras.py":
        assert "scikeras" not in names
    if place != "training/_tensorflow.py":
        assert "tensorflow" not in names
    if place.split("/")[0].removesuffix(".py") in {"windows", "_index", "_validation"}:
        assert not names & {"keras", "pandas", "scipy", "matplotlib"}
    private = [
        name
        for name in imports_of(path)
        if name.split(".")[0] in {"keras", "tensorflow", "sklearn", "scikeras"}
        and any(part.startswith("_") or part == "src" for part in name.split(".")[1:])
    ]
    assert not private
