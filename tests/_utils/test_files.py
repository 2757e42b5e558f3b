"""Files that are whole or not there: cut, flipped, killed, on a full disk."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from skcnnlstm._utils.files import read_file, write_file

ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.array([], "float32"),
    np.array(3, "int8"),
    np.array(["a", "bcd"]),
    np.array([True, False]),
    np.array(["2020-01-01"], "M8[ns]"),
    np.arange(12)[::3],
    np.arange(3, dtype=">i4"),
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.file"
    write_file(path, "test", {"words": ["ä", float("inf")]}, ARRAYS)
    return path


def test_documents_and_arrays_come_back_as_they_were(path):
    document, arrays = read_file(path, "test", "this test")
    assert document == {"words": ["ä", float("inf")]}
    for array, again in zip(ARRAYS, arrays, strict=True):
        np.testing.assert_array_equal(again, array, strict=True)
        assert again.dtype.str == array.dtype.str
        assert again.flags.f_contiguous == array.flags.f_contiguous or array.ndim < 2
        assert again.flags.writeable


def test_every_cut_and_every_flip_is_told(path, thorough):
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for number in range(2000 if thorough else 200):
        at = int(rng.integers(len(whole)))
        broken = bytearray(whole[:at] if number % 2 else whole)
        if number % 2 == 0:
            broken[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        with pytest.raises(ValueError, match="path must be"):
            read_file(path, "test", "this test")
    path.write_bytes(whole)
    read_file(path, "test", "this test")


@pytest.mark.parametrize(
    "old, new, message",
    [
        (b"test 1 ", b"test 2 ", "a file of format 1, the one that this version"),
        (b"test 1 ", b"tent 1 ", "wrote: got a file of kind 'tent'"),
        (b"skcnnlstm test", b"PK\x03\x04 skcnnlstm", "wrote: got another file"),
    ],
)
def test_another_file_is_told(path, old, new, message):
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        read_file(path, "test", "this test")


@pytest.mark.parametrize(
    "entry",
    [
        ["|O", [1], "C", 0],
        ["<f8", [10**15], "C", 0],
        ["<f8", [-1], "C", 0],
        ["<f8", [1], "K", 0],
        ["<f8", [1], "C", -8],
        ["nonsense", [1], "C", 0],
        ["<f8", "1", "C", 0],
        [],
    ],
)
def test_arrays_that_make_no_sense_are_told(path, entry, monkeypatch):
    dumps = json.dumps

    def hostile(content):
        return dumps({**content, "arrays": [entry]})

    monkeypatch.setattr("skcnnlstm._utils.files.json.dumps", hostile)
    write_file(path, "test", {}, [np.zeros(3)])
    with pytest.raises(ValueError, match="path must be an undamaged file"):
        read_file(path, "test", "this test")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="path must be a file: got the folder"):
        write_file(tmp_path, "test", {}, [])


def test_a_link_stays_one_and_a_mode_too(path, tmp_path):
    path.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(path)
    write_file(link, "test", "new", [])
    assert link.is_symlink()
    assert read_file(path, "test", "this test")[0] == "new"
    assert path.stat().st_mode & 0o777 == 0o600


# ------------------------------------------------------------------- killed, disk full

KILLED = """
import os, shutil, sys
from skcnnlstm._utils import files as _file

path, last = sys.argv[1], int(sys.argv[2])
steps = 0

def step():
    global steps
    if steps == last:
        os._exit(9)
    steps += 1

def stepping(function):
    def with_step(*args):
        step()
        return function(*args)
    return with_step

for module, name in (os, "fsync"), (os, "replace"), (shutil, "copymode"):
    setattr(module, name, stepping(getattr(module, name)))

def chunks():
    for _ in range(3):
        step()
        yield b"new" * 100_000

_file.write_whole(path, chunks())
"""


def test_a_process_killed_at_any_step_leaves_a_whole_file(tmp_path):
    path = tmp_path / "a.file"
    for step in range(8):
        path.write_bytes(b"old")
        done = subprocess.run([sys.executable, "-c", KILLED, path, str(step)])
        assert path.read_bytes() in (b"old", b"new" * 300_000)
        if done.returncode == 0:
            break
        assert done.returncode == 9
        # What the last one left is swept by the next one, which leaves one at most.
        assert len(os.listdir(tmp_path)) <= 2
    assert step == 7  # three chunks, fsync, copymode, replace, fsync of the folder
    assert os.listdir(tmp_path) == ["a.file"]


FULL = """
import resource, sys
import numpy as np
from skcnnlstm._utils.files import write_file

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    write_file(sys.argv[1], "test", {}, [np.zeros(100_000)])
except OSError as error:
    sys.exit(7)
"""


def test_a_full_disk_leaves_the_old_file_and_no_litter(path, tmp_path):
    pytest.importorskip("resource", reason="limits of a process are for POSIX")
    whole = path.read_bytes()
    assert subprocess.run([sys.executable, "-c", FULL, path]).returncode == 7
    assert path.read_bytes() == whole
    assert os.listdir(tmp_path) == [path.name]


def test_what_a_live_process_writes_is_not_swept(path, tmp_path):
    pytest.importorskip("fcntl", reason="locks of POSIX")
    import fcntl

    alive = tmp_path / ".a.file.01234567.part"
    with open(alive, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_file(path, "test", {}, [])
        assert alive.exists()
    write_file(path, "test", {}, [])
    assert not alive.exists()
