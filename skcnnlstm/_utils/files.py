"""Atomic writing of files."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

# A killed process leaves a temporary file. Later calls remove temporary files that are
# older than this number of seconds. A process may still write to younger files.
_LEFTOVER_AGE = 3600


def write_atomically(path, chunks):
    """Write chunks of bytes to a file, so that no reader ever sees a partial file.

    The bytes are written to a temporary file in the same folder, which is then renamed
    to `path`. Several processes may write to one path. The process that finishes last
    determines the content.

    Parameters
    ----------
    path : path-like
        The file. An existing file is replaced, and its permissions are kept. If `path`
        is a symbolic link, the target of the link is replaced.
    chunks : iterable of bytes-like
        The content of the file.

    Raises
    ------
    OSError
        If the file cannot be written. An existing file is then unchanged.
    """
    path = Path(os.path.realpath(path))
    check_parent_folder(path)
    if path.is_dir():
        raise IsADirectoryError(
            f"path must be a file: got the folder {path}. Add a file name to the path."
        )
    _remove_leftovers(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(temporary, "xb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def check_parent_folder(path):
    """Raise if the parent folder of a path does not exist."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(
            f"path must be in an existing folder: got {path}. Create {folder} first."
        )


def _remove_leftovers(path):
    """Remove old temporary files of killed processes."""
    pattern = glob.escape(f".{path.name}.") + "?" * 8 + ".part"
    for leftover in path.parent.glob(pattern):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > _LEFTOVER_AGE:
                leftover.unlink()


def _sync_folder(folder):
    """Write the folder entry to the disk, on systems that support it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
