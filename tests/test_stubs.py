"""The committed type stubs: up to date, complete, and strict enough to find errors."""

import subprocess
import sys
from pathlib import Path

import pytest
import stub_generator

import skcnnlstm

HERE = Path(__file__).parent


def run_mypy(*arguments):
    """Return the exit status and the output of mypy."""
    pytest.importorskip("mypy", reason="mypy is in the extra lint, which CI installs")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *arguments],
        capture_output=True,
        text=True,
        cwd=HERE.parent,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_committed_stubs_are_the_generated_ones():
    """Else run ``python tests/stub_generator.py`` and commit what it writes."""
    generated = stub_generator.stubs()
    committed = {
        str(path.relative_to(stub_generator.ROOT)): path.read_text()
        for path in stub_generator.ROOT.rglob("*.pyi")
    }
    assert committed.keys() == generated.keys()
    for path, text in generated.items():
        assert committed[path] == text, path


@pytest.mark.parametrize(
    "text, kind",
    [
        ("int, default=3", "int"),
        ('int or "auto", default="auto"', 'int | Literal["auto"]'),
        ('{"a", "b"} or None', 'Literal["a", "b"] | None'),
        ("array-like of shape (n,) or (n, m)", "ArrayLike"),
        ("int or tuple of int", "int | tuple[int, ...]"),
        ("estimator", "Any"),
    ],
)
def test_annotations_are_read_from_documented_types(text, kind):
    assert stub_generator.annotation(text) == kind


def test_a_result_of_several_types_is_any():
    assert stub_generator.annotation("Series or ndarray", is_result=True) == "Any"


def test_wrong_arguments_are_errors_to_a_type_checker():
    status, output = run_mypy("--warn-unused-ignores", "tests/typing_example.py")
    assert status == 0, output


def test_no_public_name_is_any_to_a_type_checker(tmp_path):
    script = tmp_path / "names.py"
    names = "".join(f"reveal_type(skcnnlstm.{name})\n" for name in skcnnlstm.__all__)
    script.write_text(f"import skcnnlstm\n{names}")
    _, output = run_mypy(str(script))
    revealed = [line for line in output.splitlines() if "Revealed type" in line]
    assert len(revealed) == len(skcnnlstm.__all__)
    assert not [line for line in revealed if 'is "Any"' in line]
