"""Two instances never share a database."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import AlreadyRunning, DatabaseFolderMissing
from storage.instance_lock import InstanceLock

_HOLD = """
import sys
from storage.instance_lock import InstanceLock

lock = InstanceLock.beside(sys.argv[1])
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_instance_is_told_who_was_first(url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning) as running:
            InstanceLock.beside(url).acquire()
        assert running.value.pid == holder.pid
        holder.send_signal(signal.SIGKILL)
    with InstanceLock.beside(url) as lock:
        assert int(lock.path.read_text()) == os.getpid()


def test_a_released_lock_can_be_taken_again(url: str) -> None:
    for _ in range(2):
        with InstanceLock.beside(url):
            pass


def test_the_lock_of_a_database_in_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatabaseFolderMissing):
        InstanceLock.beside(f"sqlite+aiosqlite:///{tmp_path}/nowhere/a.db").acquire()
