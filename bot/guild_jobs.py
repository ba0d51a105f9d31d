"""Jobs as one server sees them: another server's do not exist for it."""

from __future__ import annotations

from bot.errors import JobUnavailable
from storage import jobs
from storage.database import Database
from storage.errors import UnknownJob
from storage.jobs import JobRecord
from storage.moderation_errors import ClipTakenDown
from storage.pseudonyms import is_pseudonym


async def job_of_guild(database: Database, job_id: str, *, guild_id: int | None) -> JobRecord:
    """The job, if it belongs to this guild and was not erased. Raises JobUnavailable."""
    try:
        record = await database.read(lambda connection: jobs.get(connection, job_id))
    except UnknownJob:
        raise JobUnavailable(job_id) from None
    if record.guild_id != guild_id or is_pseudonym(record.user_id):
        raise JobUnavailable(job_id)
    return record


def require_up(record: JobRecord) -> None:
    """Raises ClipTakenDown where moderators took the job's clip down."""
    if record.takedown_reason is not None:
        raise ClipTakenDown(job_id=record.id, reason=record.takedown_reason)
