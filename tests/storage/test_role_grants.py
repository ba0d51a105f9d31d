"""What roles bring: once a window, whatever happens in between."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from storage import income, ledger, moderator_log, role_grants
from storage.audit import audit
from storage.database import Database
from storage.errors import InvalidAmount
from storage.moderator_log import LogSearch
from storage.quotas import Asker
from storage.role_grants import Window
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW

PATRON, BOOSTER = 501, 502


def set_grant(
    connection: Connection, credits_: int, *, role: int = PATRON, window: Window = Window.WEEK
) -> None:
    role_grants.set_grant(
        connection,
        guild_id=GUILD,
        role_id=role,
        amount_credits=credits_,
        window=window,
        set_by=MODERATOR,
        now=NOW,
    )


def collect(
    connection: Connection, *, roles: Collection[int] = (PATRON,), now: datetime = NOW
) -> int:
    return role_grants.collect(connection, guild_id=GUILD, user_id=MEMBER, role_ids=roles, now=now)


@pytest.mark.parametrize(
    ("window", "moment", "name"),
    [
        (Window.DAY, datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01"),
        (Window.WEEK, datetime(2027, 1, 3, 23, 59, tzinfo=UTC), "2026-W53"),
        (Window.WEEK, datetime(2027, 1, 4, tzinfo=UTC), "2027-W01"),
        (Window.MONTH, datetime(2026, 12, 31, tzinfo=UTC), "2026-12"),
    ],
)
def test_a_window_is_named_by_its_time_in_utc(window: Window, moment: datetime, name: str) -> None:
    assert window.name_of(moment) == name
    elsewhere = moment.astimezone(datetime.fromisoformat("2026-01-01T00:00:00+14:00").tzinfo)
    assert window.name_of(elsewhere) == name


async def test_a_role_brings_its_credits_once_a_window(database: Database) -> None:
    await database.write(lambda connection: set_grant(connection, 40))
    assert await database.write(collect) == 40
    assert await database.write(collect) == 0
    later = NOW + timedelta(weeks=1)
    assert await database.write(lambda connection: collect(connection, now=later)) == 40
    assert await database.write(collect) == 0, "the clock was set back"
    assert await database.read(audit) == ()


async def test_many_commands_at_once_collect_once(database: Database) -> None:
    await database.write(lambda connection: set_grant(connection, 40))
    collected = await asyncio.gather(*(database.write(collect) for _ in range(20)))
    assert sorted(collected) == [0] * 19 + [40]
    assert await database.read(audit) == ()


async def test_who_lacks_the_role_gets_nothing_and_two_roles_add_up(database: Database) -> None:
    await database.write(lambda connection: set_grant(connection, 40))
    await database.write(lambda connection: set_grant(connection, 7, role=BOOSTER))
    assert await database.write(lambda connection: collect(connection, roles=())) == 0
    both = await database.write(lambda connection: collect(connection, roles=(PATRON, BOOSTER)))
    assert both == 47


async def test_a_changed_amount_counts_from_the_next_window(database: Database) -> None:
    await database.write(lambda connection: set_grant(connection, 40))
    await database.write(collect)
    await database.write(lambda connection: set_grant(connection, 90))
    assert await database.write(collect) == 0
    later = NOW + timedelta(weeks=1)
    assert await database.write(lambda connection: collect(connection, now=later)) == 90


async def test_nothing_ends_a_grant_and_everything_stays_on_record(database: Database) -> None:
    await database.write(lambda connection: set_grant(connection, 40))
    await database.write(lambda connection: set_grant(connection, 0))
    assert await database.read(lambda c: role_grants.grants(c, guild_id=GUILD)) == ()
    assert await database.write(collect) == 0
    trail = await database.read(
        lambda c: moderator_log.page(c, LogSearch(guild_id=GUILD), limit=10)
    )
    brought = {"credits": 40, "window": "week"}
    assert [(act.act, act.before, act.after, act.made_by) for act in trail.acts] == [
        ("role_grant", brought, None, MODERATOR),
        ("role_grant", None, brought, MODERATOR),
    ]


@pytest.mark.parametrize("credits_", [-1, 2**63])
async def test_impossible_amounts_are_refused(database: Database, credits_: int) -> None:
    with pytest.raises(InvalidAmount):
        await database.write(lambda connection: set_grant(connection, credits_))


async def test_income_is_the_refill_and_what_roles_bring(database: Database) -> None:
    def due(connection: Connection, now: datetime) -> int:
        return income.collect(
            connection,
            Asker(guild_id=GUILD, user_id=MEMBER, role_ids=(PATRON,)),
            default_allowance_credits=100,
            now=now,
        ).available_credits

    await database.write(lambda connection: set_grant(connection, 40))
    for _ in range(2):
        assert await database.write(lambda connection: due(connection, NOW)) == 140
    tomorrow = NOW + timedelta(days=1)
    assert await database.write(lambda connection: due(connection, tomorrow)) == 140
    reasons = await database.read(
        lambda c: ledger.history(c, guild_id=GUILD, user_id=MEMBER, limit=10)
    )
    assert [line.reason for line in reasons] == ["for a role, 2026-W47", "daily refill"]
