# asyncpg ships no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""A PostgreSQL of our own for the tests: from the PyPI wheel `pgserver`, else the system's.

It is started in a folder that is removed afterwards, listens on a socket in that folder alone,
and runs as `nobody` where the tests run as root, since PostgreSQL refuses root.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg


class NoPostgres(Exception):
    """No PostgreSQL could be found or started here; the message says why."""


class PostgresServer:
    """A running server, whose socket is in this folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        folder = quote(str(self._folder), safe="")
        return f"postgresql+asyncpg://postgres@/{database}?host={folder}"

    async def execute(self, statement: str) -> None:
        """Outside of any transaction, as making a database demands."""
        connection = await asyncpg.connect(
            host=str(self._folder), user="postgres", database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncGenerator[str]:
        """The URL of a new, empty database, which is dropped afterwards."""
        name = f"reelroom_{next(self._numbers)}"
        await self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def installed() -> Iterator[Path]:
    """Folders with `initdb` and `postgres`, the wheel's first: it is pinned."""
    wheel = find_spec("pgserver")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent


@contextlib.contextmanager
def running() -> Generator[PostgresServer]:
    """A server, until the end of the block. Raises NoPostgres."""
    problems: list[str] = []
    for programs in installed():
        if not (programs / "initdb").exists():
            continue
        with contextlib.ExitStack() as stack:
            try:
                folder = stack.enter_context(_started(programs))
            except (OSError, subprocess.SubprocessError) as error:
                output = getattr(error, "stderr", None) or getattr(error, "stdout", None) or ""
                problems.append(f"{programs}: {error} {output}".strip())
                continue
            yield PostgresServer(folder)
            return
    raise NoPostgres("; ".join(problems) or "no PostgreSQL is installed (pip install pgserver)")


@contextlib.contextmanager
def _started(programs: Path) -> Generator[Path]:
    """A running server's folder, which holds its socket."""
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="reelroom-postgres-"))
    try:
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            programs = _within_reach(programs, folder)
        folder.chmod(0o755)
        data = folder / "data"

        def call(program: str, *arguments: str) -> None:
            subprocess.run(
                [programs / program, *arguments],
                check=True,
                # Not a pipe: the server inherits it and would keep it open.
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                timeout=240,
                cwd=folder,
                user=None if owner is None else owner.pw_uid,
                group=None if owner is None else owner.pw_gid,
                extra_groups=None if owner is None else [],
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            )

        call("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        # What is lost when the machine dies does not matter here.
        options = f"-k {folder} -h '' -c fsync=off -c full_page_writes=off -c max_connections=60"
        log = str(folder / "log")
        call("pg_ctl", "-D", str(data), "-w", "-t", "200", "-l", log, "-o", options, "start")
        try:
            yield folder
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.getuid() == 0 else None


def _within_reach(programs: Path, folder: Path) -> Path:
    """The programs where anybody may run them: a checkout in root's home is closed to others."""
    if all(parent.stat().st_mode & 0o005 == 0o005 for parent in programs.parents):
        return programs
    package = programs.parent.parent
    copy = folder / "copy" / package.name
    shutil.copytree(programs.parent, copy / programs.parent.name)
    # The wheel keeps its libraries beside its package, at a path relative to its programs.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy.with_name(libraries.name))
    return copy / programs.parent.name / "bin"
