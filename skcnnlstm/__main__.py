"""Run the command line: ``skcnnlstm``, or ``python -m skcnnlstm``."""

import os
import sys

from skcnnlstm import cli


def main():
    """Run the command line and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # an ASCII terminal shows "?" for "±"
    status = cli.main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:  # the reader of a pipe, such as `head`, has stopped
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(status)


if __name__ == "__main__":
    main()
