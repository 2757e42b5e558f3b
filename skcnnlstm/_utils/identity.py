"""Reuse results for objects that many series share, such as one time index."""


def once_per_object(function):
    """Return a function that calls `function` once for the same objects.

    Arguments are compared by identity. Results live as long as the returned function.
    """
    results = {}

    def call(*objects):
        key = tuple(map(id, objects))
        if key not in results:
            # The objects are kept, so that no other object gets their identity.
            results[key] = objects, function(*objects)
        return results[key][1]

    return call
