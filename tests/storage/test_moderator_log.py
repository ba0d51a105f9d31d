"""One log of everything that moderators did, with what was there before."""

from datetime import timedelta

from sqlalchemy import Connection

from storage import guild_settings, ledger, moderator_log, role_grants
from storage.database import Database
from storage.role_grants import Window
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW, OTHER_MEMBER


def allowance(connection: Connection, user_id: int | None, credits_: int, minute: int) -> None:
    guild_settings.set_allowance(
        connection,
        guild_id=GUILD,
        user_id=user_id,
        daily_allowance_credits=credits_,
        changed_by=MODERATOR,
        now=NOW + timedelta(minutes=minute),
    )


def grant(connection: Connection, number: int, guild_id: int = GUILD) -> None:
    ledger.grant(
        connection,
        grant_id=str(number),
        guild_id=guild_id,
        user_id=MEMBER,
        amount_credits=number,
        reason="exam week",
        granted_by=MODERATOR,
        now=NOW + timedelta(minutes=number),
    )


async def test_allowances_stay_on_record_each_with_what_it_replaced(database: Database) -> None:
    def change(connection: Connection) -> None:
        allowance(connection, MEMBER, 200, minute=1)
        allowance(connection, None, 50, minute=2)
        allowance(connection, OTHER_MEMBER, 10, minute=3)
        allowance(connection, MEMBER, 300, minute=4)
        guild_settings.clear_allowance(
            connection,
            guild_id=GUILD,
            user_id=MEMBER,
            changed_by=MODERATOR,
            now=NOW + timedelta(minutes=5),
        )

    await database.write(change)
    found = await database.read(lambda c: moderator_log.newest(c, guild_id=GUILD, limit=10))
    assert [(entry.subject, entry.before, entry.after) for entry in found] == [
        (str(MEMBER), 300, None),
        (str(MEMBER), 200, 300),
        (str(OTHER_MEMBER), None, 10),
        ("", None, 50),
        (str(MEMBER), None, 200),
    ]
    assert {entry.made_by for entry in found} == {MODERATOR}


async def test_a_grant_tells_what_could_be_spent_before_and_after(database: Database) -> None:
    def happen(connection: Connection) -> None:
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
        grant(connection, 40)
        grant(connection, 50, guild_id=GUILD + 1)

    await database.write(happen)
    found = await database.read(lambda c: moderator_log.newest(c, guild_id=GUILD, limit=10))
    assert [(entry.before, entry.after, entry.detail) for entry in found] == [
        (20, 60, "exam week"),
        (0, 30, "exam week"),
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
    found = await database.read(lambda c: moderator_log.newest(c, guild_id=GUILD, limit=10))
    assert [entry.what for entry in found] == ["role_grant"]
