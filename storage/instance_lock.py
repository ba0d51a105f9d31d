"""One running instance a database: a lock file beside it, freed by the system if we die."""

import os
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from storage.database import database_file
from storage.errors import AlreadyRunning, DatabaseFolderMissing, DatabaseReadOnly


class InstanceLock:
    """Held between `acquire` and `release`, or as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path, timeout=0)

    @classmethod
    def beside(cls, url: str) -> "InstanceLock":
        """The lock of the database at this URL: `<file>.lock`. Raises UnsupportedDatabase."""
        file = database_file(url)
        return cls(file.with_name(f"{file.name}.lock"))

    def acquire(self) -> None:
        """Raises AlreadyRunning, DatabaseFolderMissing, DatabaseReadOnly."""
        try:
            if not self.path.absolute().parent.is_dir():
                raise DatabaseFolderMissing(folder=self.path.parent)
            self._lock.acquire()
        except Timeout:
            raise AlreadyRunning(path=self.path, pid=self._holder()) from None
        except PermissionError:
            raise DatabaseReadOnly(database=str(self.path)) from None
        self.path.write_text(f"{os.getpid()}\n")

    def release(self) -> None:
        """Let the next instance in; the file stays, since removing it would race with that one."""
        self._lock.release()

    def __enter__(self) -> "InstanceLock":
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _holder(self) -> int | None:
        try:
            return int(self.path.read_text())
        except (OSError, ValueError):
            return None
