"""Tells members of finished clips by direct message, where they asked for it: once a job.

What is to be sent stands in storage; a round sends it now and then, and at once after a delivery.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import discord
import structlog

from bot.channel_messages import NOT_SENT, ChannelMessages, Undeliverable, is_refusal
from bot.errors import TokenRefused
from bot.text import message_link, quoted
from generation.request import GenerationRequest
from storage import finish_notices, jobs
from storage.database import Connection, Database
from storage.finish_notices import FinishNotice
from storage.jobs import JobRecord

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 60.0


class FinishNotices:
    def __init__(self, *, database: Database, messages: ChannelMessages) -> None:
        self._database = database
        self._messages = messages
        self._sweeping = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def owe(self, connection: Connection, job_id: str, now: datetime) -> None:
        """In the transaction that says that the outcome is posted."""
        finish_notices.owe(connection, job_id=job_id, now=now)

    def send_soon(self) -> None:
        """Sends what is due, in the background."""
        task = asyncio.create_task(self.sweep(), name="finish notices")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Stops; what is not sent by then is found in storage at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def sweep(self) -> None:
        """Sends all that is due; what Discord does not take now waits for the next round."""
        async with self._sweeping:
            for notice in await self._database.read(finish_notices.due):
                try:
                    await self._send(notice)
                except Undeliverable as error:
                    await self._stop(notice, str(error))
                except NOT_SENT as error:
                    await self._failed(notice, error)

    async def _send(self, notice: FinishNotice) -> None:
        now = datetime.now(UTC)
        record = await self._database.read(lambda connection: jobs.get(connection, notice.job_id))
        found = notice.may_be_out_unseen(now) and await self._messages.find_directly(
            notice.user_id, f"job {notice.job_id}", interaction_id=record.interaction_id
        )
        if not found:
            if not await self._database.write(
                lambda connection: finish_notices.begin(connection, notice, now=now)
            ):
                return
            await self._messages.post_directly(
                notice.user_id, embed=draw_notice(record), nonce=f"done-{notice.job_id}"
            )
        await self._end(notice)
        log.info("notice.sent", job_id=notice.job_id)

    async def _failed(self, notice: FinishNotice, error: Exception) -> None:
        """Refused for good, or to be tried again in the next round."""
        log.warning("notice.not_sent", job_id=notice.job_id, error=str(error))
        if is_refusal(error) and not isinstance(error, TokenRefused):
            await self._end(notice, str(error))

    async def _stop(self, notice: FinishNotice, reason: str) -> None:
        """The member takes no direct messages: they are told when they next order something."""
        log.info("notice.stopped", job_id=notice.job_id, reason=reason)
        now = datetime.now(UTC)
        await self._database.write(
            lambda connection: finish_notices.stop(
                connection, user_id=notice.user_id, problem=reason, now=now
            )
        )

    async def _end(self, notice: FinishNotice, problem: str | None = None) -> None:
        now = datetime.now(UTC)
        await self._database.write(
            lambda connection: finish_notices.end(
                connection, job_id=notice.job_id, problem=problem, now=now
            )
        )

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("notices.failed", exc_info=error)


def draw_notice(record: JobRecord) -> discord.Embed:
    """What became of a job whose card is posted, and where that is."""
    request = GenerationRequest.from_json(record.request_json)
    made = record.state == "succeeded"
    embed = discord.Embed(
        title=f"{'✅' if made else '❌'} Your /{record.command} "
        f"{'is finished' if made else 'could not be made'}"
    )
    where = (
        message_link(record.guild_id, record.channel_id, record.card_message_id)
        if record.card_message_id
        else f"<#{record.channel_id}>"
    )
    words = quoted(request.prompt, 200) if request.prompt else "> *no words*"
    embed.description = f"{words}\n{where}"
    embed.set_footer(text=f"job {record.id} · /prefer reset turns these messages off")
    return embed
