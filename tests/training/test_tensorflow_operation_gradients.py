"""Tests that the gradients of the package equal those of TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf

from skcnnlstm.training._tensorflow_operation_gradients import GRADIENT_NAMES

OPERANDS = {  # shapes of two operands; the batch has three samples
    "equal shapes": ((3, 4), (3, 4)),
    "one row for all samples": ((3, 4), (4,)),
    "a number": ((), (3, 4)),
    "a column": ((3, 1), (3, 4)),
    "one sample for all samples": ((1, 4), (3, 4)),
    "three axes and two axes": ((3, 2, 4), (2, 1)),
}


def gradients_by_both(compute, shapes, *operands):
    """Return the gradients of a number by the package and by TensorFlow.

    `shapes` are those of the operands when the graph is traced.
    """

    def gradients(gradient_names):
        @tf.function(input_signature=[tf.TensorSpec(shape) for shape in shapes])
        def run(*operands):
            with operands[0].graph.gradient_override_map(gradient_names):
                number = compute(*operands)
            return tf.gradients(number, list(operands))

        return run(*operands)

    return gradients(GRADIENT_NAMES), gradients({})


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", OPERANDS)
@pytest.mark.parametrize(
    "function", [tf.add, tf.subtract, tf.multiply, tf.maximum], ids=lambda f: f.__name__
)
def test_gradients_of_operands_equal_those_of_tensorflow(name, function, known):
    generator = np.random.default_rng(0)
    first, second = (
        tf.constant(generator.integers(-2, 3, shape), "float32")  # some are equal
        for shape in OPERANDS[name]
    )
    shapes = [[None if n == 3 else n for n in shape] for shape in OPERANDS[name]]
    shapes = shapes if known else [None, None]

    actual, expected = gradients_by_both(
        lambda a, b: tf.reduce_sum(function(a, b) ** 2), shapes, first, second
    )
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("shape", [(None, 2, 4), (None, None, 4), None], ids=str)
@pytest.mark.parametrize("axes", [-1, (0, 2), (1, 2), None], ids=str)
@pytest.mark.parametrize("keepdims", [True, False])
def test_gradients_of_sums_and_means_equal_those_of_tensorflow(shape, axes, keepdims):
    def weighted_sum(x):
        mean = tf.reduce_mean(x, axes, keepdims=keepdims)
        return tf.reduce_sum(tf.reduce_sum(x, axes, keepdims=keepdims) * mean)

    x = tf.constant(np.random.default_rng(0).standard_normal((3, 2, 4)), "float32")
    actual, expected = gradients_by_both(weighted_sum, [shape], x)
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "part",
    [
        np.s_[:, 1:3],
        np.s_[..., 1:3, :],
        np.s_[:, -3:-1, 2:],
        np.s_[:, 4:9],  # beyond the end
        np.s_[:, 3:2],  # empty
        np.s_[:, -1],
        np.s_[..., 0],
        np.s_[:, 1, 2:4],
        # These keep the operation of TensorFlow: an interval of samples of unknown
        # number, steps other than 1 and a new axis.
        np.s_[1:],
        np.s_[-1],
        np.s_[:, ::2],
        np.s_[:, ::-1],
        np.s_[:, None, 1:3],
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", [(None, 5, 4), None], ids=str)
def test_gradients_of_slices_equal_those_of_tensorflow(part, shape):
    x = tf.constant(np.random.default_rng(0).standard_normal((3, 5, 4)), "float32")
    actual, expected = gradients_by_both(
        lambda x: tf.reduce_sum(x[part] ** 3), [shape], x
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


def test_the_gradient_of_a_known_interval_is_padded():
    @tf.function(input_signature=[tf.TensorSpec((None, 5, 4))])
    def gradient(x):
        with x.graph.gradient_override_map(GRADIENT_NAMES):
            total = tf.reduce_sum(x[:, 1:3])
        return tf.gradients(total, x)[0]

    graph = gradient.get_concrete_function().graph
    names = [operation.type for operation in graph.get_operations()]
    assert "Pad" in names and "StridedSliceGrad" not in names
