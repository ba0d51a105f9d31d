"""A disk that is really full: a small file system in memory, where the system lets us mount one."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Generator
from pathlib import Path

BLOCK_BYTES = 4096
MOUNT_SECONDS = 60


class NoMount(Exception):
    """Nothing can be mounted here; the message says why."""


class SmallDisk:
    """Mounted at `folder`. `fill` leaves no byte, `make_room` takes that back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        with self._filler.open("ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(BLOCK_BYTES))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def make_room(self) -> None:
        self._filler.unlink()


@contextlib.contextmanager
def small_disk(folder: Path, *, size_bytes: int) -> Generator[SmallDisk]:
    """Raises NoMount where the system does not allow it."""
    if os.getuid() != 0:
        raise NoMount("only root may mount a file system")
    folder.mkdir()
    options = f"size={size_bytes},mode=700"
    try:
        _call("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", None) or error
        raise NoMount(f"no file system can be mounted here: {detail}") from error
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: a thread may still be about to close a file.
        _call("umount", "--lazy", str(folder))


def _call(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=MOUNT_SECONDS)
