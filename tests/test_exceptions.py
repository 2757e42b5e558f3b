"""The classes of warnings and errors."""

import pickle

from skcnnlstm import LeakageError, MistakeWarning


def test_a_leakage_error_is_a_value_error():
    assert issubclass(LeakageError, ValueError)


def test_a_mistake_warning_is_a_user_warning():
    assert issubclass(MistakeWarning, UserWarning)


def test_both_can_be_sent_to_another_process():
    for kind in (LeakageError, MistakeWarning):
        copy = pickle.loads(pickle.dumps(kind("message")))
        assert type(copy) is kind
        assert str(copy) == "message"
