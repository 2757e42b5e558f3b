"""Print progress and the time left to stderr."""

import sys
import time

from skcnnlstm.cli.options import print_line


class Progress:
    """Print the scores of compared models, and an estimate of the time left.

    Parameters
    ----------
    networks : list of str
        Names of the networks, which take most of the time. Each is assumed to take the
        mean time of the networks that are done.
    n_final : float
        Time of the steps after the comparison, as a share of the time of one network.
    quiet : bool, default=False
        Whether to print nothing.
    """

    def __init__(self, networks, n_final=0.0, *, quiet=False):
        self._left = list(networks)
        self._seconds = []
        self._n_final = n_final
        self._quiet = quiet
        self._start = time.perf_counter()

    def show(self, line):
        """Print a line."""
        if not self._quiet:
            print_line(line, sys.stderr)

    def start(self):
        """Start to measure the time of a model."""
        self._start = time.perf_counter()

    def show_model(self, name, rmse):
        """Print the score of a model that is done, and the time left."""
        seconds = time.perf_counter() - self._start
        if name in self._left:
            self._left.remove(name)
            self._seconds.append(seconds)
        line = f"  {name:14}  RMSE {rmse:>6}  {seconds:5.1f} s"
        self.show(f"{line}{self._describe_left()}")

    def _describe_left(self):
        if not self._seconds:
            return ""
        mean = sum(self._seconds) / len(self._seconds)
        left = mean * (len(self._left) + self._n_final)
        return f"  about {max(1, round(left))} s left"
