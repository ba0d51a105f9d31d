"""What moderators set for their guild as a whole."""

from sqlalchemy import Connection

from storage import guild_settings
from storage.database import Database
from storage.guild_settings import QueueState
from tests.storage.builders import GUILD, MODERATOR, NOW


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


async def test_a_guild_s_queue_is_open_until_a_moderator_says_otherwise(database: Database) -> None:
    def set_state(connection: Connection, state: QueueState, guild_id: int = GUILD) -> bool:
        return guild_settings.set_queue_state(
            connection, state, guild_id=guild_id, changed_by=MODERATOR, now=NOW
        )

    def state(connection: Connection) -> QueueState:
        return guild_settings.queue_state(connection, guild_id=GUILD)

    assert await database.read(state) is QueueState.OPEN
    for wanted in (QueueState.PAUSED, QueueState.DRAINING, QueueState.OPEN, QueueState.PAUSED):
        assert await database.write(lambda c, wanted=wanted: set_state(c, wanted))
        assert not await database.write(lambda c, wanted=wanted: set_state(c, wanted)), "it is so"
        assert await database.read(state) is wanted
    await database.write(lambda c: set_state(c, QueueState.DRAINING, GUILD + 1))
    assert await database.read(guild_settings.paused_guilds) == {GUILD}
