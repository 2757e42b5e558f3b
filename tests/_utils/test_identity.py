"""Results are reused for the same objects."""

from skcnnlstm._utils.identity import once_per_object


def test_a_function_is_called_once_for_the_same_objects():
    calls = []

    def join(one, other):
        calls.append((one, other))
        return one + other

    cached = once_per_object(join)
    first, second = [1], [2]
    assert cached(first, second) is cached(first, second)
    assert cached(first, [2]) == [1, 2]  # an equal list, but another one
    assert len(calls) == 2


def test_an_object_that_is_gone_is_not_mistaken_for_a_new_one():
    cached = once_per_object(list)
    # Without a reference, the memory of each tuple would be used for the next one.
    assert [cached((number, number)) for number in range(100)] == [
        [number, number] for number in range(100)
    ]
