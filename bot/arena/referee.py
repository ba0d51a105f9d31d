"""Takes comparisons from state to state: a dispatcher listener, and a round of its own.

What is to be done is read from storage each time, so that it makes no difference whether an event,
a button or a restart brought it here. Every step may be done twice: a message is edited, and posted
only where there is none.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Generator
from datetime import UTC, datetime

import discord
import structlog

from bot.arena.comparison_messages import ComparisonMessages
from bot.arena.message import Standing, draw_comparison
from bot.channel_messages import (
    NO_ANSWER,
    NOT_SENT,
    TooLarge,
    Undeliverable,
    is_refusal,
)
from bot.delivery import Delivery
from bot.errors import TokenRefused
from bot.failures import failure_sentence
from bot.finish_notices import FinishNotices
from generation.dispatcher import Dispatcher
from generation.errors import UnreadableMedia
from generation.job import JobEvent, JobProgressed, JobState
from generation.models.catalogue import Catalogue
from storage import attempts, comparisons, jobs, votes
from storage.comparisons import Comparison, ComparisonState
from storage.database import Connection, Database
from storage.errors import DatabaseError, MediaError
from storage.jobs import JobRecord

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 30.0
REFUSALS_TAKEN = 3
"""Discord counts refused requests: after so many of one message it is not tried again."""
SHOWN: tuple[ComparisonState, ...] = ("voting", "revealed")
"""While its message has the clips."""
UNSHOWABLE = "The two clips cannot be shown together here."


class Referee:
    """`start` needs the dispatcher, which in turn needs this listener."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: Catalogue,
        messages: ComparisonMessages,
        finish_notices: FinishNotices,
        delivery: Delivery,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._messages = messages
        self._finish_notices = finish_notices
        self._delivery = delivery
        self._dispatcher: Dispatcher | None = None
        self._news = asyncio.Event()
        self._judging: asyncio.Task[None] | None = None
        self._refusals: Counter[str] = Counter()
        self._drawn: dict[str, discord.Embed] = {}
        self._announcing: set[str] = set()
        # No two write one message at once: the last one shows what storage says.
        self._at_work = asyncio.Lock()

    def start(self, dispatcher: Dispatcher) -> None:
        """Begins with what an earlier process left."""
        self._dispatcher = dispatcher
        self._news.set()
        self._judging = asyncio.create_task(self._judge(), name="arena")

    async def close(self) -> None:
        """Stops; what is left to do is found in storage at the next start."""
        if self._judging is not None:
            self._judging.cancel()
            await asyncio.gather(self._judging, return_exceptions=True)

    async def __call__(self, event: JobEvent) -> None:
        if not isinstance(event, JobProgressed):
            self.look_soon()

    def look_soon(self) -> None:
        """Something has changed: the next sweep comes at once."""
        self._news.set()

    @contextlib.contextmanager
    def announcing(self, comparison_id: str) -> Generator[None]:
        """Leaves a comparison alone while it is recorded and its message posted."""
        self._announcing.add(comparison_id)
        try:
            yield
        finally:
            self._announcing.discard(comparison_id)
            self.look_soon()

    async def post(self, comparison_id: str) -> None:
        """Posts the message of a new comparison and remembers it.

        Raises what refuses it; where no answer comes it may be out, and is looked for later.
        """
        standing = await self._standing(comparison_id)
        card = draw_comparison(standing, self._catalogue)
        try:
            message_id = await self._messages.post(standing.comparison, card)
        except (discord.HTTPException, *NO_ANSWER) as error:
            if is_refusal(error):
                raise
            log.warning("comparison.no_answer", comparison_id=comparison_id, error=str(error))
            return
        self._drawn[comparison_id] = card.embed
        await self._database.write(
            lambda connection: comparisons.set_message(
                connection, comparison_id=comparison_id, message_id=message_id
            )
        )

    async def call_off(self, comparison_id: str, problem: str) -> bool:
        """Ends a comparison that nobody can vote on: what waits or runs of it is cancelled.

        False if it has ended before.
        """
        now = datetime.now(UTC)

        def end(connection: Connection) -> tuple[str, ...] | None:
            if not comparisons.call_off(
                connection, comparison_id=comparison_id, problem=problem, now=now
            ):
                return None
            return _cancelled(connection, comparisons.get(connection, comparison_id))

        unfinished = await self._database.write(end)
        if unfinished is None:
            return False
        log.info("comparison.called_off", comparison_id=comparison_id, problem=problem)
        await self._cancel(unfinished)
        self.look_soon()
        return True

    async def show_or_hide_clip(self, job_id: str) -> bool:
        """Makes the message of the comparison that the job was made for show its clip again, or no
        more while moderators have taken it down.

        False where the message does not show its state yet, or the clip no more. Raises
        UnreadableMedia, and what keeps a message from being edited (`NOT_SENT`).
        """
        async with self._at_work:
            both = await self._database.read(
                lambda connection: comparisons.of_job(connection, job_id)
            )
            if both is None or both.state not in SHOWN or both.state != both.shown_state:
                return False
            standing = await self._standing(both.id)
            message_id = await self._messages.show_or_hide(
                standing,
                draw_comparison(standing, self._catalogue),
                restored=any(job.id == job_id for job in standing.up.values()),
            )
            if message_id is not None:
                await self._found(standing, message_id)
            return True

    async def at_rest(self) -> None:
        """Returns once no message is being written that was drawn before."""
        async with self._at_work:
            pass

    async def _judge(self) -> None:
        while True:
            try:
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            try:
                for comparison in await self._database.read(comparisons.unsettled):
                    if comparison.id not in self._announcing:
                        await self._try(comparison.id)
            except DatabaseError as error:
                log.error("arena.database", error=str(error))

    async def _try(self, comparison_id: str) -> None:
        """One that fails holds up no other, and is tried again at the next sweep."""
        try:
            async with self._at_work:
                await self._advance(comparison_id)
        except Exception:
            log.exception("comparison.failed", comparison_id=comparison_id)

    async def _advance(self, comparison_id: str) -> None:
        """As far as it comes now."""
        standing = await self._standing(comparison_id)
        if standing.comparison.state == "making":
            standing = await self._decide(standing)
        comparison = standing.comparison
        try:
            if comparison.state != comparison.shown_state:
                await self._show(standing)
            elif comparison.state != "making":
                return  # Somebody else has ended it meanwhile.
            elif self._drawn.get(comparison_id) != draw_comparison(standing, self._catalogue).embed:
                await self._found(standing, await self._write(standing))
        except (Undeliverable, TooLarge, MediaError, UnreadableMedia) as error:
            await self._give_up(comparison, str(error))
        except NOT_SENT as error:
            log.warning("comparison.not_shown", comparison_id=comparison_id, error=str(error))
            if isinstance(error, TokenRefused):
                return  # Nothing is asked of Discord any more, and the next start goes on.
            self._refusals[comparison_id] += is_refusal(error)
            if self._refusals[comparison_id] >= REFUSALS_TAKEN:
                await self._give_up(comparison, f"Discord refuses it: {error}")

    async def _decide(self, standing: Standing) -> Standing:
        """The vote begins with two clips, and never without one of them."""
        comparison_id = standing.comparison.id
        lost = [job for job in standing.jobs if JobState(job.state).terminal and not job.clip_json]
        if lost:
            await self.call_off(comparison_id, _why(lost[0]))
        elif standing.made == len(standing.jobs):
            await self._database.write(
                lambda connection: comparisons.begin_voting(connection, comparison_id=comparison_id)
            )
        else:
            return standing
        return await self._standing(comparison_id)

    async def _show(self, standing: Standing) -> None:
        """Makes the message show the state, and remembers that it does."""
        comparison = standing.comparison
        if comparison.state == "called_off":
            await self._cancel(
                await self._database.write(lambda connection: _cancelled(connection, comparison))
            )
            standing = await self._standing(comparison.id)
            if any(job.finished_at is None for job in standing.jobs):
                return  # Its end is news.
        await self._remember(standing, await self._write(standing))

    async def _write(self, standing: Standing) -> int:
        comparison, card = standing.comparison, draw_comparison(standing, self._catalogue)
        with_clips = comparison.state == "voting" or (
            comparison.state == "revealed" and bool(standing.down)
        )
        written = await self._messages.write(standing, card, with_clips=with_clips)
        self._drawn[comparison.id] = card.embed
        return written

    async def _found(self, standing: Standing, message_id: int) -> None:
        """Remembers the message where it is another than was known."""
        comparison = standing.comparison
        if message_id != comparison.message_id:
            await self._database.write(
                lambda connection: comparisons.set_message(
                    connection, comparison_id=comparison.id, message_id=message_id
                )
            )

    async def _remember(self, standing: Standing, message_id: int | None) -> None:
        comparison, now = standing.comparison, datetime.now(UTC)

        def shown(connection: Connection) -> None:
            comparisons.shown(
                connection,
                comparison_id=comparison.id,
                state=comparison.state,
                message_id=message_id,
                now=now,
            )
            if comparison.state == "voting":
                # One notice for both, of the job that says nothing about A and B.
                self._finish_notices.owe(connection, comparison.id, now)

        await self._database.write(shown)
        self._finish_notices.send_soon()
        log.info("comparison.shown", comparison_id=comparison.id, state=comparison.state)
        self._refusals.pop(comparison.id, None)
        self._drawn.pop(comparison.id, None)
        if comparison.state == "called_off":
            for job in standing.jobs:
                if job.clip_json is not None:
                    self._delivery.deliver_soon(job.id)

    async def _give_up(self, comparison: Comparison, problem: str) -> None:
        """The message cannot show the state: a vote that has not begun is called off, and the clips
        take their own ways; anything else is left as it is."""
        log.error("comparison.impossible", comparison_id=comparison.id, error=problem)
        self._refusals.pop(comparison.id, None)
        standing = await self._standing(comparison.id)
        if comparison.state == "voting":
            await self.call_off(comparison.id, UNSHOWABLE)
        elif comparison.state == "making":
            self._drawn[comparison.id] = draw_comparison(standing, self._catalogue).embed
        else:
            await self._remember(standing, None)

    async def _cancel(self, job_ids: tuple[str, ...]) -> None:
        assert self._dispatcher is not None  # nothing is called off before it is there
        for job_id in job_ids:
            await self._dispatcher.cancel(job_id)

    async def _standing(self, comparison_id: str) -> Standing:
        return await self._database.read(lambda connection: standing_of(connection, comparison_id))


def standing_of(connection: Connection, comparison_id: str) -> Standing:
    """Raises UnknownComparison."""
    comparison = comparisons.get(connection, comparison_id)
    first, second = (jobs.get(connection, job_id) for job_id in comparison.job_ids)
    return Standing(
        comparison=comparison,
        jobs=(first, second),
        votes=votes.counts(connection, comparison_id),
    )


def _cancelled(connection: Connection, comparison: Comparison) -> tuple[str, ...]:
    """Asks for the end of what has not ended; a restart before that keeps to it."""
    unfinished = tuple(
        job_id for job_id in comparison.job_ids if jobs.get(connection, job_id).finished_at is None
    )
    for job_id in unfinished:
        attempts.request_cancel(connection, job_id=job_id)
    return unfinished


def _why(lost: JobRecord) -> str:
    if lost.state == "cancelled":
        return "One of its clips was cancelled."
    return (
        f"One of its clips could not be made. {failure_sentence(lost.error_code, lost.error_text)}"
    )
