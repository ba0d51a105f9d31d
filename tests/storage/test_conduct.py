"""Who may order what where, as moderators set it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from storage import conduct, guild_settings, word_rules
from storage.conduct import Block, Wish
from storage.database import Database
from storage.guild_settings import QueueState
from storage.moderation_errors import (
    ChannelNotAllowed,
    ClipTooDear,
    ClipTooLong,
    MemberBlocked,
    ModelNotAllowed,
    QueueDraining,
    TooManyRules,
    UnknownWordRule,
)
from tests.storage.builders import GUILD, MEMBER, MODERATOR, NOW, OTHER_MEMBER

LAB, LOUNGE = 701, 702
WISH = Wish(
    guild_id=GUILD, user_id=MEMBER, channel_id=LOUNGE, model="big", seconds=8.0, price_credits=20
)


def check(connection: Connection, wish: Wish = WISH, hours: float = 0) -> None:
    conduct.check(connection, wish, now=NOW + timedelta(hours=hours))


def block(connection: Connection, hours: float | None, reason: str = "spam") -> None:
    until = None if hours is None else NOW + timedelta(hours=hours)
    wanted = Block(user_id=MEMBER, until=until, reason=reason, set_by=MODERATOR)
    conduct.block(connection, wanted, guild_id=GUILD, now=NOW)


def unblock(connection: Connection, hours: float = 0) -> bool:
    return conduct.unblock(
        connection,
        guild_id=GUILD,
        user_id=MEMBER,
        lifted_by=MODERATOR,
        now=NOW + timedelta(hours=hours),
    )


async def test_nothing_is_forbidden_until_moderators_forbid_it(database: Database) -> None:
    await database.read(check)


async def test_a_block_holds_for_its_member_until_it_is_over(database: Database) -> None:
    await database.write(lambda c: block(c, 2))
    with pytest.raises(MemberBlocked) as refusal:
        await database.read(lambda c: check(c, hours=1.9))
    assert (refusal.value.reason, refusal.value.until) == ("spam", NOW + timedelta(hours=2))
    await database.read(lambda c: check(c, hours=2))
    await database.read(lambda c: check(c, replace(WISH, user_id=OTHER_MEMBER)))
    await database.read(lambda c: check(c, replace(WISH, guild_id=GUILD + 1)))
    assert not await database.write(lambda c: unblock(c, hours=3)), "it is over"


async def test_a_new_block_replaces_the_old_one_and_can_be_lifted(database: Database) -> None:
    await database.write(lambda c: block(c, 2))
    await database.write(lambda c: block(c, None, reason="again"))
    with pytest.raises(MemberBlocked, match="again"):
        await database.read(lambda c: check(c, hours=9999))
    assert [await database.write(unblock) for _ in range(2)] == [True, False]
    await database.read(check)


async def test_only_what_is_on_the_lists_is_allowed(database: Database) -> None:
    def allow(connection: Connection, channels: tuple[int, ...], models: tuple[str, ...]) -> None:
        conduct.allow_channels(connection, channels, guild_id=GUILD, set_by=MODERATOR, now=NOW)
        conduct.allow_models(connection, models, guild_id=GUILD, set_by=MODERATOR, now=NOW)

    await database.write(lambda c: allow(c, (LAB,), ("pocket", "small")))
    with pytest.raises(ChannelNotAllowed) as elsewhere:
        await database.read(check)
    assert elsewhere.value.channel_ids == (LAB,)
    in_lab = replace(WISH, channel_id=LAB)
    with pytest.raises(ModelNotAllowed) as other:
        await database.read(lambda c: check(c, in_lab))
    assert other.value.models == ("pocket", "small")
    await database.read(lambda c: check(c, replace(in_lab, model="small")))
    await database.read(lambda c: check(c, replace(in_lab, model=None)))
    await database.write(lambda c: allow(c, (), ()))
    await database.read(check)


async def test_longer_and_dearer_clips_than_allowed_are_refused(database: Database) -> None:
    def limit(connection: Connection, seconds: float | None, credits_: int | None) -> None:
        conduct.limit_clips(
            connection,
            guild_id=GUILD,
            most_seconds=seconds,
            most_credits=credits_,
            set_by=MODERATOR,
            now=NOW,
        )

    for seconds, credits_, error in (
        (7.9, None, ClipTooLong),
        (8.0, 19, ClipTooDear),
        (8.0, 20, None),
        (None, None, None),
    ):
        await database.write(lambda c, s=seconds, m=credits_: limit(c, s, m))
        if error is None:
            await database.read(check)
        else:
            with pytest.raises(error):
                await database.read(check)


async def test_while_it_drains_nobody_orders_and_while_it_pauses_everybody_may(
    database: Database,
) -> None:
    def set_state(connection: Connection, state: QueueState) -> None:
        guild_settings.set_queue_state(
            connection, state, guild_id=GUILD, changed_by=MODERATOR, now=NOW
        )

    await database.write(lambda c: set_state(c, QueueState.DRAINING))
    with pytest.raises(QueueDraining):
        await database.read(check)
    await database.write(lambda c: set_state(c, QueueState.PAUSED))
    await database.read(check)


async def test_word_rules_are_kept_once_each_and_removed_by_their_words(
    database: Database,
) -> None:
    def add(connection: Connection, number: int, words: str) -> bool:
        return word_rules.add(
            connection,
            guild_id=GUILD,
            rule_id=str(number),
            words=words,
            set_by=MODERATOR,
            now=NOW,
        )

    def remove(connection: Connection, words: str) -> None:
        word_rules.remove(connection, guild_id=GUILD, words=words, removed_by=MODERATOR, now=NOW)

    async def known() -> list[str]:
        rules = await database.read(lambda c: word_rules.rules(c, guild_id=GUILD))
        return [rule.words for rule in rules]

    assert await database.write(lambda c: add(c, 1, "bad"))
    assert not await database.write(lambda c: add(c, 2, "bad"))
    assert await database.write(lambda c: add(c, 3, "worse"))
    await database.write(lambda c: remove(c, "bad"))
    assert await known() == ["worse"]
    with pytest.raises(UnknownWordRule):
        await database.write(lambda c: remove(c, "bad"))
    assert await database.write(lambda c: add(c, 4, "bad"))
    assert await known() == ["worse", "bad"]


async def test_a_guild_has_no_more_rules_than_every_prompt_can_be_held_against(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_rules, "MOST_RULES", 2)

    def add(connection: Connection, number: int) -> None:
        word_rules.add(
            connection,
            guild_id=GUILD,
            rule_id=str(number),
            words=f"word {number}",
            set_by=MODERATOR,
            now=NOW,
        )

    for number in range(2):
        await database.write(lambda c, number=number: add(c, number))
    with pytest.raises(TooManyRules):
        await database.write(lambda c: add(c, 3))
