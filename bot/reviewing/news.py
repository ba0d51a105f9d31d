"""What Discord is to show of reviews: cards with or without their clips, what authors are told,
and what waits, in the moderators' channel.

What is due stands in storage; a round does it now and then, and at once after each decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import discord
import structlog

from bot.channel_messages import NOT_SENT, ChannelMessages, is_refusal
from bot.errors import TokenRefused
from bot.finished_cards import FinishedCards
from bot.showcase import Showcase
from bot.text import message_link
from bot.views.job_buttons import JobAction, job_view
from bot.views.review_buttons import OpenReviewButton
from generation.errors import UnreadableMedia
from storage import comparisons, jobs, review_announcements, reviews
from storage.database import Connection, Database
from storage.errors import MediaError
from storage.jobs import JobRecord
from storage.review_announcements import Announcement
from storage.reviews import Review

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 15.0
ANEW_AFTER = timedelta(minutes=10)
"""New reports within this time change the message that is there; later ones have a new one."""
EDITS_APART_SECONDS = 3.0


class ReviewNews:
    """`show_compared` does for a clip that a comparison shows what the cards do for others."""

    def __init__(
        self,
        *,
        database: Database,
        messages: ChannelMessages,
        cards: FinishedCards,
        show_compared: Callable[[str], Awaitable[bool]],
        showcase: Showcase,
    ) -> None:
        self._database = database
        self._messages = messages
        self._cards = cards
        self._show_compared = show_compared
        self._showcase = showcase
        self._sweeping = asyncio.Lock()
        self._wanted = False
        self._task: asyncio.Task[None] | None = None
        self._announced_at: dict[int, float] = {}
        # Announcements that Discord refused; they are not tried again before there is news.
        self._refused: set[tuple[int, int, int]] = set()

    def soon(self) -> None:
        """Sweeps in the background, after the sweep that runs now if there is one."""
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._sweep_while_wanted(), name="review news")

    async def close(self) -> None:
        """Stops; what is due by then is found in storage at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def at_rest(self) -> None:
        """Returns once no message is being written that was drawn before."""
        async with self._sweeping:
            pass

    async def _sweep_while_wanted(self) -> None:
        while self._wanted:
            self._wanted = False
            try:
                await self.sweep()
            except Exception:
                log.exception("review.sweep_failed")

    async def sweep(self) -> None:
        """Does all that is due; what Discord does not take now waits for the next round."""
        async with self._sweeping:
            due = await self._database.read(reviews.due)
            for review in due:
                if review.card_due:
                    await self._show(review)
                if review.notice_due:
                    await self._tell(review)
            for announcement in await self._database.read(review_announcements.due):
                await self._announce(announcement)
        if any(review.card_due for review in due):
            await self._showcase.sweep()

    async def _show(self, review: Review) -> None:
        both = await self._database.read(lambda c: comparisons.of_job(c, review.job_id))
        compared = both is not None and both.state != "called_off"
        show_or_hide = self._show_compared if compared else self._cards.show_or_hide_clip
        try:
            if not await show_or_hide(review.job_id):
                return
        except (MediaError, UnreadableMedia, *NOT_SENT) as error:
            final = isinstance(error, MediaError | UnreadableMedia) or _is_final(error)
            log.warning("review.card", job_id=review.job_id, error=str(error), final=final)
            if not final:
                return
        await self._database.write(lambda connection: reviews.card_shown(connection, review))

    async def _tell(self, review: Review) -> None:
        """A direct message to the author; who takes none reads it on the card."""
        record = await self._database.read(lambda connection: jobs.get(connection, review.job_id))
        try:
            await self._messages.post_directly(
                record.user_id,
                embed=_notice(record, review),
                nonce=f"rv{review.revision}-{record.id}"[:25],
                view=job_view(record.id, (JobAction.APPEAL,) if review.state == "down" else ()),
            )
        except NOT_SENT as error:
            log.info("review.not_told", job_id=record.id, error=str(error))
            if not _is_final(error):
                return
        await self._database.write(lambda connection: reviews.author_told(connection, review))

    async def _announce(self, wanted: Announcement) -> None:
        key = (wanted.guild_id, wanted.channel_id, wanted.asked_sequence)
        now = asyncio.get_running_loop().time()
        too_soon = now - self._announced_at.get(wanted.guild_id, -3600.0) < EDITS_APART_SECONDS
        if key in self._refused or too_soon:
            return
        try:
            message_id, posted_at = await self._post(wanted)
        except NOT_SENT as error:
            log.warning("review.not_announced", guild_id=wanted.guild_id, error=str(error))
            if _is_final(error):
                self._refused.add(key)
            return
        self._announced_at[wanted.guild_id] = now

        def said(connection: Connection) -> None:
            review_announcements.said(
                connection, wanted, message_id=message_id, posted_at=posted_at
            )

        await self._database.write(said)

    async def _post(self, wanted: Announcement) -> tuple[int, datetime]:
        """Changes the message that is there, or posts a new one: its id, and when it was posted."""
        embed, now = _announcement(wanted.waiting), datetime.now(UTC)
        view = discord.ui.View(timeout=None)
        if wanted.waiting:
            view.add_item(OpenReviewButton())
        there = wanted.posted
        if there is not None and there.channel_id == wanted.channel_id:
            news = wanted.asked_sequence > there.asked_sequence
            # A clock that was set back makes none older than it is.
            if not (news and abs(now - there.posted_at) >= ANEW_AFTER):
                message_id = await self._messages.edit_or_post(
                    wanted.channel_id,
                    there.message_id,
                    embed=embed,
                    view=view,
                    attachments=(),
                    nonce=_nonce(wanted),
                )
                posted_at = there.posted_at if message_id == there.message_id else now
                return message_id, posted_at
            await self._messages.delete(there.channel_id, there.message_id)
        message_id = await self._messages.post(
            wanted.channel_id, embed=embed, view=view, nonce=_nonce(wanted)
        )
        return message_id, now


def _is_final(error: Exception) -> bool:
    """Whether asking again would bring the same answer."""
    return is_refusal(error) and not isinstance(error, TokenRefused)


def _nonce(wanted: Announcement) -> str:
    return f"reviews-{wanted.asked_sequence}"[:25]


def _announcement(waiting: int) -> discord.Embed:
    if not waiting:
        return discord.Embed(title="Review", description="Nothing waits for moderators any more.")
    clips = "1 clip waits" if waiting == 1 else f"{waiting} clips wait"
    return discord.Embed(title="Review", description=f"{clips} for moderators: /admin review.")


def _notice(record: JobRecord, review: Review) -> discord.Embed:
    """What the author of a clip reads."""
    link = ""
    if record.card_message_id is not None:
        link = message_link(record.guild_id, record.channel_id, record.card_message_id)
    match review.state:
        case "down":
            title = "Moderators took your clip down"
            lines = [
                f"Why: {discord.utils.escape_markdown(review.reason or '')}",
                "If you think that is wrong, you may appeal, once, with the button below or on "
                "the card.",
            ]
        case "upheld":
            title = "Moderators refused your appeal"
            lines = [f"Why: {discord.utils.escape_markdown(review.refusal or '')}"]
        case _:
            title = "Your clip is back"
            lines = ["Moderators restored it, with its place in the gallery if it had one."]
    embed = discord.Embed(title=title, description="\n".join((*lines, link)).strip())
    embed.set_footer(text=f"job {record.id}")
    return embed
