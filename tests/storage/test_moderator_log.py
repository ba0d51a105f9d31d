"""One log of everything that moderators did, with what was there before, searched page by page."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from storage import guild_settings, ledger, moderator_log, pots, quotas, role_grants
from storage.database import Database
from storage.moderation import Act
from storage.moderator_log import LogSearch
from storage.pots import Deed
from storage.quotas import Scope
from storage.role_grants import Window
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW, OTHER_MEMBER

OTHER_MODERATOR = MODERATOR + 1
ALL = LogSearch(guild_id=GUILD)


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


def allowance(connection: Connection, user_id: int | None, credits_: int, minute: int) -> None:
    quotas.set_rule(
        connection,
        guild_id=GUILD,
        scope=Scope.GUILD if user_id is None else Scope.MEMBER,
        subject_id=user_id or 0,
        daily_allowance_credits=credits_,
        set_by=MODERATOR,
        now=at(minute),
    )


def grant(
    connection: Connection, number: int, guild_id: int = GUILD, made_by: int = MODERATOR
) -> bool:
    deed = Deed(
        id=str(number), guild_id=guild_id, made_by=made_by, reason="exam week", now=at(number)
    )
    return pots.grant(connection, deed, user_id=MEMBER, amount_credits=number)


async def found(database: Database, search: LogSearch = ALL) -> tuple[Act, ...]:
    return (await database.read(lambda c: moderator_log.page(c, search, limit=50))).acts


async def test_allowances_stay_on_record_each_with_what_it_replaced(database: Database) -> None:
    def change(connection: Connection) -> None:
        allowance(connection, MEMBER, 200, minute=1)
        allowance(connection, None, 50, minute=2)
        allowance(connection, OTHER_MEMBER, 10, minute=3)
        allowance(connection, MEMBER, 300, minute=4)
        allowance(connection, MEMBER, 300, minute=5)
        quotas.clear_rule(
            connection,
            guild_id=GUILD,
            scope=Scope.MEMBER,
            subject_id=MEMBER,
            cleared_by=MODERATOR,
            now=at(6),
        )

    await database.write(change)
    acts = await found(database)
    assert [(act.subject, act.before, act.after) for act in acts] == [
        (f"member:{MEMBER}", {"credits": 300}, None),
        (f"member:{MEMBER}", {"credits": 200}, {"credits": 300}),
        (f"member:{OTHER_MEMBER}", None, {"credits": 10}),
        ("guild", None, {"credits": 50}),
        (f"member:{MEMBER}", None, {"credits": 200}),
    ]
    assert {act.made_by for act in acts} == {MODERATOR}


async def test_a_grant_tells_what_could_be_spent_before_and_after(database: Database) -> None:
    def happen(connection: Connection) -> tuple[bool, bool]:
        grant(connection, 30)
        for job_id in ("spent", "released"):
            ledger.reserve(
                connection,
                job_id=job_id,
                guild_id=GUILD,
                user_id=MEMBER,
                amount_credits=10,
                now=NOW,
            )
        ledger.settle(connection, job_id="spent", now=NOW)
        ledger.release(connection, job_id="released", now=NOW)
        grant(connection, 50, guild_id=GUILD + 1)
        return grant(connection, 40), grant(connection, 40)

    assert await database.write(happen) == (True, False), "the second is the first again"
    assert [(act.before, act.after, act.detail) for act in await found(database)] == [
        ({"credits": 20}, {"credits": 60}, "exam week"),
        ({"credits": 0}, {"credits": 30}, "exam week"),
    ]


async def test_refills_and_what_roles_bring_are_nobody_s_acts(database: Database) -> None:
    def happen(connection: Connection) -> None:
        ledger.refill(connection, guild_id=GUILD, user_id=MEMBER, allowance_credits=100, now=NOW)
        role_grants.set_grant(
            connection,
            guild_id=GUILD,
            role_id=5,
            amount_credits=7,
            window=Window.DAY,
            set_by=MODERATOR,
            now=NOW,
        )
        role_grants.collect(connection, guild_id=GUILD, user_id=MEMBER, role_ids=(5,), now=NOW)

    await database.write(happen)
    assert [act.act for act in await found(database)] == ["role_grant"]


async def test_the_log_is_searched_by_who_what_whom_and_since_when(database: Database) -> None:
    def happen(connection: Connection) -> None:
        grant(connection, 1)
        grant(connection, 2, made_by=OTHER_MODERATOR)
        allowance(connection, MEMBER, 10, minute=3)
        allowance(connection, OTHER_MEMBER, 10, minute=4)
        guild_settings.allow_relaxed(
            connection, guild_id=GUILD, allowed=True, changed_by=OTHER_MODERATOR, now=at(5)
        )

    await database.write(happen)

    async def minutes(**wanted: object) -> list[int]:
        acts = await found(database, LogSearch(guild_id=GUILD, **wanted))  # type: ignore[arg-type]
        return [(act.made_at - NOW) // timedelta(minutes=1) for act in acts]

    assert await minutes() == [5, 4, 3, 2, 1]
    assert await minutes(made_by=OTHER_MODERATOR) == [5, 2]
    assert await minutes(act="grant") == [2, 1]
    assert await minutes(subject=f"member:{MEMBER}") == [3, 2, 1]
    assert await minutes(since=at(3)) == [5, 4, 3]
    assert await minutes(act="allowance", subject=f"member:{MEMBER}", since=at(4)) == []
    assert await found(database, LogSearch(guild_id=GUILD + 1)) == ()


async def test_pages_neither_skip_nor_repeat_while_moderators_go_on(database: Database) -> None:
    for number in range(1, 8):
        await database.write(lambda c, number=number: grant(c, number))
    seen: list[int] = []
    before: int | None = None
    for page_number in range(10):
        page = await database.read(
            lambda c, before=before: moderator_log.page(c, ALL, limit=3, before=before)
        )
        seen += [(act.made_at - NOW) // timedelta(minutes=1) for act in page.acts]
        await database.write(lambda c, number=page_number: grant(c, 100 + number))
        before = page.next_before
        if before is None:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]
