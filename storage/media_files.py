"""Clips on disk, named by the SHA-256 of what they hold.

A file is complete from the moment it has its name: it is written under `.unfinished/`, synced,
and renamed. The same bytes stored twice are one file. Until whoever stores it has said in the
database what it is for, and then `claimed` it, a mark under `.unclaimed/` tells the next start to
look whether anything refers to it.
"""

import asyncio
import errno
import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from storage.errors import DiskFull, InvalidMediaName, MediaFileCorrupt, MediaFileMissing

_UNFINISHED = ".unfinished"
_UNCLAIMED = ".unclaimed"
# No space, over the quota, over the largest file the process may write.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, kw_only=True)
class MediaFile:
    """A stored file."""

    sha256: str
    size_bytes: int
    path: Path


class MediaFiles:
    """The files under one folder, which is made when the first is stored."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, data: bytes, suffix: str) -> MediaFile:
        """Store the bytes; `suffix` like ".mp4". Raises DiskFull, InvalidMediaName."""
        return await asyncio.to_thread(self._put, data, suffix)

    async def claimed(self, sha256: str, suffix: str) -> None:
        """Something in the database refers to the file now. Raises InvalidMediaName."""
        mark = self._mark(self.path(sha256, suffix))
        await asyncio.to_thread(mark.unlink, missing_ok=True)

    async def disclaim(self, sha256: str, suffix: str) -> None:
        """What refers to the file is about to go. Raises InvalidMediaName."""
        await asyncio.to_thread(self._make_mark, self.path(sha256, suffix))

    async def unclaimed(self) -> tuple[tuple[str, str], ...]:
        """Hash and suffix of each file that was put and not claimed, for the start."""
        return await asyncio.to_thread(self._unclaimed)

    async def read(self, sha256: str, suffix: str) -> bytes:
        """The bytes, checked. Raises MediaFileMissing, MediaFileCorrupt, InvalidMediaName."""
        return await asyncio.to_thread(self._read, sha256, suffix)

    async def verify(self, sha256: str, suffix: str) -> MediaFile:
        """Read the whole file and compare. Raises as `read` does."""
        data = await self.read(sha256, suffix)
        return MediaFile(sha256=sha256, size_bytes=len(data), path=self.path(sha256, suffix))

    async def discard(self, sha256: str, suffix: str) -> bool:
        """Remove a file that nothing refers to any more; False if there was none."""
        return await asyncio.to_thread(self._discard, self.path(sha256, suffix))

    async def suffixes(self, sha256: str) -> tuple[str, ...]:
        """Of the files that are stored under this hash: one or none, as a rule."""
        return await asyncio.to_thread(self._suffixes, sha256)

    async def remove_unfinished(self) -> int:
        """Remove what a killed process left half written; returns how many files.

        For the start, while nothing is being stored.
        """
        return await asyncio.to_thread(self._remove_unfinished)

    def path(self, sha256: str, suffix: str) -> Path:
        """Where the file is, or would be. Raises InvalidMediaName."""
        if not _is_ours(sha256, suffix):
            raise InvalidMediaName(name=f"{sha256}{suffix}")
        # 256 folders keep each of them short enough to list.
        return self._folder / sha256[:2] / f"{sha256}{suffix}"

    def _put(self, data: bytes, suffix: str) -> MediaFile:
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256, suffix)
        try:
            self._make_mark(path)
            # A file that has gone bad since is written anew.
            if not path.is_file() or _sha256(path.read_bytes()) != sha256:
                self._write(path, data)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise DiskFull(folder=self._folder, needed_bytes=len(data)) from error
            raise
        return MediaFile(sha256=sha256, size_bytes=len(data), path=path)

    def _suffixes(self, sha256: str) -> tuple[str, ...]:
        beside = sorted((self._folder / sha256[:2]).glob(f"{sha256}.*"))
        return tuple(path.suffix for path in beside if _is_ours(sha256, path.suffix))

    def _mark(self, path: Path) -> Path:
        return self._folder / _UNCLAIMED / path.name

    def _make_mark(self, path: Path) -> None:
        mark = self._mark(path)
        _make_folders(mark.parent)
        mark.touch()

    def _unclaimed(self) -> tuple[tuple[str, str], ...]:
        marks = sorted((self._folder / _UNCLAIMED).glob("*.*"))
        return tuple((mark.stem, mark.suffix) for mark in marks if _is_ours(mark.stem, mark.suffix))

    def _write(self, path: Path, data: bytes) -> None:
        unfinished = self._folder / _UNFINISHED / f"{path.name}.{secrets.token_hex(8)}"
        _make_folders(unfinished.parent)
        _make_folders(path.parent)
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    def _read(self, sha256: str, suffix: str) -> bytes:
        path = self.path(sha256, suffix)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise MediaFileMissing(path=path) from None
        found = _sha256(data)
        if found != sha256:
            raise MediaFileCorrupt(path=path, found_sha256=found)
        return data

    def _discard(self, path: Path) -> bool:
        existed = path.is_file()
        path.unlink(missing_ok=True)
        if existed:
            _sync_folder(path.parent)
        self._mark(path).unlink(missing_ok=True)
        return existed

    def _remove_unfinished(self) -> int:
        left = list((self._folder / _UNFINISHED).glob("*"))
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def _is_ours(sha256: str, suffix: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{64}\.[a-z0-9]{1,8}", sha256 + suffix))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _make_folders(folder: Path) -> None:
    """Make the folder, and see to it that a power failure does not take it away again."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk when its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
