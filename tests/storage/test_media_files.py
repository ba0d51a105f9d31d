"""Clips on a real disk."""

import asyncio
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import DiskFull, InvalidMediaName, MediaFileCorrupt, MediaFileMissing
from storage.media_files import MediaFiles

CLIP = b"moving pictures" * 1000
SHA256 = hashlib.sha256(CLIP).hexdigest()


def files_below(folder: Path) -> list[Path]:
    """All but the marks of what nothing refers to yet."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in found if path.parent.name != ".unclaimed"]


@pytest.fixture
def media(tmp_path: Path) -> MediaFiles:
    return MediaFiles(tmp_path / "data" / "media")


async def test_what_is_stored_comes_back_by_its_hash(media: MediaFiles, tmp_path: Path) -> None:
    stored = await media.put(CLIP, ".mp4")
    assert (stored.sha256, stored.size_bytes) == (SHA256, len(CLIP))
    assert stored.path == media.path(SHA256, ".mp4")
    assert await media.read(SHA256, ".mp4") == CLIP
    assert await media.verify(SHA256, ".mp4") == stored
    assert files_below(tmp_path) == [stored.path]


async def test_the_same_bytes_stored_at_the_same_time_are_one_file(
    media: MediaFiles, tmp_path: Path
) -> None:
    stored = await asyncio.gather(*(media.put(CLIP, ".mp4") for _ in range(20)))
    assert len(set(stored)) == 1
    assert files_below(tmp_path) == [stored[0].path]


async def test_a_missing_file_is_named(media: MediaFiles) -> None:
    with pytest.raises(MediaFileMissing) as missing:
        await media.read(SHA256, ".mp4")
    assert missing.value.path.name == f"{SHA256}.mp4"


async def test_a_file_gone_bad_is_noticed_and_can_be_stored_anew(media: MediaFiles) -> None:
    stored = await media.put(CLIP, ".mp4")
    stored.path.write_bytes(CLIP[:-1])
    with pytest.raises(MediaFileCorrupt):
        await media.read(SHA256, ".mp4")
    await media.put(CLIP, ".mp4")
    assert await media.read(SHA256, ".mp4") == CLIP


async def test_a_discarded_file_is_gone(media: MediaFiles) -> None:
    await media.put(CLIP, ".mp4")
    assert await media.discard(SHA256, ".mp4") is True
    assert await media.discard(SHA256, ".mp4") is False
    with pytest.raises(MediaFileMissing):
        await media.read(SHA256, ".mp4")


@pytest.mark.parametrize(
    ("sha256", "suffix"),
    [
        ("../../etc/passwd", ".mp4"),
        (SHA256, "/../../x"),
        (SHA256, "mp4"),
        (SHA256, ""),
        (SHA256.upper(), ".mp4"),
        ("", ".mp4"),
        (SHA256 + "\n", ".mp4"),
    ],
)
async def test_a_name_that_is_no_hash_is_refused(
    media: MediaFiles, sha256: str, suffix: str
) -> None:
    with pytest.raises(InvalidMediaName):
        await media.read(sha256, suffix)


async def test_what_a_killed_process_left_unfinished_is_removed(
    media: MediaFiles, tmp_path: Path
) -> None:
    assert await media.remove_unfinished() == 0
    stored = await media.put(CLIP, ".mp4")
    (tmp_path / "data" / "media" / ".unfinished" / "half").write_bytes(b"ha")
    assert await media.remove_unfinished() == 1
    assert files_below(tmp_path) == [stored.path]


async def test_what_was_stored_and_not_claimed_is_known_to_the_next_start(
    media: MediaFiles, tmp_path: Path
) -> None:
    await media.put(CLIP, ".mp4")
    claimed = await media.put(b"another", ".png")
    await media.claimed(claimed.sha256, ".png")
    (tmp_path / "data" / "media" / ".unclaimed" / "notes.txt").write_text("not ours")
    later = MediaFiles(tmp_path / "data" / "media")
    assert await later.unclaimed() == ((SHA256, ".mp4"),)
    assert await later.discard(SHA256, ".mp4")
    assert await later.unclaimed() == ()


_STORE_WITHOUT_ROOM = """
import asyncio, resource, sys
from pathlib import Path
from storage.errors import DiskFull
from storage.media_files import MediaFiles

resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
media = MediaFiles(Path(sys.argv[1]))
try:
    asyncio.run(media.put(bytes(100_000), ".mp4"))
except DiskFull as error:
    print(error.needed_bytes)
print(asyncio.run(media.put(b"small", ".mp4")).size_bytes)
"""


def test_no_room_is_an_error_that_leaves_no_half_file(tmp_path: Path) -> None:
    """In a process that may write 10 kB a file: what happens then is what a full disk does."""
    answer = subprocess.run(
        [sys.executable, "-c", _STORE_WITHOUT_ROOM, str(tmp_path / "media")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert answer.stdout.split() == ["100000", "5"]
    assert [path.read_bytes() for path in files_below(tmp_path)] == [b"small"]


def test_a_full_disk_says_how_much_was_needed() -> None:
    assert "needed_bytes=5" in str(DiskFull(folder=Path("media"), needed_bytes=5))
