"""Import Keras and TensorFlow without the log lines of TensorFlow's C++ code.

Importing this module imports Keras. Each subpackage that uses Keras imports this module
first.
"""

import contextlib
import importlib
import os
import re
import sys
import tempfile
import threading

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# Log lines of absl, such as "I0000 00:00:1796007708.888451     540 port.cc:153] ...",
# and two other lines of TensorFlow 2.20 to 2.21.
_LOG_LINES = re.compile(
    rb"^([IWE]\d{4} \d\d:\d\d:.*|WARNING: All log messages before absl::Initialize.*"
    rb"|To enable the following instructions: .*|20\d\d-\d\d-\d\d .*: [IWE] .*)\n?",
    re.M,
)
_lock = threading.Lock()


@contextlib.contextmanager
def hidden_logs():
    """Hide TensorFlow's log lines if the user has not set a log level.

    TensorFlow prints about eight lines on import and in its first operation. This
    context sets the log level and restores it at the end. Some lines are printed at any
    log level (tensorflow#100442), so file descriptor 2 is also redirected. Other text,
    including the text of other threads, is printed at the end of the context. Warnings
    and errors of Python are printed at once. After an error, all text is printed.
    """
    if _LEVEL in os.environ:
        yield
        return
    with _lock:
        os.environ[_LEVEL] = "3"
        try:
            with _filtered_stderr():
                yield
        finally:
            os.environ.pop(_LEVEL, None)


@contextlib.contextmanager
def _filtered_stderr():
    try:
        original = os.dup(2)
    except OSError:  # stderr is closed
        yield
        return
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, original)
        hidden = stack.enter_context(tempfile.TemporaryFile())
        stack.enter_context(_python_stderr_to(original))
        os.dup2(hidden.fileno(), 2)
        pattern = None
        try:
            yield
            pattern = _LOG_LINES
        finally:
            os.dup2(original, 2)
            hidden.seek(0)
            text = hidden.read()
            os.write(original, text if pattern is None else pattern.sub(b"", text))


@contextlib.contextmanager
def _python_stderr_to(descriptor):
    """Let `sys.stderr` write to `descriptor` for the duration of a block.

    If `sys.stderr` does not write to file descriptor 2, it stays unchanged.
    """
    stream = sys.stderr
    try:
        writes_to_2 = stream.fileno() == 2
    except (AttributeError, OSError, ValueError):  # None, a notebook, or closed
        writes_to_2 = False
    if not writes_to_2:
        yield
        return
    stream.flush()
    with open(descriptor, "w", buffering=1, closefd=False) as direct:
        sys.stderr = direct
        try:
            yield
        finally:
            if sys.stderr is direct:
                sys.stderr = stream


if "tensorflow" in sys.modules:
    importlib.import_module("keras")
else:
    with hidden_logs():
        importlib.import_module("keras")
