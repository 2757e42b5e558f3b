"""The house: what is exported, what an import loads, who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import skcnnlstm

ROOT = Path(skcnnlstm.__file__).parent

# Top-level modules from the foundation up: each may import only those before it.
ORDER = [
    "exceptions",
    "datasets",
    "_utils",
    "windows",
    "layers",
    "training",
    "wrappers",
    "architectures",
    "metrics",
    "conformal",
    "forecasting",
    "anomaly",
    "ensemble",
    "model_selection",
    "testing",
    "references",
    "saving",
    "exporting",
    "inspection",
    "display",
    "cli",
    "__main__",
]


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


def module_of(name):
    """Return the top-level module of a dotted name of this package, or None."""
    parts = name.split(".")
    return parts[1] if parts[0] == "skcnnlstm" and len(parts) > 1 else None


def source_files():
    return sorted(path for path in ROOT.rglob("*.py") if path.name != "conftest.py")


def test_the_bare_package_loads_neither_tensorflow_nor_scikit_learn():
    loaded = loaded_after("import skcnnlstm")
    assert "skcnnlstm" in loaded
    assert not loaded & {"tensorflow", "keras", "sklearn", "scikeras", "pandas"}


def test_what_needs_no_network_loads_no_tensorflow():
    loaded = loaded_after(
        "from skcnnlstm import SlidingWindow, make_windows, SeriesForecaster, "
        "ForecastAnomalyDetector, FlattenWindows, all_estimators"
    )
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


def test_every_top_level_module_has_its_place_in_the_order():
    found = {
        path.relative_to(ROOT).parts[0].removesuffix(".py") for path in source_files()
    }
    assert found - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path):
    module = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if module == "__init__":
        return  # loads modules by name, on first use
    for name in imports_of(path):
        other = module_of(name)
        if other in ORDER and other != module:
            assert ORDER.index(other) < ORDER.index(module), f"{module} imports {name}"


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_each_dependency_has_its_place(path):
    place = path.relative_to(ROOT).as_posix()
    names = {name.split(".")[0] for name in imports_of(path)}
    if place != "wrappers/_scikeras.py":
        assert "scikeras" not in names
    if not place.startswith("training/_tensorflow"):
        assert "tensorflow" not in names
    if place.startswith(("windows/", "_utils/validation")):
        allowed = {"pandas"} if place == "_utils/validation/tables.py" else set()
        assert not names & {"keras", "pandas", "scipy", "matplotlib"} - allowed
    private = [
        name
        for name in imports_of(path)
        if name.split(".")[0] in {"keras", "tensorflow", "sklearn", "scikeras"}
        and any(part.startswith("_") or part == "src" for part in name.split(".")[1:])
    ]
    assert not private


def test_every_module_has_a_test_file():
    for path in source_files():
        if path.name in ("__init__.py", "__main__.py"):
            continue
        folder = Path(__file__).parent / path.relative_to(ROOT).parent
        assert (folder / f"test_{path.name.removeprefix('_')}").exists(), path


def test_every_test_file_in_a_folder_tests_a_module_or_a_named_behaviour():
    # Files that test a behaviour of several modules are at the top level of tests/.
    modules = {path.relative_to(ROOT) for path in source_files()}
    folders = {path.parent for path in modules}
    for path in Path(__file__).parent.rglob("test_*.py"):
        assert path.parent.relative_to(Path(__file__).parent) in folders, path
