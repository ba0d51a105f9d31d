"""The review queue as moderators see it: a clip a page, the newest report or appeal first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import discord

from bot.channel_messages import Attachment
from bot.text import message_link, quoted
from bot.views.review_buttons import ReviewAct, review_view
from generation.clip import ClipFacts
from generation.decoding import still
from generation.errors import UnreadableMedia
from generation.models.catalogue import Catalogue
from generation.request import Command, GenerationRequest
from storage import comparisons, jobs, reviews
from storage.comparisons import BLIND, Comparison
from storage.database import Connection, Database
from storage.errors import MediaError
from storage.jobs import JobRecord
from storage.media_files import MediaFiles
from storage.moderation import Act
from storage.reviews import Review

PROMPT_SHOWN_CHARACTERS = 900
WORDS_SHOWN_CHARACTERS = 250
REPORTS_SHOWN = 4
ACTS = {
    "reported": (ReviewAct.TAKE_DOWN, ReviewAct.DISMISS, ReviewAct.BLOCK),
    "appealed": (ReviewAct.RESTORE, ReviewAct.UPHOLD, ReviewAct.BLOCK),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewPage:
    """Ready to be sent or to replace another page."""

    embed: discord.Embed
    view: discord.ui.View
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What one page shows."""

    review: Review
    record: JobRecord
    reports: tuple[Act, ...]
    waiting: int
    older: bool
    compared: Comparison | None
    """The comparison that it was made for."""


class ReviewPages:
    """Callers have checked that whoever asks is a moderator."""

    def __init__(
        self, *, database: Database, media_files: MediaFiles, catalogue: Catalogue
    ) -> None:
        self._database = database
        self._media_files = media_files
        self._catalogue = catalogue

    async def page(self, guild_id: int, before: int | None = None) -> ReviewPage:
        """The clip that waits behind this place of the queue; the newest where there is none."""
        found = await self._database.read(lambda connection: _find(connection, guild_id, before))
        if found is None:
            embed = discord.Embed(title="Review", description="Nothing waits for moderators.")
            return ReviewPage(embed=embed, view=discord.ui.View(timeout=None), attachments=())
        embed = self._embed(found)
        poster = await self._poster(found.record)
        if poster is None:
            embed.add_field(name="Clip", value="Its file is no longer kept here.", inline=False)
        else:
            embed.set_image(url=f"attachment://{poster.filename}")
        review = found.review
        view = review_view(
            ACTS[review.state],
            review.job_id,
            review.revision,
            older=review.asked_sequence if found.older else None,
            newest=before is not None,
        )
        return ReviewPage(embed=embed, view=view, attachments=(poster,) if poster else ())

    def _embed(self, found: _Found) -> discord.Embed:
        record, review = found.record, found.review
        request = GenerationRequest.from_json(record.request_json)
        lines = [f"`{record.id}` by <@{record.user_id}>, {_when(record.created_at)}"]
        if record.card_message_id is not None:
            link = message_link(record.guild_id, record.channel_id, record.card_message_id)
            lines.append(link)
        lines.append(
            quoted(request.prompt, PROMPT_SHOWN_CHARACTERS) if request.prompt else "> *a picture*"
        )
        lines.append(self._made_by(found, request))
        waiting = f"{found.waiting} clip{'' if found.waiting == 1 else 's'}"
        embed = discord.Embed(title=f"Review · {waiting} waiting", description="\n".join(lines))
        if review.state == "reported":
            embed.add_field(
                name=f"Reported by {len(found.reports)}", value=_reasons(found), inline=False
            )
        else:
            embed.add_field(name="Taken down", value=_shortened(review.reason or ""), inline=False)
            embed.add_field(
                name=f"Appeal, {_when(review.changed_at)}",
                value=_shortened(review.appeal or "", 1000),
                inline=False,
            )
        return embed

    def _made_by(self, found: _Found, request: GenerationRequest) -> str:
        """The model, but of a clip that moderators may yet vote on themselves."""
        model, both = self._catalogue.title(found.record.model), found.compared
        if both is None:
            return f"{model} · /{request.command}"
        side = "AB"[both.job_ids.index(found.record.id)]
        made_by = "" if both.state in BLIND else f"{model} · "
        return f"{made_by}clip {side} of comparison `{both.id}`"

    async def _poster(self, record: JobRecord) -> Attachment | None:
        """A picture from the middle of the clip; None where its file is lost or unreadable."""
        if record.clip_sha256 is None or record.clip_json is None:
            return None
        command = Command(record.command)
        try:
            media = await self._media_files.read(record.clip_sha256, command.suffix)
            if not command.makes_still:
                middle = ClipFacts.from_json(record.clip_json).seconds / 2
                media = await asyncio.to_thread(still, media, middle)
        except (MediaError, UnreadableMedia):
            return None
        return Attachment(filename=f"poster-{record.id}.png", media=media)


def _find(connection: Connection, guild_id: int, before: int | None) -> _Found | None:
    waiting = reviews.waiting(connection, guild_id=guild_id, limit=2, before=before)
    if not waiting and before is not None:
        waiting = reviews.waiting(connection, guild_id=guild_id, limit=2)
    if not waiting:
        return None
    return _Found(
        review=waiting[0],
        record=jobs.get(connection, waiting[0].job_id),
        reports=reviews.reports(connection, waiting[0]),
        waiting=reviews.waiting_count(connection, guild_id=guild_id),
        older=len(waiting) > 1,
        compared=comparisons.of_job(connection, waiting[0].job_id),
    )


def _reasons(found: _Found) -> str:
    lines = [
        f"• <@{act.made_by}> {_when(act.made_at)}: {_shortened(act.detail, WORDS_SHOWN_CHARACTERS)}"
        for act in found.reports[:REPORTS_SHOWN]
    ]
    if len(found.reports) > REPORTS_SHOWN:
        lines.append(f"and {len(found.reports) - REPORTS_SHOWN} more; see /admin log what:report")
    return "\n".join(lines)[:1024] or "Nobody said why."


def _when(moment: datetime) -> str:
    return discord.utils.format_dt(moment, "R")


def _shortened(words: str, most_characters: int = 1000) -> str:
    return quoted(words, most_characters).removeprefix("> ")[:1024]
