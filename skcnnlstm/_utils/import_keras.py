"""Import Keras, and so TensorFlow, without the log lines of its C++ code.

Importing this module imports Keras. The packages whose modules import Keras import this
module first.
"""

import contextlib
import importlib
import os
import re
import sys
import tempfile
import threading

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# Lines of absl's log, "I0000 00:00:1796007708.888451     540 port.cc:153] ...", and the
# two lines around them without such a start (TensorFlow 2.20 to 2.21).
_LOG_LINES = re.compile(
    rb"^([IWE]\d{4} \d\d:\d\d:.*|WARNING: All log messages before absl::Initialize.*"
    rb"|To enable the following instructions: .*|20\d\d-\d\d-\d\d .*: [IWE] .*)\n?",
    re.M,
)
_lock = threading.Lock()


@contextlib.contextmanager
def hidden_logs():
    """Hide TensorFlow's log lines, unless the user has set a log level.

    This is the only global setting of the package. TensorFlow prints about eight lines
    on import and in its first operation. The level is set and restored, and file
    descriptor 2 is redirected, because some of these lines are printed whatever the
    level is (tensorflow#100442). Other text, also of other threads, is printed
    afterwards; Python's warnings and errors are printed at once. After an error, all
    text is printed.
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
    """Let `sys.stderr` write to a file descriptor if it writes to descriptor 2."""
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
