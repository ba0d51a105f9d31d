"""Whether anything refers to a stored file: a job's clip, its picture, or a gallery entry."""

from sqlalchemy import Connection, select, union_all, update

from storage import deliveries, jobs
from storage.schema import deliveries as _deliveries
from storage.schema import gallery_entries
from storage.schema import jobs as _jobs


def refers(connection: Connection, sha256: str) -> bool:
    """Whether the database needs the file with this hash. Reads every job's request."""
    return _has_clip(connection, sha256) or _has_picture(connection, sha256)


def forget_clip(connection: Connection, *, job_id: str) -> str | None:
    """The job's message was deleted, and so its clip: it was posted, and has no message any more.

    Returns the hash of the file if nothing refers to it now. Raises UnknownJob.
    """
    job = jobs.get(connection, job_id)
    if job.clip_sha256 is None or deliveries.get(connection, job_id).state != "posted":
        return None
    connection.execute(update(_jobs).where(_jobs.c.id == job_id).values(card_message_id=None))
    return None if refers(connection, job.clip_sha256) else job.clip_sha256


def made_by_another(connection: Connection, sha256: str, user_id: int) -> bool:
    """Whether a job of somebody else made the very same bytes."""
    made = select(_jobs.c.id).where(_jobs.c.clip_sha256 == sha256, _jobs.c.user_id != user_id)
    return connection.execute(made.limit(1)).first() is not None


def _has_clip(connection: Connection, sha256: str) -> bool:
    deleted = select(_deliveries.c.job_id).where(
        _deliveries.c.job_id == _jobs.c.id,
        _deliveries.c.state == "posted",
        _jobs.c.card_message_id.is_(None),
    )
    made = select(_jobs.c.id).where(_jobs.c.clip_sha256 == sha256, ~deleted.exists())
    shared = select(gallery_entries.c.job_id).where(gallery_entries.c.clip_sha256 == sha256)
    return connection.execute(union_all(made, shared).limit(1)).first() is not None


def _has_picture(connection: Connection, sha256: str) -> bool:
    asked = select(_jobs.c.id).where(_jobs.c.request_json.contains(sha256, autoescape=True))
    return connection.execute(asked.limit(1)).first() is not None
