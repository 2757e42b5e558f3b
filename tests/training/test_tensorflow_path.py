"""Tests of the traced gradient along a path."""

import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal

from skcnnlstm.training._tensorflow_path import path_gradient_function


def test_windows_without_effect_have_gradient_zero():
    average = path_gradient_function(lambda w: tf.ones([tf.shape(w)[0]]), (2, 1), ())
    windows, one = tf.ones([3, 2, 1]), tf.ones([1])
    assert_array_equal(average(windows, windows, one, one, one), tf.zeros((3, 2, 1)))


def test_an_operation_without_a_gradient_raises_a_lookup_error():
    def run(windows):
        return tf.raw_ops.AdjustHue(images=windows, delta=0.1)

    with pytest.raises(LookupError, match="AdjustHue"):
        path_gradient_function(run, (1, 3), (1, 3))
