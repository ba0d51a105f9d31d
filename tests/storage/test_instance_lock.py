"""Two instances never share a database."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import AlreadyRunning, DatabaseFolderMissing, InstanceLockLost
from storage.instance_lock import InstanceLock
from tests.storage.postgres_server import PostgresServer

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


async def test_the_loss_of_a_server_s_lock_is_noticed_and_the_next_instance_gets_it(
    url: str, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        pytest.skip("the system keeps the lock of a file as long as the process lives")
    server: PostgresServer = request.getfixturevalue("postgres")
    lock = InstanceLock.beside(url)
    async with lock:
        losing = asyncio.create_task(lock.lost())
        await asyncio.sleep(0)
        assert lock.held
        await server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        )
        async with asyncio.timeout(120):
            assert isinstance(await losing, InstanceLockLost)
        assert not lock.held
        async with InstanceLock.beside(url) as next_instance:
            assert next_instance.held
    assert not lock.held
