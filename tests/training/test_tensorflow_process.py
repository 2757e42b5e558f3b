"""Tests of TensorFlow in processes that were forked, and in workers."""

import re

import numpy as np
import pytest
import tensorflow as tf
from training_helpers import X, run_python, tiny, y


@pytest.mark.heavy
def test_a_fork_after_the_first_operation_is_an_error():
    process = run_python(
        """
        import multiprocessing
        import warnings

        warnings.simplefilter("ignore")  # Python warns about a fork with threads
        import training_helpers as helpers
        from training_helpers import X, tiny, y

        def child(queue, task):
            try:
                queue.put(f"ran {len(task())}")
            except RuntimeError as error:
                queue.put(str(error))

        def report(name, task):
            context = multiprocessing.get_context("fork")
            queue = context.Queue()
            process = context.Process(target=child, args=(queue, task), daemon=True)
            process.start()
            print(name, queue.get(timeout=60))
            process.join(60)

        if __name__ == "__main__":
            fit = lambda: tiny().fit(X, y).predict(X)
            report("import", fit)
            helpers.keras.ops.ones(3)
            report("operation", fit)
            estimator = tiny(filters=2).fit(X, y)
            estimator.predict(X)
            report("fit", lambda: estimator.fit(X, y).predict(X))
            report("predict", lambda: estimator.predict(X))
            report("model", lambda: tiny(filters=1).initialize(X, y).predict(X))
        """
    )
    lines = dict(line.split(" ", 1) for line in process.stdout.splitlines())
    assert lines.pop("import") == "ran 52", process.stderr
    assert lines.keys() == {"operation", "fit", "predict", "model"}, process.stderr
    for line in lines.values():
        assert re.fullmatch(
            r"TensorFlow cannot run in a process that was forked after the first "
            r"TensorFlow operation: got the first operation in process \d+, and a call "
            r"in process \d+\. Start workers with joblib's default backend 'loky', or "
            r"with the multiprocessing start method 'spawn' or 'forkserver'\.",
            line,
        )


def test_a_call_inside_a_graph_is_an_error_and_changes_nothing():
    network = tiny().fit(X, y)
    before = network.predict(X)
    for call in (
        lambda: network.predict(X),
        lambda: network.fit(X, y),
        lambda: tiny().initialize(X, y),
        lambda: network.partial_fit(X, y),
    ):
        with (
            tf.Graph().as_default(),
            pytest.raises(RuntimeError, match="must run in TensorFlow's eager mode"),
        ):
            call()
    np.testing.assert_array_equal(network.predict(X), before)
