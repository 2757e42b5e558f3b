"""Tests of the traced gradient with respect to windows."""

import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal

from skcnnlstm.training._tensorflow_window_gradient import window_gradient_function


def test_windows_without_effect_have_gradient_zero():
    def run(windows):
        return tf.ones([tf.shape(windows)[0]])

    gradient = window_gradient_function(run, (2, 1), ())
    gradients, values = gradient(tf.ones([3, 2, 1]), tf.ones([1]))
    assert_array_equal(gradients, tf.zeros((3, 2, 1)))
    assert_array_equal(values, tf.ones(3))


def test_an_operation_without_a_gradient_raises_a_lookup_error():
    def run(windows):
        return tf.raw_ops.AdjustHue(images=windows, delta=0.1)

    with pytest.raises(LookupError, match="AdjustHue"):
        window_gradient_function(run, (1, 3), (1, 3))
