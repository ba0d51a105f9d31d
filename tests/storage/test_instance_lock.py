"""Two instances never share a database."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import AlreadyRunning, DatabaseFolderMissing
from storage.instance_lock import InstanceLock

_HOLD = """
import asyncio, sys
from storage.instance_lock import InstanceLock

async def hold():
    async with InstanceLock.beside(sys.argv[1]):
        print("held", flush=True)
        sys.stdin.read()

asyncio.run(hold())
"""


async def test_a_second_instance_is_refused_until_the_first_is_gone(url: str, kind: str) -> None:
    holder = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", _HOLD, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning) as running:
            await InstanceLock.beside(url).acquire()
        assert running.value.pid == (holder.pid if kind == "sqlite" else None)
        holder.send_signal(signal.SIGKILL)
    for _ in range(200):  # A server takes a moment to see that its client is dead.
        try:
            async with InstanceLock.beside(url):
                return
        except AlreadyRunning:
            await asyncio.sleep(0.1)
    pytest.fail("the lock of a dead process was never freed")


async def test_a_released_lock_can_be_taken_again(url: str) -> None:
    for _ in range(2):
        async with InstanceLock.beside(url):
            pass


async def test_the_lock_of_a_database_in_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatabaseFolderMissing):
        await InstanceLock.beside(f"sqlite+aiosqlite:///{tmp_path}/nowhere/a.db").acquire()
