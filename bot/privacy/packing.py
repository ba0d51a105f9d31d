"""An export in parts that Discord takes: planned by sizes first, then written one by one.

Nothing here is awaited: `write_part` is for a thread. Files go from disk to disk, uncompressed,
since clips do not compress; only one clip's picture is in memory at a time.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.card import clip_filename
from bot.privacy import contact_sheet
from bot.privacy.contact_sheet import MOST_BYTES_A_CLIP, Shown
from bot.privacy.manifest import Place, manifest_line
from generation.request import GenerationRequest
from storage.jobs import JobRecord

PART_BYTES = 8 * 1024
"""Of every part: its README and the zip's own tables."""
FILE_BYTES = 1024
"""Of every file in it beside its content: names, twice."""

README = """\
Your clips from Reelroom, part {part} of {parts}.

manifest.jsonl     one JSON object a line for each job of this part: id, time (UTC), server,
                   command, prompt, settings, seed, model and its revision, versions, file,
                   SHA-256 of the file, credits that it cost, state, whether it is in the gallery,
                   and the job that it remixes. "file_is" says where the clip is: "here" in this
                   zip, "beside" it as a file of its own, or why there is none.
contact_sheet.png  the first pictures of the clips in this part
{more}"""
DATA_README = """\
data/*.jsonl       one JSON object a line for each row that the bot stores about you, a file for
                   each table; what others did (their likes, their reports) is theirs, and which
                   moderator did something is not told
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A job to export; `file` is None where there is no clip (any more)."""

    record: JobRecord
    shared: bool
    file: Path | None
    file_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An item with where its file goes, and its line."""

    item: Item
    place: Place
    line: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One file to send: a zip of these entries, or, where `bare`, the clip of its only entry.

    `tables` are lines of data by table, for the zip's folder `data`.
    """

    entries: tuple[Entry, ...] = ()
    bare: bool = False
    tables: tuple[tuple[str, tuple[str, ...]], ...] = ()


def plan(items: Sequence[Item], *, max_bytes: int) -> tuple[Part, ...]:
    """Parts of at most `max_bytes` each, in the order of the items; every item is in one.

    A clip that fits into a message, and not into a zip of its own, is sent beside; one that does
    not fit at all is told in the manifest.
    """
    zips: list[list[Entry]] = [[]]
    bare: list[Part] = []
    used = PART_BYTES
    for item in items:
        entry = _entry(item, max_bytes)
        size = _bytes_in_zip(entry)
        if used + size > max_bytes and zips[-1]:
            zips.append([])
            used = PART_BYTES
        zips[-1].append(entry)
        used += size
        if entry.place == "beside":
            bare.append(Part(entries=(entry,), bare=True))
    return (*(Part(entries=tuple(entries)) for entries in zips if entries), *bare)


def plan_tables(tables: Sequence[tuple[str, Sequence[str]]], *, max_bytes: int) -> tuple[Part, ...]:
    """Parts of lines of data, each within `max_bytes` even if nothing of it could be compressed."""
    parts: list[list[tuple[str, list[str]]]] = [[]]
    used = PART_BYTES
    for name, lines in tables:
        parts[-1].append((name, []))
        for line in lines:
            size = len(line.encode()) + 1
            if used + size > max_bytes and used > PART_BYTES:
                parts.append([(name, [])])
                used = PART_BYTES
            parts[-1][-1][1].append(line)
            used += size
    return tuple(
        Part(tables=tuple((name, tuple(lines)) for name, lines in part if lines)) for part in parts
    )


def write_part(part: Part, file: Path, *, number: int, parts: int) -> None:
    """Makes the zip."""
    with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED) as archive:
        more = DATA_README if part.tables else ""
        archive.writestr("README.txt", README.format(part=number, parts=parts, more=more))
        for name, lines in part.tables:
            archive.writestr(f"data/{name}.jsonl", "\n".join(lines) + "\n")
        if part.entries:
            lines = "\n".join(entry.line for entry in part.entries)
            archive.writestr("manifest.jsonl", lines + "\n")
        shown: list[Shown] = []
        for entry in part.entries:
            item = entry.item
            if entry.place == "here" and item.file is not None:
                archive.write(item.file, f"clips/{clip_filename(item.record)}", zipfile.ZIP_STORED)
                shown.append(_shown(item.record, item.file))
        if shown:
            archive.writestr("contact_sheet.png", contact_sheet.draw(shown), zipfile.ZIP_STORED)


def _entry(item: Item, max_bytes: int) -> Entry:
    place = _place(item, max_bytes)
    line = manifest_line(item.record, shared=item.shared, place=place)
    if place == "here":
        whole = Entry(item=item, place=place, line=line)
        if PART_BYTES + _bytes_in_zip(whole) > max_bytes:
            place = "beside"
            line = manifest_line(item.record, shared=item.shared, place=place)
    return Entry(item=item, place=place, line=line)


def _place(item: Item, max_bytes: int) -> Place:
    if item.record.clip_sha256 is None:
        return "none was made"
    if item.file is None:
        return "no longer kept"
    return "here" if item.file_bytes <= max_bytes else "too large"


def _bytes_in_zip(entry: Entry) -> int:
    """At most; nothing is taken to be compressed."""
    size = len(entry.line.encode()) + 1
    if entry.place != "here":
        return size
    return size + entry.item.file_bytes + FILE_BYTES + MOST_BYTES_A_CLIP


def _shown(record: JobRecord, file: Path) -> Shown:
    prompt = GenerationRequest.from_json(record.request_json).prompt
    return Shown(file=file, title=record.id, words=prompt or f"/{record.command}")
