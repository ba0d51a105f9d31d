"""Notices of finished jobs: one a job, over restarts, and only for who asked."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from storage import finish_notices, preferences
from storage.database import Database
from storage.deliveries import NONCE_WINDOW
from storage.finish_notices import NOTICE_KEPT, FinishNotice
from storage.preferences import DirectMessages, Preferences
from tests.storage.builders import (
    MEMBER,
    NOW,
    OTHER_MEMBER,
    admit,
    fail,
    give,
    make_record,
    succeed,
)


def wish(connection: Connection, messages: DirectMessages, user_id: int = MEMBER) -> None:
    preferences.put(connection, Preferences(direct_messages=messages), user_id=user_id)


def owe(connection: Connection, job_id: str = "job1") -> bool:
    return finish_notices.owe(connection, job_id=job_id, now=NOW)


@pytest.fixture
async def finished(database: Database) -> Database:
    """A database with a job that succeeded, whose author asks for messages, and one that failed."""

    def unit(connection: Connection) -> None:
        for number, user_id in ((1, MEMBER), (2, OTHER_MEMBER)):
            give(connection, 100, user_id=user_id)
            admit(connection, make_record(number, user_id=user_id))
        succeed(connection, "job1")
        fail(connection, "job2")
        wish(connection, "on")

    await database.write(unit)
    return database


async def one(database: Database) -> FinishNotice:
    (found,) = await database.read(finish_notices.due)
    return found


async def test_only_who_asked_is_told_and_once_a_job(finished: Database) -> None:
    assert await finished.write(owe)
    assert not await finished.write(owe)
    assert not await finished.write(lambda c: owe(c, "job2"))
    await finished.write(lambda c: wish(c, "on", OTHER_MEMBER))
    assert await finished.write(lambda c: owe(c, "job2"))
    assert [each.job_id for each in await finished.read(finish_notices.due)] == ["job1", "job2"]


async def test_what_may_be_out_is_known_after_a_restart_and_sent_again_only_by_its_nonce(
    finished: Database,
) -> None:
    await finished.write(owe)
    notice = await one(finished)
    assert not notice.may_be_out_unseen(NOW)
    assert await finished.write(lambda c: finish_notices.begin(c, notice, now=NOW))
    found = await one(finished)
    assert found.sending_since == NOW
    assert not found.may_be_out_unseen(NOW + NONCE_WINDOW / 2)
    later = NOW + NONCE_WINDOW * 2
    assert found.may_be_out_unseen(later)
    assert found.may_be_out_unseen(NOW - timedelta(seconds=1)), "the clock was set back"
    assert await finished.write(lambda c: finish_notices.begin(c, found, now=later))
    assert (await one(finished)).sending_since == later

    await finished.write(lambda c: finish_notices.end(c, job_id="job1", now=later))
    assert await finished.read(finish_notices.due) == ()
    assert not await finished.write(lambda c: finish_notices.begin(c, found, now=later))
    assert not await finished.write(owe)


async def test_what_is_too_old_or_not_asked_for_any_more_is_not_sent(finished: Database) -> None:
    await finished.write(owe)
    notice = await one(finished)
    await finished.write(lambda c: wish(c, "off"))
    assert not await finished.write(lambda c: finish_notices.begin(c, notice, now=NOW))
    assert await finished.read(finish_notices.due) == ()

    await finished.write(lambda c: wish(c, "on", OTHER_MEMBER))
    await finished.write(lambda c: owe(c, "job2"))
    notice, late = await one(finished), NOW + NOTICE_KEPT + timedelta(seconds=1)
    assert not await finished.write(lambda c: finish_notices.begin(c, notice, now=late))
    assert await finished.read(finish_notices.due) == ()


async def test_a_refusal_ends_all_of_a_member_s_and_is_told_once(finished: Database) -> None:
    await finished.write(owe)
    await finished.write(
        lambda c: finish_notices.stop(c, user_id=MEMBER, problem="closed", now=NOW)
    )
    assert await finished.read(finish_notices.due) == ()
    assert await finished.write(lambda c: preferences.learn_of_refusal(c, user_id=MEMBER))
    assert not await finished.write(lambda c: preferences.learn_of_refusal(c, user_id=MEMBER))


async def test_what_is_kept_of_a_member_is_forgotten(finished: Database) -> None:
    await finished.write(owe)
    await finished.write(lambda c: finish_notices.forget(c, user_id=OTHER_MEMBER))
    assert await one(finished)
    await finished.write(lambda c: finish_notices.forget(c, user_id=MEMBER))
    assert await finished.read(finish_notices.due) == ()
