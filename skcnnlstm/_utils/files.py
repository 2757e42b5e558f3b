"""Files of one JSON document and its arrays: whole or not there, checked when read.

A file is a line of text and a payload::

    skcnnlstm <kind> <format> <length of the payload> <its SHA-256>

The payload is the length of a JSON text in eight bytes, that text, and the bytes of the
arrays. Nothing in it is a pickle. It is written beside the file whose place it takes.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

try:
    import fcntl
except ImportError:  # Windows, where nobody can remove a file that is open
    fcntl = None  # type: ignore[assignment]

FORMAT = 1
_LINE = re.compile(rb"skcnnlstm ([a-z]{1,20}) (\d{1,9}) (\d{1,18}) ([0-9a-f]{64})\n")
_LONGEST_LINE = 130
_KINDS = "biufcSUmM"
_NONSENSE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


def write_file(path, kind, document, arrays):
    """Write a document and arrays, atomically.

    Parameters
    ----------
    path : path-like
        The file. One that is there is replaced once the new one is whole on the disk.
    kind : str
        What the file is; `read_file` is told it.
    document : object
        Anything that JSON can hold.
    arrays : list of ndarray
        Of numbers, booleans, times or text.

    Raises
    ------
    OSError
        If it cannot be written. A file that was there is as it was.
    """
    arrays = list(map(np.asanyarray, arrays))
    entries, at = [], 0
    for array in arrays:
        entries.append([dtype_text(array.dtype), array.shape, _order(array), at])
        at += array.nbytes
    text = json.dumps({"arrays": entries, "document": document}).encode()
    parts = [len(text).to_bytes(8, "little"), text, *map(_bytes, arrays)]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    n_bytes = 8 + len(text) + at
    line = f"skcnnlstm {kind} {FORMAT} {n_bytes} {digest.hexdigest()}\n"
    write_whole(path, [line.encode(), *parts])


def read_file(path, kind, made_by):
    """Read what `write_file` wrote.

    Parameters
    ----------
    path : path-like
        The file.
    kind : str
        What it must be.
    made_by : str
        Who writes files of that kind, for errors.

    Returns
    -------
    document : object
        As given.
    arrays : list of ndarray
        As given, each with memory of its own.

    Raises
    ------
    ValueError
        If it is no such file, of a newer format, cut or damaged.
    """
    with open(path, "rb") as file:
        match = _LINE.match(file.read(_LONGEST_LINE))
        if not match or match[1].decode() != kind:
            got = f"a file of kind {match[1].decode()!r}" if match else "another file"
            raise ValueError(
                f"path must be a file that {made_by} wrote: got {got}, or one whose "
                f"first line is damaged, at {path}."
            )
        form, n_bytes = int(match[2]), int(match[3])
        if form != FORMAT:
            raise ValueError(
                f"path must be a file of format {FORMAT}, the one that this version of "
                f"skcnnlstm reads: got format {form} at {path}. Use the version that "
                "wrote it, or a newer one."
            )
        size = os.fstat(file.fileno()).st_size - match.end()
        if size != n_bytes:
            raise ValueError(
                f"path must be a whole file: got {size} bytes after the first line of "
                f"{path}, which announces {n_bytes}. It is cut off or damaged."
            )
        file.seek(match.end())
        payload = file.read()
    if hashlib.sha256(payload).hexdigest() != match[4].decode():
        raise ValueError(
            f"path must be an undamaged file: the checksum of {path} is not that of "
            "its content. Use a copy of it, or make it anew."
        )
    with refusing_nonsense(path):
        n_text = 8 + int.from_bytes(payload[:8], "little")
        content = json.loads(payload[8:n_text])
        arrays = [_array(payload, n_text, *entry) for entry in content["arrays"]]
        return content["document"], arrays


@contextmanager
def refusing_nonsense(path):
    """Turn what goes wrong over the content of a file into an error about the file."""
    try:
        yield
    except _NONSENSE as error:
        if str(error).startswith("path must "):
            raise
        raise ValueError(
            f"path must be an undamaged file: the content of {path} makes no sense "
            f"({type(error).__name__}: {error}). Use a copy of it, or make it anew."
        ) from error


# ----------------------------------------------------------------------------- arrays


def can_hold(dtype):
    """Tell whether a file can hold arrays of a dtype."""
    return dtype.kind in _KINDS or dtype_text(dtype) == "bfloat16"


def dtype_text(dtype):
    """Return the text that makes a dtype again."""
    # NumPy has no text of its own for what ml_dtypes adds.
    return dtype.name if dtype.kind == "V" else dtype.str


def _order(array):
    flags = array.flags
    return "F" if flags.f_contiguous and not flags.c_contiguous else "C"


def _bytes(array):
    """View (or copy) an array as bytes, in its own order."""
    flat = np.ascontiguousarray(array.T if _order(array) == "F" else array)
    return memoryview(flat.reshape(-1).view(np.uint8))


def _array(payload, start, dtype, shape, order, at):
    dtype = np.dtype(dtype)
    if not can_hold(dtype) or order not in ("C", "F") or min((0, at, *shape)) < 0:
        raise ValueError(f"an array of dtype {dtype}")
    n_values = 1
    for n in shape:
        n_values *= n
    if start + at + n_values * dtype.itemsize > len(payload):
        raise ValueError("an array that reaches past the end")
    flat = np.frombuffer(payload, dtype, n_values, start + at) if n_values else ()
    return np.array(flat, dtype).reshape(shape, order=order)


# ---------------------------------------------------------------------------- writing


def write_whole(path, chunks):
    """Write a file beside another, and then put it into its place."""
    path = Path(os.path.realpath(path))
    check_place(path)
    if path.is_dir():
        raise IsADirectoryError(f"path must be a file: got the folder {path}.")
    _sweep(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(beside, "xb") as file:
            _lock(file)
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, beside)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    _sync_folder(path.parent)


def check_place(path):
    """Raise unless the folder of a path is there."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(
            f"path must lie in a folder that is there: got {path}. Make {folder} first."
        )


def _sweep(path):
    """Remove what processes left that were killed while they wrote this file."""
    pattern = glob.escape(f".{path.name}.") + "?" * 8 + ".part"
    for left in path.parent.glob(pattern):
        with suppress(OSError):
            with open(left, "rb") as file:
                _lock(file)  # fails where the writer is alive
            left.unlink()


def _lock(file):
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync_folder(folder):
    """Put the new name on the disk, where a system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
