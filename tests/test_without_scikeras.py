"""The end of scikeras would cost one file: tests of one architecture without it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(HERE / "stub_packages"), str(HERE.parent)]),
}


def run(*arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=HERE.parent,
        env=ENVIRONMENT,
    )


def test_the_stub_replaces_scikeras():
    done = run("-c", "import scikeras.wrappers as w; print(w.__file__)")
    assert done.stdout.strip() == str(HERE / "stub_packages/scikeras/wrappers.py")


@pytest.mark.heavy
def test_the_tests_of_an_architecture_pass_without_scikeras():
    files = ["tests/architectures/test_cnn_lstm.py", "tests/test_common.py"]
    done = run(
        *(
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *files,
            "-k",
            "CNNLSTM or cnn_lstm",
        )
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "passed" in done.stdout
