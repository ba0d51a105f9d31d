"""Who may do what, where."""

from dataclasses import replace

import pytest

from bot.playground.permissions import EVERYTHING, Permission, permissions_in_channel
from bot.playground.seed import ADA, APPLICATION_ID, KEEPER, LIN, seeded_world
from bot.playground.server import Playground
from bot.playground.world import Overwrite
from tests.bot.playground.raw_bot import RawBot

GUILD = seeded_world("Reelroom").guilds[0]
STUDIO, _, READ_ONLY = GUILD.channels


@pytest.mark.parametrize(
    ("user_id", "permission", "channel", "allowed"),
    [
        (ADA.id, Permission.SEND_MESSAGES, STUDIO, True),
        (ADA.id, Permission.MANAGE_GUILD, STUDIO, False),
        (ADA.id, Permission.SEND_MESSAGES, READ_ONLY, False),
        (ADA.id, Permission.USE_APPLICATION_COMMANDS, READ_ONLY, True),
        (LIN.id, Permission.MANAGE_GUILD, STUDIO, True),
        (LIN.id, Permission.SEND_MESSAGES, READ_ONLY, True),
        (APPLICATION_ID, Permission.ATTACH_FILES, STUDIO, True),
        (APPLICATION_ID, Permission.SEND_MESSAGES, READ_ONLY, False),
    ],
)
def test_roles_and_overwrites_add_up(
    user_id: str, permission: Permission, channel: object, allowed: bool
) -> None:
    assert channel in GUILD.channels
    place = STUDIO if channel is STUDIO else READ_ONLY
    assert bool(permissions_in_channel(GUILD, place, user_id) & permission) is allowed


def test_the_owner_may_everything_and_a_stranger_nothing() -> None:
    assert permissions_in_channel(GUILD, READ_ONLY, KEEPER.id) == EVERYTHING
    assert permissions_in_channel(GUILD, STUDIO, "1") == 0


def test_an_overwrite_for_the_member_wins() -> None:
    own = Overwrite(target_id=ADA.id, kind=1, allow=Permission.SEND_MESSAGES)
    channel = replace(READ_ONLY, overwrites=(*READ_ONLY.overwrites, own))
    assert permissions_in_channel(GUILD, channel, ADA.id) & Permission.SEND_MESSAGES


async def test_posting_in_the_read_only_channel_is_forbidden(bot: RawBot) -> None:
    place = f"/channels/{READ_ONLY.id}"
    for answer in (
        await bot.request("POST", f"{place}/messages", {"content": "x"}),
        await bot.request("POST", f"{place}/typing"),
    ):
        assert (answer.status, answer.code) == (403, 50013)


async def test_without_seeing_the_channel_there_is_no_access(
    bot: RawBot, playground: Playground
) -> None:
    guild = playground.world.guilds[0]
    hidden = Overwrite(target_id=APPLICATION_ID, kind=1, deny=Permission.VIEW_CHANNEL)
    studio = replace(guild.channels[0], overwrites=(hidden,))
    changed = replace(guild, channels=(studio, *guild.channels[1:]))
    playground.world.guilds = (changed, playground.world.guilds[1])
    answer = await bot.request("GET", f"/channels/{studio.id}/messages")
    assert (answer.status, answer.code) == (403, 50001)


async def test_embeds_of_whoever_may_not_embed_are_dropped(
    bot: RawBot, playground: Playground
) -> None:
    guild = playground.world.guilds[0]
    plain = Overwrite(
        target_id=APPLICATION_ID, kind=1, deny=Permission.EMBED_LINKS | Permission.ATTACH_FILES
    )
    studio = replace(guild.channels[0], overwrites=(plain,))
    changed = replace(guild, channels=(studio, *guild.channels[1:]))
    playground.world.guilds = (changed, playground.world.guilds[1])
    path = f"/channels/{studio.id}/messages"
    answer = await bot.request("POST", path, {"content": "x", "embeds": [{"title": "y"}]})
    assert answer.body["embeds"] == []
    refused = await bot.request("POST", path, {"content": "x"}, files={"a.txt": b"a"})
    assert refused.code == 50013


@pytest.mark.parametrize("path", ["/users/@me", f"/channels/{STUDIO.id}/messages"])
async def test_a_wrong_token_is_unauthorized(bot: RawBot, path: str) -> None:
    answer = await bot.request("GET", path, token="wrong")
    assert (answer.status, answer.body) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_unknown_places_are_unknown(bot: RawBot) -> None:
    assert (await bot.request("GET", "/channels/1")).code == 10003
    assert (await bot.request("GET", "/guilds/1")).code == 10004
    assert (await bot.request("GET", "/users/1")).code == 10013
    assert (await bot.request("GET", f"/guilds/{GUILD.id}/members/1")).code == 10013
