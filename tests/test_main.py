"""Entry point of ``python -m skcnnlstm``."""

import signal
import subprocess
import sys

import pytest


@pytest.mark.heavy
def test_files_are_written_after_the_reader_of_the_output_has_stopped(tmp_path):
    options = "--models cnn --epochs 1 --folds 2".split()
    process = subprocess.Popen(
        [sys.executable, "-m", "skcnnlstm", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    process.stdout.close()
    with process.stderr as stream:
        errors = stream.read()
    assert process.wait(timeout=120) == 0, errors
    assert "BrokenPipe" not in errors
    assert (tmp_path / "forecast.csv").exists()


@pytest.mark.heavy
def test_ctrl_c_prints_one_line_and_exits_with_130(tmp_path):
    # A shell starts background jobs with SIGINT ignored.
    script = (
        "import runpy, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.argv = ['skcnnlstm', '--epochs', '100000']\n"
        "runpy.run_module('skcnnlstm', run_name='__main__')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    try:
        for line in process.stderr:
            if "Ridge" in line:  # the networks are next
                break
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert process.returncode == 130, rest
    assert "Traceback" not in rest
    assert rest.splitlines()[-1] == "skcnnlstm: interrupted, no file was written"
    assert not list(tmp_path.iterdir())


def test_the_command_line_starts_without_slow_imports():
    code = (
        "import sys, skcnnlstm.__main__\n"
        "print(*sorted({'tensorflow', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout == "\n"
