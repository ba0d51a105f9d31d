"""What there is of a member outside the tables: files, and messages that show something of them."""

import json
import re
from dataclasses import dataclass

from sqlalchemy import Connection, and_, literal, or_, select

from storage import references, schema
from storage.erasures import ShownMessage, UnseenMessage
from storage.personal_data import NO_FILE
from storage.personal_rows import jobs_of
from storage.schema import Flag, comparisons, deliveries, jobs, reviews

_FILE = re.compile(r'"\w*sha256": "([0-9a-f]{64})"')


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What an erasure has to delete beside rows."""

    files: frozenset[str]
    """SHA-256 of the media files that go with them."""
    messages: tuple[ShownMessage, ...]
    unseen: tuple[UnseenMessage, ...]


def traces(connection: Connection, *, user_id: int) -> Traces:
    """What an erasure would delete."""
    return Traces(
        files=_files(connection, user_id),
        messages=_messages(connection, user_id),
        unseen=(*_unseen_cards(connection, user_id), *_unseen_comparisons(connection, user_id)),
    )


def _messages(connection: Connection, user_id: int) -> tuple[ShownMessage, ...]:
    cards = select(jobs.c.card_message_id, jobs.c.channel_id).where(
        jobs.c.user_id == user_id, jobs.c.card_message_id.is_not(None)
    )
    found: dict[int, int | None] = dict(connection.execute(cards).all())
    compared = select(schema.comparisons.c.message_id, schema.comparisons.c.channel_id).where(
        schema.comparisons.c.user_id == user_id, schema.comparisons.c.message_id.is_not(None)
    )
    found.update(connection.execute(compared).all())
    delivered = (
        select(schema.deliveries.c.message_id, schema.deliveries.c.state, jobs.c.channel_id)
        .join(jobs)
        .where(jobs.c.user_id == user_id, schema.deliveries.c.message_id.is_not(None))
    )
    for message_id, state, channel_id in connection.execute(delivered):
        found.setdefault(message_id, None if state == "direct" else channel_id)
    return tuple(
        ShownMessage(message_id=message_id, channel_id=channel_id)
        for message_id, channel_id in found.items()
    )


def _unseen_cards(connection: Connection, user_id: int) -> tuple[UnseenMessage, ...]:
    """Of jobs whose card, or outcome, was perhaps sent by somebody who did not live, or not yet
    come, to remember it; a clip that is put back onto its card may be posted anew as well."""
    state = deliveries.c.state
    unknown = and_(state.in_(("pending", "sending")), jobs.c.card_message_id.is_(None))
    query = (
        select(jobs.c.id, jobs.c.channel_id, jobs.c.interaction_id, state)
        .join(deliveries, deliveries.c.job_id == jobs.c.id)
        .outerjoin(reviews, reviews.c.job_id == jobs.c.id)
        .where(
            jobs.c.user_id == user_id,
            or_(state == "sending", unknown, reviews.c.card_due == _yes()),
        )
    )
    return tuple(
        UnseenMessage(
            shows=f"job {row.id}",
            channel_id=row.channel_id,
            interaction_id=row.interaction_id,
            direct=row.state == "sending",
        )
        for row in connection.execute(query)
    )


def _unseen_comparisons(connection: Connection, user_id: int) -> tuple[UnseenMessage, ...]:
    """Of comparisons whose message is not as it should be: another one may be posted for it."""
    columns = comparisons.c
    due = (
        select(reviews.c.job_id)
        .where(
            reviews.c.job_id.in_((columns.job_a_id, columns.job_b_id)), reviews.c.card_due == _yes()
        )
        .exists()
    )
    unsettled = or_(columns.state == "making", columns.state != columns.shown_state)
    query = select(columns.id, columns.channel_id, columns.interaction_id).where(
        columns.user_id == user_id, or_(unsettled, due)
    )
    return tuple(
        UnseenMessage(
            shows=f"comparison {row.id}",
            channel_id=row.channel_id,
            interaction_id=row.interaction_id,
            direct=False,
        )
        for row in connection.execute(query)
    )


def _yes() -> object:
    return literal(value=True, type_=Flag())


def _files(connection: Connection, user_id: int) -> frozenset[str]:
    """What they made, unless somebody else made the very same; and what they brought to make it
    from, unless somebody else brought it too. What others built on their clips names files as well,
    which these did not bring."""
    brought: set[str] = set()
    requested = select(jobs.c.request_json).where(jobs.c.user_id == user_id)
    offered = select(schema.offers.c.request_json).where(schema.offers.c.user_id == user_id)
    for query in (requested, offered):
        for request_json in connection.execute(query).scalars():
            brought.update(_FILE.findall(request_json))
    made = select(jobs.c.clip_sha256).where(
        jobs.c.user_id == user_id, jobs.c.clip_sha256.is_not(None)
    )
    files = set(connection.execute(made).scalars())
    if brought:
        files |= brought - _brought_by_others(connection, user_id)
    return frozenset(
        sha256
        for sha256 in files - {NO_FILE}
        if not references.made_by_another(connection, sha256, user_id)
    )


def _brought_by_others(connection: Connection, user_id: int) -> set[str]:
    family = jobs_of(user_id).cte("family", recursive=True)
    children = select(jobs.c.id).join(family, jobs.c.parent_job_id == family.c.id)
    family = family.union(children)
    names_a_file = '%sha256": "%'
    asked = select(jobs.c.request_json).where(
        jobs.c.user_id != user_id,
        jobs.c.request_json.like(names_a_file),
        jobs.c.id.not_in(select(family.c.id)),
    )
    found: set[str] = set()
    for request_json in connection.execute(asked).scalars():
        found.update(_FILE.findall(request_json))
    members_jobs = set(connection.execute(select(family.c.id)).scalars())
    offered = select(schema.offers.c.request_json).where(
        schema.offers.c.user_id != user_id, schema.offers.c.request_json.like(names_a_file)
    )
    for request_json in connection.execute(offered).scalars():
        if json.loads(request_json).get("parent_job_id") not in members_jobs:
            found.update(_FILE.findall(request_json))
    return found
