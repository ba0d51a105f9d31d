"""An order: what moderators say to it, its row, and the job that the queue makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import WordsNotAllowed
from bot.job_id import job_id_for
from bot.wording.word_rules import first_breach
from generation.job import Job
from generation.request import GenerationRequest
from storage import conduct, reviews, word_rules
from storage.conduct import Wish
from storage.database import Connection
from storage.jobs import JobRecord
from storage.quotas import Asker


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A request with who asked, where, and by which interaction.

    `channel_id` is where the card goes: the asker's channel, or a thread in it. `files` holds what
    the request names, by SHA-256.
    """

    interaction_id: int
    asker: Asker
    channel_id: int
    request: GenerationRequest
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


def check_conduct(connection: Connection, order: Order, price_credits: int, now: datetime) -> None:
    """Raises ConductError, WordsNotAllowed, ClipTakenDown (of what it is made from)."""
    request, asker = order.request, order.asker
    wish = Wish(
        guild_id=asker.guild_id,
        user_id=asker.user_id,
        channel_id=asker.channel_id or order.channel_id,
        model=request.model if request.needs_model else None,
        seconds=request.seconds,
        price_credits=price_credits,
    )
    conduct.check(connection, wish, now=now)
    reviews.require_up(
        connection,
        guild_id=asker.guild_id,
        job_id=request.parent_job_id,
        files=tuple(request.files),
    )
    rules = word_rules.rules(connection, guild_id=asker.guild_id)
    for text in (request.prompt, request.negative_prompt):
        breach = first_breach(text, rules)
        if breach is not None:
            raise WordsNotAllowed(breach.words)


def record_of(order: Order, price_credits: int, now: datetime) -> JobRecord:
    """Its row, as it is before anything was held for it."""
    return JobRecord(
        id=job_id_for(order.interaction_id),
        interaction_id=order.interaction_id,
        guild_id=order.asker.guild_id,
        user_id=order.asker.user_id,
        channel_id=order.channel_id,
        command=order.request.command.value,
        model=order.request.model,
        request_json=order.request.to_json(),
        price_credits=price_credits,
        created_at=now,
        parent_job_id=order.request.parent_job_id,
        private=order.request.private,
    )


def job_of(record: JobRecord, files: Mapping[str, bytes]) -> Job:
    """What the queue needs of a recorded job."""
    return Job(
        id=record.id,
        guild_id=record.guild_id,
        user_id=record.user_id,
        request=GenerationRequest.from_json(record.request_json),
        attempt=record.attempt,
        files=files,
        relaxed=record.relaxed,
        spare_memory=record.spare_memory,
    )


def job_for(order: Order) -> Job:
    """What the queue would make of an order that nobody has submitted."""
    return Job(
        id=job_id_for(order.interaction_id),
        guild_id=order.asker.guild_id,
        user_id=order.asker.user_id,
        request=order.request,
        attempt=0,
        files=order.files,
    )
