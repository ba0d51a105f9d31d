"""Sends members what is stored of their own: packed beside the event loop, part by part, privately.

The wish is in storage first. While the command's token lives the parts are answers that only the
member sees; after that, and after a restart, they are direct messages.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import structlog

from bot.channel_messages import NOT_SENT, ChannelMessages
from bot.errors import DirectMessagesClosed, NothingToExport
from bot.job_id import job_id_for
from bot.privacy.packing import Item, Part, plan, plan_tables, write_part
from generation.request import Command
from storage import exports
from storage.database import Connection, Database
from storage.exports import Export, ExportKind
from storage.jobs import JobRecord
from storage.media_files import MediaFiles
from storage.personal_rows import rows_about

log = structlog.get_logger(__name__)

MOST_JOBS = 1000
"""In one export; another goes on with the older ones."""
MOST_PARTS = 12
MOST_BYTES = 24 * 1024 * 1024
"""Discord takes no larger request, whatever the limit of a file."""
SAY_EVERY_SECONDS = 3.0
TOKEN_SECONDS = 14 * 60.0

Say = Callable[[str], Awaitable[None]]


class Exporting:
    """`folder` holds what is being packed; `attachment_bytes` is what a direct message takes."""

    def __init__(
        self,
        *,
        database: Database,
        media_files: MediaFiles,
        messages: ChannelMessages,
        folder: Path,
        attachment_bytes: int,
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._messages = messages
        self._folder = folder
        self._attachment_bytes = attachment_bytes
        self._one_at_a_time = asyncio.Lock()
        self._tasks: dict[str, tuple[int, asyncio.Task[str]]] = {}

    async def answer(
        self,
        interaction: discord.Interaction[Any],
        kind: ExportKind,
        *,
        guild_id: int | None,
        before_job_id: str | None = None,
    ) -> None:
        """Answers a deferred interaction with all parts, and says how far it is.

        Raises ExportUnderWay, TooManyExports, ErasureUnderWay, NothingToExport,
        DirectMessagesClosed.
        """
        export = Export(
            id=job_id_for(interaction.id),
            user_id=interaction.user.id,
            guild_id=guild_id,
            kind=kind,
            before_job_id=before_job_id,
            asked_at=datetime.now(UTC),
        )
        await self._database.write(lambda connection: exports.begin(connection, export))
        task = self._start(export, _Private(interaction, self._messages))
        try:
            said = await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                raise  # The bot stops: the next start goes on with it.
            said = "The export was stopped, since all about you is being deleted."
        await interaction.edit_original_response(content=said)

    async def resume(self) -> None:
        """Sends what an earlier process did not live to send."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        for export in await self._database.read(exports.unfinished):
            self._start(export, _Direct(export, self._messages))

    async def forget(self, user_id: int) -> None:
        """Stops what is being sent to a member; nothing of it stays."""
        tasks = [task for whose, task in self._tasks.values() if whose == user_id]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stops; the next start goes on with what was not sent."""
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, export: Export, recipient: _Private | _Direct) -> asyncio.Task[str]:
        task = asyncio.create_task(self._run(export, recipient), name=f"export {export.id}")
        self._tasks[export.id] = (export.user_id, task)
        task.add_done_callback(lambda task: self._ended(export, task))
        return task

    def _ended(self, export: Export, task: asyncio.Task[str]) -> None:
        self._tasks.pop(export.id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("export.failed", export_id=export.id, error=repr(error))

    async def _run(self, export: Export, recipient: _Private | _Direct) -> str:
        """Returns what to say at the end."""
        if self._one_at_a_time.locked():
            await recipient.say("Others are being served first; yours is next.")
        async with self._one_at_a_time:
            folder = self._folder / export.id
            await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
            try:
                return await self._pack_and_send(export, recipient, folder)
            except asyncio.CancelledError:
                raise  # It has not ended: it is begun anew, or erased.
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
                current = asyncio.current_task()
                if current is None or not current.cancelling():
                    await self._database.write(
                        lambda connection: exports.end(
                            connection, export_id=export.id, now=datetime.now(UTC)
                        )
                    )

    async def _pack_and_send(
        self, export: Export, recipient: _Private | _Direct, folder: Path
    ) -> str:
        max_bytes = min(recipient.most_bytes(self._attachment_bytes), MOST_BYTES)
        records, shared = await self._database.read(
            lambda connection: (
                exports.jobs_for(connection, export, limit=MOST_JOBS + 1),
                exports.shared_jobs(connection, user_id=export.user_id),
            )
        )
        items = [await self._item(record, record.id in shared) for record in records[:MOST_JOBS]]
        data = await self._data(export, max_bytes)
        planned = await asyncio.to_thread(plan, items, max_bytes=max_bytes)
        sent, older = _newest(planned, len(records) > MOST_JOBS)
        parts = (*data, *sent)
        if not parts:
            raise NothingToExport
        for number, part in enumerate(parts, 1):
            await recipient.say(f"Packing part {number} of {len(parts)} …")
            name = f"reelroom-export-{number}-of-{len(parts)}.zip"
            file = folder / name
            if part.bare:
                file = _bare_file(part)
            else:
                await asyncio.to_thread(write_part, part, file, number=number, parts=len(parts))
            await recipient.send(f"Part {number} of {len(parts)}.", file, number=number)
            if not part.bare:
                await asyncio.to_thread(file.unlink)
        log.info("export.sent", export_id=export.id, parts=len(parts))
        return _said(sent, older, len(parts), export.kind)

    async def _item(self, record: JobRecord, shared: bool) -> Item:
        if record.clip_sha256 is None:
            return Item(record=record, shared=shared, file=None, file_bytes=0)
        path = self._media_files.path(record.clip_sha256, Command(record.command).suffix)
        try:
            size = (await asyncio.to_thread(path.stat)).st_size
        except FileNotFoundError:
            return Item(record=record, shared=shared, file=None, file_bytes=0)
        return Item(record=record, shared=shared, file=path, file_bytes=size)

    async def _data(self, export: Export, max_bytes: int) -> tuple[Part, ...]:
        if export.kind != "everything":
            return ()

        def read(connection: Connection) -> list[tuple[str, str]]:
            return [
                (row.table, json.dumps(row.content, ensure_ascii=False))
                for row in rows_about(connection, user_id=export.user_id)
            ]

        rows = await self._database.read(read)
        tables = [
            (name, [line for _, line in group])
            for name, group in itertools.groupby(rows, key=lambda row: row[0])
        ]
        return plan_tables(tables, max_bytes=max_bytes)


class _Private:
    """Whoever typed the command, while its token lives; afterwards their direct messages."""

    def __init__(self, interaction: discord.Interaction[Any], messages: ChannelMessages) -> None:
        self._interaction = interaction
        self._messages = messages
        self._token_ends = time.monotonic() + TOKEN_SECONDS
        self._said_at = -SAY_EVERY_SECONDS

    def most_bytes(self, attachment_bytes: int) -> int:
        # What comes late goes into a direct message, which takes no more than the usual.
        return min(self._interaction.filesize_limit, attachment_bytes)

    async def say(self, text: str) -> None:
        if time.monotonic() - self._said_at >= SAY_EVERY_SECONDS:
            self._said_at = time.monotonic()
            await self._interaction.edit_original_response(content=text)

    async def send(self, text: str, file: Path, *, number: int) -> None:
        if time.monotonic() < self._token_ends and not self._interaction.is_expired():
            await self._interaction.followup.send(text, file=discord.File(file), ephemeral=True)
            return
        nonce = f"ex-{job_id_for(self._interaction.id)}-{number}"
        try:
            await self._messages.post_file_directly(
                self._interaction.user.id, text, file, nonce=nonce
            )
        except NOT_SENT as error:
            raise DirectMessagesClosed from error


class _Direct:
    """Direct messages to whoever asked before the restart."""

    def __init__(self, export: Export, messages: ChannelMessages) -> None:
        self._export = export
        self._messages = messages

    def most_bytes(self, attachment_bytes: int) -> int:
        return attachment_bytes

    async def say(self, text: str) -> None:
        """Nobody waits for it."""

    async def send(self, text: str, file: Path, *, number: int) -> None:
        await self._messages.post_file_directly(
            self._export.user_id,
            f"The export that you asked for: {text[:1].lower()}{text[1:]}",
            file,
            nonce=f"ex-{self._export.id}-{number}",
        )


def _newest(planned: tuple[Part, ...], cut: bool) -> tuple[tuple[Part, ...], str | None]:
    """As many parts as are sent at once, and the job before which the rest goes on."""
    zips = [part for part in planned if not part.bare]
    taken = zips[:MOST_PARTS]
    entries = {entry.item.record.id for part in taken for entry in part.entries}
    bare = [part for part in planned if part.bare and part.entries[0].item.record.id in entries]
    older = cut or len(zips) > len(taken)
    last = taken[-1].entries[-1].item.record.id if taken and older else None
    return (*taken, *bare), last


def _bare_file(part: Part) -> Path:
    file = part.entries[0].item.file
    assert file is not None  # what has none is in the manifest only
    return file


def _said(sent: tuple[Part, ...], older: str | None, parts: int, kind: ExportKind) -> str:
    entries = [entry for part in sent if not part.bare for entry in part.entries]
    clips = sum(entry.place in ("here", "beside") for entry in entries)
    lost = [entry for entry in entries if entry.place in ("too large", "no longer kept")]
    lines = [
        f"{len(entries)} job{'' if len(entries) == 1 else 's'} and {clips} "
        f"clip{'' if clips == 1 else 's'} in {parts} part{'' if parts == 1 else 's'}, newest first."
    ]
    if lost:
        named = ", ".join(f"`{entry.item.record.id}` ({entry.place})" for entry in lost[:10])
        more = f" and {len(lost) - 10} more" if len(lost) > 10 else ""
        lines.append(f"Without their clip: {named}{more}.")
    if older is not None:
        command = "export" if kind == "clips" else "privacy export"
        lines.append(f"There are older ones: `/{command} before:{older}` brings them.")
    return "\n".join(lines)
