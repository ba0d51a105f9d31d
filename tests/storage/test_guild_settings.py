"""Allowances that moderators set."""

import pytest
from sqlalchemy import Connection

from storage import guild_settings
from storage.database import Database
from storage.errors import InvalidAllowance
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW, OTHER_MEMBER


def set_allowance(connection: Connection, user_id: int | None, credits_: int) -> None:
    guild_settings.set_allowance(
        connection,
        guild_id=GUILD,
        user_id=user_id,
        daily_allowance_credits=credits_,
        changed_by=MODERATOR,
        now=NOW,
    )


def clear(connection: Connection, user_id: int | None) -> bool:
    return guild_settings.clear_allowance(
        connection, guild_id=GUILD, user_id=user_id, changed_by=MODERATOR, now=NOW
    )


def effective(connection: Connection, user_id: int = MEMBER, guild_id: int = GUILD) -> int:
    return guild_settings.effective_allowance(
        connection, guild_id=guild_id, user_id=user_id, default_credits=100
    )


async def test_the_narrowest_setting_wins(database: Database) -> None:
    assert await database.read(effective) == 100
    await database.write(lambda connection: set_allowance(connection, None, 50))
    assert await database.read(effective) == 50
    await database.write(lambda connection: set_allowance(connection, MEMBER, 200))
    assert await database.read(effective) == 200
    assert await database.read(lambda connection: effective(connection, OTHER_MEMBER)) == 50
    assert await database.read(lambda connection: effective(connection, MEMBER, GUILD + 1)) == 100


async def test_an_allowance_of_nothing_is_a_setting_too(database: Database) -> None:
    await database.write(lambda connection: set_allowance(connection, MEMBER, 0))
    assert await database.read(effective) == 0


async def test_clearing_lets_the_wider_setting_apply_again(database: Database) -> None:
    await database.write(lambda connection: set_allowance(connection, None, 50))
    await database.write(lambda connection: set_allowance(connection, MEMBER, 200))
    assert await database.write(lambda connection: clear(connection, MEMBER)) is True
    assert await database.read(effective) == 50
    assert await database.write(lambda connection: clear(connection, MEMBER)) is False
    assert await database.write(lambda connection: clear(connection, None)) is True
    assert await database.read(effective) == 100


@pytest.mark.parametrize("credits_", [-1, 2**63])
async def test_impossible_allowances_are_refused(database: Database, credits_: int) -> None:
    with pytest.raises(InvalidAllowance):
        await database.write(lambda connection: set_allowance(connection, MEMBER, credits_))


async def test_a_guild_s_relaxed_lane_is_closed_until_a_moderator_opens_it(
    database: Database,
) -> None:
    def allowed(connection: Connection, guild_id: int = GUILD) -> bool:
        return guild_settings.relaxed_allowed(connection, guild_id=guild_id)

    assert not await database.read(allowed)
    for setting in (True, False, True):
        await database.write(
            lambda connection, setting=setting: guild_settings.allow_relaxed(
                connection, guild_id=GUILD, allowed=setting, changed_by=MODERATOR, now=NOW
            )
        )
        assert await database.read(allowed) is setting
    assert not await database.read(lambda connection: allowed(connection, GUILD + 1))
