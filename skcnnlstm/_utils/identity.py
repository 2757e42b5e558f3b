"""Reuse results for objects that many series share, such as a common time index."""


def once_per_object(function):
    """Return a function that caches the results of `function` by its arguments.

    Arguments are compared by identity. Results are kept as long as the returned
    function exists.
    """
    results = {}

    def call(*objects):
        key = tuple(map(id, objects))
        if key not in results:
            # Keep the objects alive, so that no other object gets one of their ids.
            results[key] = objects, function(*objects)
        return results[key][1]

    return call
