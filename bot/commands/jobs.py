"""/jobs: what a member's jobs are doing, with a way to cancel them."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.card import price_words
from bot.delivery import Delivery
from bot.failures import failure_sentence
from bot.text import duration, message_link, quoted
from bot.views.job_buttons import JobAction, JobButton
from generation.job import JobState
from generation.request import GenerationRequest
from storage import jobs
from storage.database import Database
from storage.jobs import JobRecord

SHOWN_JOBS = 10
CANCEL_BUTTONS = 5
PROMPT_SHOWN_CHARACTERS = 80
STATE_SIGNS = {
    JobState.WAITING: "⏳",
    JobState.RUNNING: "⚙️",
    JobState.SUCCEEDED: "✅",
    JobState.FAILED: "❌",
    JobState.CANCELLED: "🚫",
    JobState.DEAD: "❌",
}


class JobsCog(commands.Cog):
    def __init__(self, *, database: Database, delivery: Delivery) -> None:
        self._database = database
        self._delivery = delivery

    @app_commands.command(name="jobs", description="Your jobs here: state, place, time left")
    @app_commands.guild_only()
    async def list_jobs(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        guild_id = interaction.guild_id or 0
        records = await self._database.read(
            lambda connection: jobs.of_user(
                connection, guild_id=guild_id, user_id=interaction.user.id, limit=SHOWN_JOBS
            )
        )
        if not records:
            await interaction.followup.send(
                "You have no jobs here yet. Try `/imagine-video prompt:a red circle moving right`.",
                ephemeral=True,
            )
            return
        embed = discord.Embed(
            title="Your jobs", description="\n".join(self._line(record) for record in records)
        )
        view = discord.ui.View(timeout=None)
        active = [record for record in records if not JobState(record.state).terminal]
        for record in active[:CANCEL_BUTTONS]:
            button = JobButton(JobAction.CANCEL, record.id)
            button.item.label = f"Cancel {record.id}"
            view.add_item(button)
        await interaction.followup.send(embed=embed, view=view, ephemeral=True)

    def _line(self, record: JobRecord) -> str:
        state = JobState(record.state)
        request = GenerationRequest.from_json(record.request_json)
        prompt = quoted(request.prompt, PROMPT_SHOWN_CHARACTERS).removeprefix("> ")
        return (
            f"{STATE_SIGNS[state]} `{record.id}` /{record.command} {prompt or '(a picture)'}\n"
            f"-# {self._situation(record, state)} · {price_words(record)}"
            f"{self._link(record)}"
        )

    def _situation(self, record: JobRecord, state: JobState) -> str:
        match state:
            case JobState.WAITING:
                standing = self._delivery.standing(record)
                if standing is None:
                    return "waiting"
                if standing.paused:
                    return "waiting: the queue is paused"
                left = standing.seconds_left
                eta = "" if left is None else f", about {duration(left)} left"
                return f"place {standing.place}{eta}"
            case JobState.FAILED | JobState.DEAD:
                return failure_sentence(record.error_code, record.error_text)
            case JobState.SUCCEEDED if record.takedown_reason is not None:
                reason = discord.utils.escape_markdown(record.takedown_reason)
                return f"taken down by moderators: {reason}"
            case JobState.SUCCEEDED if record.delivery_problem:
                return f"made, but not posted: {record.delivery_problem}"
            case _:
                return state.value

    def _link(self, record: JobRecord) -> str:
        if record.card_message_id is None:
            return ""
        link = message_link(record.guild_id, record.channel_id, record.card_message_id)
        return f" · {link}"
