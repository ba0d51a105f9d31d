"""What members set for themselves, on both databases."""

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from storage import option_defaults, option_sets, preferences
from storage.database import Database
from storage.errors import TooManyOptionSets, UnknownOptionSet
from storage.moderator_log import LogSearch, page
from storage.option_defaults import OptionDefaults
from storage.option_sets import MOST_SETS, OptionSet
from storage.preferences import Preferences
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW, OTHER_MEMBER

SET = OptionSet(name="noir", options="film noir -ar 16:9")


async def test_preferences_are_empty_until_set_and_then_of_one_member(database: Database) -> None:
    chosen = Preferences(options="soft -ar 16:9", private=True, direct_messages="on")
    await database.write(lambda c: preferences.put(c, chosen, user_id=MEMBER))
    assert await database.read(lambda c: preferences.get(c, user_id=MEMBER)) == chosen
    assert await database.read(lambda c: preferences.get(c, user_id=OTHER_MEMBER)) == Preferences()
    later = Preferences(options="", private=None)
    await database.write(lambda c: preferences.put(c, later, user_id=MEMBER))
    assert await database.read(lambda c: preferences.get(c, user_id=MEMBER)) == later


async def test_a_refusal_is_learnt_of_once_and_only_by_who_asked(database: Database) -> None:
    def unit(connection: Connection) -> list[bool]:
        preferences.put(connection, Preferences(direct_messages="on"), user_id=MEMBER)
        preferences.put(connection, Preferences(), user_id=OTHER_MEMBER)
        for user_id in (MEMBER, OTHER_MEMBER):
            preferences.stop_messages(connection, user_id=user_id)
        learn = preferences.learn_of_refusal
        return [learn(connection, user_id=each) for each in (MEMBER, MEMBER, OTHER_MEMBER)]

    assert await database.write(unit) == [True, False, False]
    kept = await database.read(lambda c: preferences.get(c, user_id=MEMBER))
    assert kept.direct_messages == "off"


async def test_a_set_is_kept_by_name_replaced_and_deleted(database: Database) -> None:
    other = OptionSet(name="noir", options="-gs 8")

    def unit(connection: Connection) -> list[OptionSet | None]:
        saved = [
            option_sets.save(connection, wanted, user_id=MEMBER, now=NOW) for wanted in (SET, other)
        ]
        return [*saved, option_sets.get(connection, "noir", user_id=MEMBER)]

    assert await database.write(unit) == [None, SET, other]
    with pytest.raises(UnknownOptionSet):
        await database.read(lambda c: option_sets.get(c, "noir", user_id=OTHER_MEMBER))
    assert await database.write(lambda c: option_sets.delete(c, "noir", user_id=MEMBER)) == other
    with pytest.raises(UnknownOptionSet):
        await database.write(lambda c: option_sets.delete(c, "noir", user_id=MEMBER))


async def test_a_member_has_so_many_sets_and_may_still_replace_one(database: Database) -> None:
    def fill(connection: Connection) -> None:
        for number in range(MOST_SETS):
            wanted = OptionSet(name=f"set{number:02}", options="-gs 8")
            option_sets.save(connection, wanted, user_id=MEMBER, now=NOW)

    await database.write(fill)
    with pytest.raises(TooManyOptionSets):
        await database.write(lambda c: option_sets.save(c, SET, user_id=MEMBER, now=NOW))
    anew = OptionSet(name="set07", options="-gs 9")
    await database.write(lambda c: option_sets.save(c, anew, user_id=MEMBER, now=NOW))
    await database.write(lambda c: option_sets.save(c, SET, user_id=OTHER_MEMBER, now=NOW))
    names = [
        one.name for one in await database.read(lambda c: option_sets.of_user(c, user_id=MEMBER))
    ]
    assert names == [f"set{number:02}" for number in range(MOST_SETS)]


async def test_all_of_a_member_is_forgotten_and_nothing_of_another(database: Database) -> None:
    def unit(connection: Connection) -> None:
        for user_id in (MEMBER, OTHER_MEMBER):
            preferences.put(connection, Preferences(options="soft"), user_id=user_id)
            option_sets.save(connection, SET, user_id=user_id, now=NOW)
        preferences.forget(connection, user_id=MEMBER)
        option_sets.forget(connection, user_id=MEMBER)

    await database.write(unit)
    assert await database.read(lambda c: preferences.get(c, user_id=MEMBER)) == Preferences()
    assert await database.read(lambda c: option_sets.of_user(c, user_id=MEMBER)) == ()
    assert await database.read(lambda c: option_sets.of_user(c, user_id=OTHER_MEMBER)) == (SET,)
    others = await database.read(lambda c: preferences.get(c, user_id=OTHER_MEMBER))
    assert others.options == "soft"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE preferences SET private = 2",
        "UPDATE preferences SET direct_messages = 'perhaps'",
        f"INSERT INTO preferences (user_id, options, direct_messages) VALUES ({MEMBER}, '', 'on')",
        "INSERT INTO finish_notices (job_id, user_id, made_at) VALUES ('nobody', 1, 1)",
    ],
)
async def test_the_tables_refuse_what_must_never_be(database: Database, change: str) -> None:
    await database.write(lambda c: preferences.put(c, Preferences(), user_id=MEMBER))
    with pytest.raises(IntegrityError):
        await database.write(lambda connection: connection.exec_driver_sql(change))


async def test_defaults_are_of_a_channel_or_of_all_and_logged_with_what_was_before(
    database: Database,
) -> None:
    wide = OptionDefaults(channel_id=None, options="-ar 1:1", private=False)
    narrow = OptionDefaults(channel_id=7, options="-dur 2", private=True)

    def put(connection: Connection, wanted: OptionDefaults) -> bool:
        return option_defaults.put(connection, wanted, guild_id=GUILD, set_by=MODERATOR, now=NOW)

    def unit(connection: Connection) -> list[bool]:
        return [put(connection, wanted) for wanted in (narrow, wide, wide)]

    assert await database.write(unit) == [True, True, False]
    found = await database.read(lambda c: option_defaults.in_force(c, guild_id=GUILD))
    assert found == (wide, narrow)
    assert await database.read(lambda c: option_defaults.get(c, 7, guild_id=GUILD)) == narrow
    none = await database.read(lambda c: option_defaults.get(c, 8, guild_id=GUILD))
    assert none == OptionDefaults(channel_id=8)
    assert await database.read(lambda c: option_defaults.in_force(c, guild_id=GUILD + 1)) == ()

    await database.write(lambda c: put(c, OptionDefaults(channel_id=7)))
    assert await database.read(lambda c: option_defaults.in_force(c, guild_id=GUILD)) == (wide,)
    log = await database.read(
        lambda c: page(c, LogSearch(guild_id=GUILD, act="defaults"), limit=10)
    )
    assert [(act.subject, act.before, act.after) for act in log.acts] == [
        ("channel:7", {"options": "-dur 2", "private": True}, None),
        ("guild", None, {"options": "-ar 1:1", "private": False}),
        ("channel:7", None, {"options": "-dur 2", "private": True}),
    ]
