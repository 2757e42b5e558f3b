"""Run the command line: ``python -m skcnnlstm [FILE] [options]``."""

import os
import sys

from skcnnlstm.cli import main

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # an ASCII terminal shows "?" for "±"
    try:
        sys.exit(main())
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has stopped
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
