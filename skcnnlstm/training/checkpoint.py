"""Checkpoints: resume a fit that was interrupted.

A checkpoint folder holds one `.npz` file for each unfinished fit. The name of the file
is a digest of everything that determines the fit, so a fit resumes only from its own
file.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import os
import sys
import time
import weakref
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

import skcnnlstm
from skcnnlstm._utils.files import write_atomically
from skcnnlstm._utils.warnings import warn
from skcnnlstm.training.fingerprint import compute_fingerprint

# Maximum share of the training time that writing may take.
_WRITE_SHARE = 0.05
_SCALARS = (type(None), bool, int, float, str)
_ARRAY = "__array__"  # the key of a reference to an array


@dataclass
class Progress:
    """The state of a fit after an epoch.

    It does not contain the order of the samples or the random state of dropout, which
    follow from the seed and the epoch.

    Attributes
    ----------
    weights : list of ndarray
        The weights of the network.
    slots : list of ndarray
        The variables of the optimizer.
    history : dict of list
        The values of the loss and of each metric, one for each epoch.
    callbacks : list of dict
        The attributes of each callback, as `states_of` returns them.
    """

    weights: list
    slots: list
    history: dict
    callbacks: list


class Checkpoint:
    """The checkpoint file of one fit, as a context manager that releases its lock.

    Parameters
    ----------
    folder : path-like
        The checkpoint folder. It is created if it does not exist.
    facts : iterable of (str, number or ndarray)
        Everything that determines the fit. It includes the seed, unless the seed was
        drawn at random.
    seed : int
        The seed of this fit.
    drawn : bool, default=False
        Whether the seed was drawn at random. Concurrent fits with equal facts then have
        different results, so each fit locks a separate file. With a given seed, such
        fits have the same result and share a file.

    Attributes
    ----------
    path : Path
        The file.
    seed : int
        The seed to use. If the fit is resumed, this is the seed in the file.
    progress : Progress or None
        The state to resume from. None for a new fit.
    """

    def __init__(self, folder, facts, seed, *, drawn=False):
        folder = Path(folder)
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(
                f"checkpoint must be a folder: got the file {folder}. Set checkpoint "
                "to the path of a folder, or to None."
            )
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self._release = folder / f"{_digest(facts)}.npz", None
        if drawn:
            self.path, self._release = _lock_file(self.path, self)
        self.seed, self.progress = seed, None
        self._last_write, self._write_seconds = -np.inf, 0.0
        if self.path.exists():
            self.seed, self.progress = _read(self.path)

    def write(self, progress: Progress):
        """Write the state of the fit, if enough time has passed since the last write.

        If writing fails, for example on a full disk, issue a warning. The fit
        continues.
        """
        start = time.monotonic()
        if start - self._last_write < self._write_seconds / _WRITE_SHARE:
            return
        try:
            _write(self.path, self.seed, progress)
        except OSError as error:
            warn(
                f"The checkpoint {self.path} could not be written: {error}. The fit "
                "continues. After a crash, call fit again: it resumes from the last "
                "checkpoint that was written, if there is one."
            )
        self._last_write = time.monotonic()
        self._write_seconds = self._last_write - start

    def remove(self):
        """Delete the file. Call this when the fit has finished."""
        self.path.unlink(missing_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """Release the lock, so that another fit may resume from the file."""
        if self._release:
            self._release()


# ------------------------------------------------------------------------------ files


def _write(path, seed, progress):
    """Write one `.npz` file: JSON text, and the arrays that it refers to by number."""
    arrays = []

    def refer(value):
        if isinstance(value, np.generic):
            return value.item()
        arrays.append(np.asarray(value))
        # NumPy writes the types of ml_dtypes, such as bfloat16, as raw bytes.
        return {_ARRAY: len(arrays) - 1, "dtype": arrays[-1].dtype.name}

    document = json.dumps({"seed": seed, **vars(progress)}, default=refer)
    file = io.BytesIO()
    np.savez(file, *arrays, json=np.array(document))
    write_atomically(path, [file.getbuffer()])


def _read(path):
    """Return the seed and the progress in a checkpoint file."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:

            def look_up(part):
                if _ARRAY not in part:
                    return part
                return _with_dtype(file[f"arr_{part[_ARRAY]}"], part["dtype"])

            document = json.loads(file["json"].item(), object_hook=look_up)
        return int(document.pop("seed")), Progress(**document)
    except Exception as error:  # NumPy and zipfile raise many types
        raise ValueError(
            f"checkpoint must hold undamaged files: got {path}, which cannot be read "
            f"({type(error).__name__}: {error}). Delete this file. The fit then starts "
            "from the first epoch."
        ) from error


def _with_dtype(array, name):
    return array.view(name) if array.dtype.kind == "V" else array


def _lock_file(path, owner):
    """Lock a checkpoint file that no other fit uses.

    A file of an unfinished fit is preferred to a new file. Return the path of the file
    and a function that releases the lock. The lock is also released when `owner` is
    deleted or the process ends.
    """
    unfinished = sorted(path.parent.glob(f"{path.stem}*.npz"))
    others = (path.with_stem(f"{path.stem}-{n}") for n in itertools.count(1))
    for candidate in itertools.chain(unfinished, [path], others):
        lock = candidate.with_suffix(".lock")
        handle = _try_lock(lock)
        if handle is not None:
            return candidate, weakref.finalize(owner, _unlock, handle, lock)
    raise AssertionError("the iterator above is infinite")


def _try_lock(path):
    """Lock a file and return its handle; return None if another fit has locked it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another fit may have deleted the lock file after it was opened here.
        if os.path.samestat(os.fstat(handle), os.stat(path)):
            return handle
    except OSError:
        pass
    os.close(handle)
    return None


def _unlock(handle, path):
    with contextlib.suppress(OSError):  # Windows does not delete open files
        path.unlink()
    os.close(handle)


# -------------------------------------------------------------------------- callbacks


def states_of(callbacks) -> list:
    """Return, for each callback, a dict of the attributes that a file can hold.

    A file can hold None, numbers, text and arrays, and lists and dicts of these.
    """
    return [
        {name: value for name, value in vars(callback).items() if _is_plain(value)}
        for callback in callbacks
    ]


def restore_states(callbacks, states):
    """Set the attributes of callbacks to their saved states.

    Call this after `on_train_begin`, which resets attributes.
    """
    for callback, state in zip(callbacks, states, strict=True):
        vars(callback).update(state)


def _is_plain(value):
    """Return whether a file can hold a value and restore it with the same type."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        are_text = all(isinstance(key, str) for key in value)
        return are_text and all(map(_is_plain, value.values()))
    if isinstance(value, np.ndarray):
        return not value.dtype.hasobject
    return type(value) in _SCALARS or isinstance(value, np.bool_ | np.number)


# ---------------------------------------------------------------------------- digests


def facts_of(recipe, samples, callbacks, start=None):
    """Yield the facts that determine a fit, except parameters and the seed.

    The facts are the package versions, the network, the loss, the optimizer, the
    metrics, the callbacks, the initial state and the data.
    """
    yield from (skcnnlstm.__version__, *map(version, ("keras", "tensorflow", "numpy")))
    yield from (recipe.network, recipe.fingerprint.digest, recipe.target_dtype)
    for part in (recipe.optimizer, recipe.loss, *recipe.metrics):
        yield from [part] if isinstance(part, str) else part.facts
    for callback in callbacks:
        yield compute_fingerprint(callback, is_callback=True).digest
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
