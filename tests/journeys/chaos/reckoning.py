"""What must hold once the bot has come to rest, whatever happened to it before."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
from storage import deliveries, erasures, jobs
from storage.audit import audit
from storage.database import Connection, Database
from storage.deliveries import DeliveryRecord
from storage.jobs import JobRecord
from tests.journeys.chaos.bot_process import Plan

CHANNELS = tuple(
    (guild, channel) for guild in ("Study Hall", "Film Club") for channel in ("studio", "showcase")
)
CARD_FOOTER = re.compile(r"job ([a-z0-9]+)")
POLL_SECONDS = 0.2


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    """`outcomes` counts jobs by the state they ended in; `problems` is what must be empty."""

    outcomes: Mapping[str, int]
    messages: int
    problems: Sequence[str]

    def __str__(self) -> str:
        accepted = sum(self.outcomes.values())
        counted = ", ".join(f"{count} {state}" for state, count in sorted(self.outcomes.items()))
        return (
            f"{accepted} jobs accepted: {counted}; {self.messages} cards; "
            f"{len(self.problems)} problems"
        )


async def at_rest(plan: Plan, *, timeout_seconds: float) -> None:
    """Waits until no job is unfinished, no outcome undelivered and no erasure under way.

    Raises TimeoutError.
    """
    database = await Database.open(plan.settings.storage.database_url)

    def left(connection: Connection) -> int:
        undone = (jobs.unfinished, deliveries.unfinished, erasures.under_way)
        return sum(len(read(connection)) for read in undone)

    try:
        async with asyncio.timeout(timeout_seconds):
            while True:
                if not await database.read(left):
                    return
                await asyncio.sleep(POLL_SECONDS)
    finally:
        await database.close()


async def reckon(plan: Plan, *, promised: set[str]) -> Reckoning:
    """Compares database, files and channels; `promised` are the jobs that members were told of.

    The bot must have ended.
    """
    database = await Database.open(plan.settings.storage.database_url)
    try:
        records, drift = await database.read(lambda c: (_all_jobs(c), audit(c)))
        settled = await database.read(_settlements)
    finally:
        await database.close()
    cards = await _cards(plan)
    known = {record.id for record, _ in records}
    problems = [f"drift: {one.rule}: {one.subject}: {one.detail}" for one in drift]
    problems += [f"{job}: accepted, and lost" for job in sorted(promised - known)]
    problems += [f"{job}: shown, and unknown" for job in sorted(set(cards) - known)]
    for record, delivery in records:
        problems += _problems_of(record, delivery, cards[record.id], settled[record.id])
    problems += _problems_of_files(plan, [record for record, _ in records])
    return Reckoning(
        outcomes=Counter(record.state for record, _ in records),
        messages=sum(len(shown) for shown in cards.values()),
        problems=problems,
    )


@dataclass(frozen=True, kw_only=True)
class _Card:
    message: SeenMessage
    clip_sha256: str | None


def _all_jobs(connection: Connection) -> list[tuple[JobRecord, DeliveryRecord]]:
    records = jobs.records(connection, jobs.select_jobs())
    return [(record, deliveries.get(connection, record.id)) for record in records]


def _settlements(connection: Connection) -> dict[str, int]:
    """Credits taken for each job."""
    rows = connection.exec_driver_sql(
        "SELECT job_id, SUM(amount_credits) FROM transfers WHERE kind = 'settle' GROUP BY job_id"
    )
    return defaultdict(int, {job_id: int(taken) for job_id, taken in rows})


async def _cards(plan: Plan) -> dict[str, list[_Card]]:
    found: dict[str, list[_Card]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        for guild in dict.fromkeys(guild for guild, _ in CHANNELS):
            # A member sees the messages of every channel of the guild.
            member = await Member.connect(plan.url, name="Lin", guild=guild)
            await stack.enter_async_context(member)
            for message in member.messages:
                footers = [embed.get("footer", {}).get("text", "") for embed in message.embeds]
                if message.ephemeral or not (job := CARD_FOOTER.search(" ".join(footers))):
                    continue
                clips = [await member.download(attachment) for attachment in message.attachments]
                sha256 = hashlib.sha256(b"".join(clips)).hexdigest() if clips else None
                found[job[1]].append(_Card(message=message, clip_sha256=sha256))
    return found


def _problems_of(
    record: JobRecord, delivery: DeliveryRecord, cards: Sequence[_Card], settled: int
) -> Iterator[str]:
    """Delivered exactly once, or failed with its credits back."""
    if len(cards) != 1:
        yield f"{record.id}: {record.state}, {delivery.state}, shown by {len(cards)} messages"
    if delivery.state != "posted":
        yield f"{record.id}: {record.state}, its delivery {delivery.state}: {delivery.problem}"
    for card in cards:
        if int(card.message.id) != delivery.message_id:
            yield f"{record.id}: message {card.message.id} is not the one remembered"
        if card.clip_sha256 != record.clip_sha256:
            yield f"{record.id}: shows the clip {card.clip_sha256}, kept is {record.clip_sha256}"
        if not any(b.get("custom_id") == f"job:delete:{record.id}" for b in card.message.buttons):
            yield f"{record.id}: {record.state}, its card still says: {card.message.text!r}"
    expected = record.price_credits if record.state == "succeeded" else 0
    if settled != expected:
        yield f"{record.id}: {record.state}, {settled} credits taken instead of {expected}"


def _problems_of_files(plan: Plan, records: Sequence[JobRecord]) -> Iterator[str]:
    media_folder = plan.settings.storage.media_folder
    on_disk = {path for path in media_folder.rglob("*") if path.is_file()}
    wanted = {
        media_folder / record.clip_sha256[:2] / f"{record.clip_sha256}.mp4"
        for record in records
        if record.clip_sha256 is not None
    }
    yield from (f"orphan file: {_name(path)}" for path in sorted(on_disk - wanted))
    yield from (f"lost file: {_name(path)}" for path in sorted(wanted - on_disk))


def _name(path: Path) -> str:
    return "/".join(path.parts[-2:])
