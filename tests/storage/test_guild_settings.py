"""What moderators set for their guild as a whole."""

import pytest
from sqlalchemy import Connection

from storage import guild_settings, moderator_log, showcase
from storage.database import Database
from storage.errors import InvalidAllowance
from storage.guild_settings import QueueState
from storage.moderator_log import LogSearch
from storage.showcase import ShowcaseRule
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


async def test_clips_are_previewed_from_the_default_price_on_until_a_moderator_sets_one(
    database: Database,
) -> None:
    def set_above(connection: Connection, above_credits: int) -> None:
        guild_settings.set_preview(
            connection,
            guild_id=GUILD,
            above_credits=above_credits,
            changed_by=MODERATOR,
            now=NOW,
        )

    def above(connection: Connection, guild_id: int = GUILD) -> int:
        return guild_settings.preview_above(connection, guild_id=guild_id, default_credits=40)

    assert await database.read(above) == 40
    for wanted in (3, 0, 7):
        await database.write(lambda c, wanted=wanted: set_above(c, wanted))
        assert await database.read(above) == wanted
    assert await database.read(lambda c: above(c, GUILD + 1)) == 40
    with pytest.raises(InvalidAllowance):
        await database.write(lambda c: set_above(c, -1))


async def test_a_showcase_can_be_moved_and_closed_and_each_step_is_on_record(
    database: Database,
) -> None:
    rules: list[ShowcaseRule | None] = []

    def set_showcase(connection: Connection, likes: int, channel_id: int) -> None:
        guild_settings.set_showcase(
            connection,
            guild_id=GUILD,
            likes=likes,
            channel_id=channel_id,
            changed_by=MODERATOR,
            now=NOW,
        )
        rules.append(showcase.rule(connection, guild_id=GUILD))

    for likes, channel_id in ((0, 7), (3, 7), (3, 8), (0, 8)):
        await database.write(lambda c, to=(likes, channel_id): set_showcase(c, *to))
    moved = ShowcaseRule(likes=3, channel_id=8)
    assert rules == [None, ShowcaseRule(likes=3, channel_id=7), moved, None]
    log = await database.read(
        lambda c: moderator_log.page(c, LogSearch(guild_id=GUILD), limit=9).acts
    )
    assert [(act.before, act.after) for act in reversed(log)] == [
        (None, {"likes": 3, "channel": 7}),
        ({"likes": 3, "channel": 7}, {"likes": 3, "channel": 8}),
        ({"likes": 3, "channel": 8}, None),
    ]
