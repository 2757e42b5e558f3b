"""Measure the memory that a call allocates."""

import tracemalloc


def peak_of(function):
    """Return the peak number of bytes allocated by a call, and its result."""
    tracemalloc.start()
    try:
        result = function()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()
