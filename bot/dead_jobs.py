"""The list of dead jobs that moderators see, page by page, and what they do about one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord

from bot.errors import NotRequeueable
from bot.failures import failure_sentence
from bot.guild_jobs import job_of_guild
from bot.submission import Submission
from bot.text import credit_count, quoted
from bot.views.dead_list import dead_list_view
from generation.request import GenerationRequest
from storage import attempts
from storage.database import Connection, Database
from storage.errors import IllegalMove
from storage.jobs import JobRecord

PAGE_JOBS = 5  # one row of buttons
PROMPT_SHOWN_CHARACTERS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadPage:
    """Ready to be sent or to replace another page."""

    embed: discord.Embed
    view: discord.ui.View


class DeadJobs:
    """Callers have checked that whoever asks is a moderator."""

    def __init__(self, *, database: Database, submission: Submission) -> None:
        self._database = database
        self._submission = submission

    async def page(self, guild_id: int, number: int) -> DeadPage:
        """The page of this number, from 0; the last one, if there are fewer by now."""

        def read(connection: Connection) -> tuple[int, int, tuple[JobRecord, ...]]:
            count = attempts.dead_count(connection, guild_id=guild_id)
            shown = max(0, min(number, (count - 1) // PAGE_JOBS))
            records = attempts.dead(
                connection, guild_id=guild_id, limit=PAGE_JOBS, skip=shown * PAGE_JOBS
            )
            return count, shown, records

        count, shown, records = await self._database.read(read)
        embed = discord.Embed(title="Dead jobs", description="\n".join(map(_line, records)))
        if not records:
            embed.description = "There are none: every job here was made, or ended in order."
        else:
            pages = (count - 1) // PAGE_JOBS + 1
            embed.set_footer(text=f"{count} in all · page {shown + 1} of {pages}")
        view = dead_list_view(
            tuple(record.id for record in records),
            newer=shown - 1 if shown else None,
            older=shown + 1 if (shown + 1) * PAGE_JOBS < count else None,
        )
        return DeadPage(embed=embed, view=view)

    async def requeue(self, interaction: discord.Interaction[Any], job_id: str) -> str:
        """Tries the job again as a new one; returns what to tell the moderator.

        Raises JobUnavailable, NotRequeueable, and what `Submission.requeue` raises.
        """
        dead = await job_of_guild(self._database, job_id, guild_id=interaction.guild_id)
        try:
            accepted = await self._submission.requeue(
                dead, interaction_id=interaction.id, moderator_id=interaction.user.id
            )
        except IllegalMove:
            raise NotRequeueable(job_id) from None
        record = accepted.record
        cost = "relaxed, without credits" if record.relaxed else credit_count(record.price_credits)
        return (
            f"Job `{dead.id}` is tried again as `{record.id}`, for <@{record.user_id}> ({cost}), "
            f"in <#{record.channel_id}>."
        )


def _line(record: JobRecord) -> str:
    request = GenerationRequest.from_json(record.request_json)
    prompt = quoted(request.prompt, PROMPT_SHOWN_CHARACTERS).removeprefix("> ")
    ended = discord.utils.format_dt(record.finished_at or record.created_at, "R")
    attempts_made = f"{record.attempt} attempt{'' if record.attempt == 1 else 's'}"
    return (
        f"💀 `{record.id}` /{record.command} by <@{record.user_id}>: {prompt or '(a picture)'}\n"
        f"-# {failure_sentence(record.error_code, record.error_text)} {attempts_made}, "
        f"{record.worker_kills} workers lost · {ended}"
    )
