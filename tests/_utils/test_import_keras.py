"""Importing and fitting prints no log line of TensorFlow, and nothing is lost."""

import os
import subprocess
import sys

import pytest

from skcnnlstm._utils.import_keras import hidden_logs

FIT = (
    "import os, sys, warnings, numpy as np\n"
    "from skcnnlstm import CNNRegressor\n"
    "warnings.warn('a warning')\n"
    "X = np.arange(60.0).reshape(20, 3, 1) / 60\n"
    "CNNRegressor(filters=2, kernel_size=2, epochs=1).fit(X, X[:, 0, 0])\n"
    "assert 'TF_CPP_MIN_LOG_LEVEL' not in os.environ\n"
    "print('an error', file=sys.stderr)\n"
)


def stderr_of(code):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


@pytest.mark.heavy
def test_a_first_fit_prints_warnings_and_errors_only():
    first, *_, last = lines = stderr_of(FIT)
    assert first.endswith("UserWarning: a warning")
    assert last == "an error"
    assert len(lines) == 2


HIDE = (
    "import os, sys, warnings\n"
    "os.environ.pop('TF_CPP_MIN_LOG_LEVEL', None)\n"
    "sys.modules.update(tensorflow=sys, keras=sys)\n"
    "from skcnnlstm._utils.import_keras import hidden_logs\n"
)
LOG = "I0000 00:00:1796008557.599936   11809 port.cc:153] oneDNN custom operations"


def test_other_text_is_printed_after_the_log_lines_are_removed():
    lines = stderr_of(
        f"{HIDE}with hidden_logs():\n"
        f"    os.write(2, b'{LOG}\\nfrom C\\n')\n"
        "    print('from Python', file=sys.stderr)\n"
        "    warnings.warn('a warning')\n"
        "print('after', file=sys.stderr)\n"
    )
    assert lines[0] == "from Python"
    assert "UserWarning: a warning" in lines[1]
    assert lines[-2:] == ["from C", "after"]
    assert not any("oneDNN" in line for line in lines)


def test_after_an_error_all_text_is_printed():
    lines = stderr_of(
        f"{HIDE}try:\n"
        "    with hidden_logs():\n"
        f"        os.write(2, b'{LOG}\\n')\n"
        "        raise OSError\n"
        "except OSError:\n"
        "    pass\n"
    )
    assert lines == [LOG]


def test_a_level_of_the_user_is_respected():
    lines = stderr_of(
        f"{HIDE}os.environ['TF_CPP_MIN_LOG_LEVEL'] = '0'\n"
        "with hidden_logs():\n"
        f"    os.write(2, b'{LOG}\\n')\n"
        "    assert os.environ['TF_CPP_MIN_LOG_LEVEL'] == '0'\n"
    )
    assert lines == [LOG]


@pytest.mark.parametrize("level", [None, "1"])
def test_the_environment_is_restored(monkeypatch, level):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    if level is not None:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", level)
    with hidden_logs():
        assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == (level or "3")
    assert os.environ.get("TF_CPP_MIN_LOG_LEVEL") == level
