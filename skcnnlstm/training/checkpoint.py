"""Checkpoints: what a fit needs to go on after a crash, in a file of its own.

A folder holds one file for each fit that has begun and not ended. It is named by all
that decides the fit, so that no fit ever takes up another's.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

import skcnnlstm
from skcnnlstm._utils.files import read_file, refusing_nonsense, write_file
from skcnnlstm._utils.warnings import warn
from skcnnlstm.training.fingerprint import contents_of

_KIND = "checkpoint"
# A write may take this share of the time that passes between two of them.
_SHARE = 0.05
_PLAIN = (type(None), bool, int, float, str)


@dataclass
class Progress:
    """Where a fit stands after an epoch.

    The order of samples and the state of dropout follow from seed and epoch alone;
    what else callbacks remember is in `callbacks`, an entry each.
    """

    weights: list
    slots: list
    history: dict
    callbacks: list


class Checkpoint:
    """The file of one fit.

    Parameters
    ----------
    folder : path-like
        Made if it is not there.
    facts : iterable
        All that decides the fit: texts, numbers and arrays; the seed, too, unless it
        was drawn anew.
    seed : int
        The seed that was drawn for this fit.

    Attributes
    ----------
    seed : int
        The seed to fit with: of the fit that was begun, if there is one.
    """

    def __init__(self, folder, facts, seed):
        folder = Path(folder)
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(
                f"checkpoint must be a folder: got the file {folder}. Name one that is "
                "not there yet, or None."
            )
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{_digest(facts)}.{_KIND}"
        self.seed, self.progress = seed, None
        self._last, self._took = -np.inf, 0.0
        if self.path.exists():
            self.seed, self.progress = self._read()

    def _read(self):
        document, arrays = read_file(self.path, _KIND, "a fit with checkpoint")
        with refusing_nonsense(self.path):
            take = iter(arrays)
            weights, slots = (
                [next(take) for _ in range(document[name])]
                for name in ("n_weights", "n_slots")
            )
            callbacks = [
                {name: _thaw(value, arrays) for name, value in state.items()}
                for state in document["callbacks"]
            ]
            progress = Progress(weights, slots, document["history"], callbacks)
            return int(document["seed"]), progress

    def write(self, progress: Progress):
        """Write where the fit stands, if enough time has passed.

        A disk that is full does not end the fit, but is told of.
        """
        begin = time.monotonic()
        if begin - self._last < self._took / _SHARE:
            return
        arrays = [*progress.weights, *progress.slots]
        document = {
            "seed": self.seed,
            "n_weights": len(progress.weights),
            "n_slots": len(progress.slots),
            "history": progress.history,
            "callbacks": [
                {name: _frozen(value, arrays) for name, value in state.items()}
                for state in progress.callbacks
            ],
        }
        try:
            write_file(self.path, _KIND, document, arrays)
        except OSError as error:
            warn(
                f"The checkpoint {self.path} could not be written: {error}. The fit "
                "goes on; a crash would begin anew, or at the last one written."
            )
        self._last = time.monotonic()
        self._took = self._last - begin

    def remove(self):
        """Remove the file: the fit has ended."""
        self.path.unlink(missing_ok=True)


def states_of(callbacks) -> list:
    """Return what callbacks remember, as far as it is plain: see `_is_plain`."""
    return [
        {
            name: value
            for name, value in vars(callback).items()
            if _is_plain(value) or _is_arrays(value)
        }
        for callback in callbacks
    ]


def restore_states(callbacks, states):
    """Give callbacks back what they remembered, after `on_train_begin`."""
    for callback, state in zip(callbacks, states, strict=True):
        vars(callback).update(state)


# ----------------------------------------------------------------------- plain values


def _is_plain(value):
    """Tell numbers, texts, and lists and dicts of them."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(
            map(_is_plain, value.values())
        )
    return type(value) in _PLAIN or isinstance(value, np.bool_ | np.number)


def _is_arrays(value):
    return isinstance(value, np.ndarray) or (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(part, np.ndarray) for part in value)
    )


def _frozen(value, arrays):
    """Return a value for JSON; arrays are added to `arrays`."""
    if _is_arrays(value):
        parts = value if isinstance(value, list) else [value]
        at = len(arrays)
        arrays += parts
        return {"arrays": [at, len(arrays)], "many": isinstance(value, list)}
    return {"plain": _as_python(value)}


def _as_python(value):
    if isinstance(value, list):
        return list(map(_as_python, value))
    if isinstance(value, dict):
        return {key: _as_python(part) for key, part in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _thaw(value, arrays):
    if "plain" in value:
        return value["plain"]
    parts = arrays[slice(*value["arrays"])]
    return parts if value["many"] else parts[0]


# ------------------------------------------------------------------------ fingerprint


def facts_of(recipe, samples, callbacks, start=None):
    """Yield what decides a fit beside its settings: network, loss, data, callbacks."""
    yield from (skcnnlstm.__version__, *map(version, ("keras", "tensorflow", "numpy")))
    yield from (recipe.network, recipe.fingerprint.words, recipe.target_dtype)
    for thing in (recipe.optimizer, recipe.loss, *recipe.metrics):
        yield from [thing] if isinstance(thing, str) else thing.facts
    for callback in callbacks:
        yield contents_of(callback, remembers=True).words
    if start is not None:
        yield from (*start.weights, *(start.slots or ()))
    yield from (samples.y, samples.weight, samples.rows)
    yield repr(samples.X.shape)
    length = samples.chunk_length(1)
    for first in range(0, len(samples), length):
        yield samples.windows(slice(first, first + length))


def _digest(facts) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for fact in facts:
        if isinstance(fact, np.ndarray):
            fact = np.ascontiguousarray(fact)
            digest.update(f"{fact.dtype} {fact.shape}\n".encode())
            digest.update(fact.reshape(-1).view(np.uint8).data)
        else:
            digest.update(f"{fact!r}\n".encode())
    return digest.hexdigest()
