"""Behaviour common to the transformers of windows."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcnnlstm.windows import (
    LastSteps,
    SlidingWindow,
    SubsequenceReshaper,
)


@pytest.mark.parametrize(
    "transformer", [SlidingWindow(3), LastSteps(2), SubsequenceReshaper(2)]
)
def test_set_output_is_ignored_where_the_output_is_no_table(transformer):
    X = np.arange(24.0).reshape(6, 4)
    pipeline = make_pipeline(StandardScaler(), transformer)
    pipeline.set_output(transform="pandas")
    assert isinstance(pipeline.fit_transform(X), np.ndarray)


def test_windows_import_neither_pandas_nor_tensorflow():
    code = (
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('pandas', 'keras', 'tensorflow'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "import numpy as np\n"
        "from skcnnlstm.windows import SlidingWindow, make_windows\n"
        "SlidingWindow(2).fit_transform(np.ones((3, 1))); make_windows([1, 2, 3], 2)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
