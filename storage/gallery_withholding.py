"""Gallery entries put aside while their clips are taken down, and brought back as they were."""

from sqlalchemy import Connection, Table, select

from storage import showcase
from storage.schema import gallery_entries, gallery_withheld

_REASON = "taken down by moderators"
"""Of a showcase post that has ended; only such a one comes back."""


def withhold(connection: Connection, *, job_id: str) -> int | None:
    """Take the entry out of gallery, search and showcase; its likes stay, and are returned.

    None where the clip is not shared.
    """
    showcase.end(connection, job_id=job_id, reason=_REASON)
    return _move(connection, gallery_entries, gallery_withheld, job_id)


def bring_back(connection: Connection, *, job_id: str) -> int | None:
    """The entry as it was, with its likes, in its old place unless SQLite gave that to another.

    None where there was none.
    """
    showcase.resume(connection, job_id=job_id, ended=_REASON)
    entries, withheld = gallery_entries.c, gallery_withheld.c
    place = select(withheld.sequence).where(withheld.job_id == job_id)
    taken = select(entries.job_id).where(entries.sequence == place.scalar_subquery())
    anew = connection.execute(taken).first() is not None
    return _move(connection, gallery_withheld, gallery_entries, job_id, anew=anew)


def _move(
    connection: Connection, source: Table, target: Table, job_id: str, *, anew: bool = False
) -> int | None:
    mine = source.c.job_id == job_id
    likes = connection.execute(select(source.c.likes).where(mine)).scalar_one_or_none()
    if likes is None:
        return None
    names = [one.name for one in source.columns if not (anew and one.name == "sequence")]
    columns = [source.c[name] for name in names]
    connection.execute(target.insert().from_select(names, select(*columns).where(mine)))
    connection.execute(source.delete().where(mine))
    return likes
