"""What storage tests start from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from storage import attempts, jobs, ledger
from storage.jobs import JobRecord

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GUILD = 900_000_000_000_000_001
MEMBER = 900_000_000_000_000_002
OTHER_MEMBER = 900_000_000_000_000_003
MODERATOR = 900_000_000_000_000_009

_TEMPLATE = JobRecord(
    id="job",
    interaction_id=1,
    guild_id=GUILD,
    user_id=MEMBER,
    channel_id=7,
    command="imagine-video",
    model="pocket",
    request_json='{"prompt": "a red circle"}',
    price_credits=10,
    created_at=NOW,
)


def make_record(number: int = 1, **changes: object) -> JobRecord:
    """A new job; jobs of different numbers differ in id and interaction."""
    return replace(_TEMPLATE, **({"id": f"job{number}", "interaction_id": number} | changes))


def give(connection: Connection, amount_credits: int, *, user_id: int = MEMBER) -> None:
    """Let a member have credits."""
    ledger.grant(
        connection,
        grant_id=f"{user_id}:{amount_credits}",
        guild_id=GUILD,
        user_id=user_id,
        amount_credits=amount_credits,
        reason="a start",
        granted_by=MODERATOR,
        now=NOW,
    )


def admit(connection: Connection, record: JobRecord) -> None:
    """A job and its reservation, as one unit, as the bot does it."""
    jobs.add(connection, record)
    ledger.reserve(
        connection,
        job_id=record.id,
        guild_id=record.guild_id,
        user_id=record.user_id,
        amount_credits=record.price_credits,
        now=NOW,
    )


def succeed(
    connection: Connection, job_id: str, *, seconds: float = 4.0, clip_json: str = "{}"
) -> None:
    """Run an admitted job to its good end."""
    attempt = jobs.get(connection, job_id).attempt + 1
    attempts.start(connection, job_id=job_id, attempt=attempt, now=NOW)
    jobs.finish(
        connection,
        job_id=job_id,
        attempt=attempt,
        state="succeeded",
        clip_json=clip_json,
        clip_sha256="ab" * 32,
        now=NOW + timedelta(seconds=seconds),
    )
    ledger.settle(connection, job_id=job_id, now=NOW)


def fail(connection: Connection, job_id: str) -> None:
    """End an admitted job badly."""
    jobs.finish(
        connection,
        job_id=job_id,
        attempt=jobs.get(connection, job_id).attempt,
        state="failed",
        error_code="worker_crashed",
        now=NOW,
    )
    ledger.release(connection, job_id=job_id, now=NOW)
