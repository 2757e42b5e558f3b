"""Tests of atomic writing: killed processes, full disks and concurrent writers."""

import os
import subprocess
import sys
import time

import pytest

from skcnnlstm._utils.files import check_parent_folder, write_atomically


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.file"
    path.write_bytes(b"old")
    return path


def test_the_chunks_replace_the_old_content(path, tmp_path):
    write_atomically(path, [b"one ", memoryview(b"two"), b""])
    assert path.read_bytes() == b"one two"
    assert os.listdir(tmp_path) == [path.name]


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="path must be a file: got the folder"):
        write_atomically(tmp_path, [])


def test_a_missing_parent_folder_is_an_error(tmp_path):
    check_parent_folder(tmp_path / "file")
    for function in (check_parent_folder, lambda path: write_atomically(path, [])):
        with pytest.raises(FileNotFoundError, match=r"existing folder: got .* Create "):
            function(tmp_path / "none" / "file")


def test_symbolic_links_and_permissions_are_kept(path, tmp_path):
    path.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(path)
    write_atomically(link, [b"new"])
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600


# ------------------------------------------------------------------- killed, disk full

KILLED = """
import os, shutil, sys
from skcnnlstm._utils.files import write_atomically

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

write_atomically(path, chunks())
"""


def test_a_process_killed_at_any_step_leaves_a_complete_file(path, tmp_path):
    for step in range(8):
        path.write_bytes(b"old")
        process = subprocess.run([sys.executable, "-c", KILLED, path, str(step)])
        assert path.read_bytes() in (b"old", b"new" * 300_000)
        if process.returncode == 0:
            break
        assert process.returncode == 9
    assert step == 7  # three chunks, fsync, copymode, replace, fsync of the folder
    assert len(os.listdir(tmp_path)) == 1 + 6  # one leftover of each earlier process


def test_old_leftovers_are_removed_and_recent_ones_kept(path, tmp_path):
    recent, old = (tmp_path / f".a.file.{n}1234567.part" for n in (0, 1))
    of_another_file = tmp_path / ".b.file.01234567.part"
    for leftover in (recent, old, of_another_file):
        leftover.write_bytes(b"part")
    two_hours_ago = time.time() - 7200
    for leftover in (old, of_another_file):
        os.utime(leftover, (two_hours_ago, two_hours_ago))
    write_atomically(path, [b"new"])
    assert recent.exists() and of_another_file.exists()
    assert not old.exists()


FULL = """
import resource, sys
from skcnnlstm._utils.files import write_atomically

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    write_atomically(sys.argv[1], [bytes(800_000)])
except OSError as error:
    sys.exit(7)
"""


def test_a_full_disk_leaves_the_old_file_and_no_temporary_file(path, tmp_path):
    pytest.importorskip("resource", reason="process limits exist on POSIX only")
    assert subprocess.run([sys.executable, "-c", FULL, path]).returncode == 7
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [path.name]


# ------------------------------------------------------------------------- concurrency

WRITES = """
import sys, time
from skcnnlstm._utils.files import write_atomically

path, letter, seconds = sys.argv[1], sys.argv[2].encode(), float(sys.argv[3])
end = time.monotonic() + seconds
while time.monotonic() < end:
    write_atomically(path, [letter * 100_000] * 3)
"""


def test_readers_never_see_a_part_while_two_processes_write(path, tmp_path):
    path.write_bytes(b"a" * 300_000)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITES, path, letter, "1"])
        for letter in "ab"
    ]
    while any(writer.poll() is None for writer in writers):
        content = path.read_bytes()
        assert content in (b"a" * 300_000, b"b" * 300_000)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert os.listdir(tmp_path) == [path.name]
