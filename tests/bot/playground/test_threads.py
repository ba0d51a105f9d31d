"""Threads: started, archived, opened again, and what a bot needs for it."""

import discord
import pytest
from discord import Interaction

from bot.playground.clock import ManualClock
from bot.playground.exchange import Exchange
from bot.playground.server import Playground
from tests.bot.playground.conftest import Enter, StartBot
from tests.bot.playground.practice_bot import PracticeBot
from tests.bot.playground.raw_bot import Json, RawBot

STUDIO = "1100000000000001010"
READ_ONLY = "1100000000000001012"
GUILD = "1100000000000001000"


async def posted(bot: RawBot, content: str = "hello", channel: str = STUDIO) -> str:
    answer = await bot.request("POST", f"/channels/{channel}/messages", {"content": content})
    assert answer.status == 200, answer.body
    return str(answer.body["id"])


async def started(bot: RawBot, name: str = "Seas") -> Json:
    """A thread of a message."""
    message_id = await posted(bot)
    path = f"/channels/{STUDIO}/messages/{message_id}/threads"
    answer = await bot.request("POST", path, {"name": name, "auto_archive_duration": 10080})
    assert answer.status == 201, answer.body
    assert answer.body["id"] == message_id, "the thread of a message has its id"
    return answer.body


async def test_a_message_has_one_thread_and_says_so(bot: RawBot, exchanges: list[Exchange]) -> None:
    gateway = await bot.connect()
    thread = await started(bot)
    event = (await gateway.event("THREAD_CREATE"))["d"]
    assert (event["id"], event["newly_created"], event["parent_id"]) == (thread["id"], True, STUDIO)
    again = await bot.request(
        "POST", f"/channels/{STUDIO}/messages/{thread['id']}/threads", {"name": "Seas"}
    )
    assert (again.status, again.code) == (400, 160004)
    message = await bot.request("GET", f"/channels/{STUDIO}/messages/{thread['id']}")
    assert message.body["thread"]["name"] == "Seas"
    assert message.body["flags"] & 1 << 5
    inside = await posted(bot, "inside", thread["id"])
    listed = await bot.request("GET", f"/channels/{thread['id']}/messages")
    assert listed.body[0]["id"] == inside
    assert listed.body[-1]["type"] == 21, "what the thread was started from"
    seen = await bot.request("GET", f"/channels/{thread['id']}")
    assert (seen.body["message_count"], seen.body["last_message_id"]) == (1, inside)
    assert exchanges


async def test_an_archived_thread_takes_no_edits_and_opens_at_a_new_message(
    bot: RawBot, exchanges: list[Exchange]
) -> None:
    thread = await started(bot)
    path = f"/channels/{thread['id']}"
    inside = await posted(bot, "inside", thread["id"])
    archived = await bot.request("PATCH", path, {"archived": True})
    assert archived.body["thread_metadata"]["archived"]
    active = await bot.request("GET", f"/guilds/{GUILD}/threads/active")
    assert active.body["threads"] == []
    resting = await bot.request("GET", f"/channels/{STUDIO}/threads/archived/public")
    assert [one["id"] for one in resting.body["threads"]] == [thread["id"]]
    edit = await bot.request("PATCH", f"{path}/messages/{inside}", {"content": "changed"})
    assert (edit.status, edit.code) == (400, 50083)
    joined = await bot.request("PUT", f"{path}/thread-members/@me")
    assert joined.code == 50083
    await posted(bot, "good morning", thread["id"])
    active = await bot.request("GET", f"/guilds/{GUILD}/threads/active")
    assert [one["id"] for one in active.body["threads"]] == [thread["id"]]
    assert (await bot.request("DELETE", f"{path}/thread-members/@me")).status == 204
    assert (await bot.request("PUT", f"{path}/thread-members/@me")).status == 204
    assert exchanges


async def test_a_thread_that_nobody_writes_in_rests_after_its_time(
    bot: RawBot, clock: ManualClock, playground: Playground
) -> None:
    thread = await started(bot)
    clock.advance(6 * 24 * 3600.0)
    await posted(bot, "still here", thread["id"])
    clock.advance(6 * 24 * 3600.0)
    assert not playground.world.threads[thread["id"]].archived
    clock.advance(2 * 24 * 3600.0)
    assert playground.world.threads[thread["id"]].archived


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", f"/channels/{STUDIO}/messages/1/threads", {"name": "x"}, 10008),
        ("POST", f"/channels/{STUDIO}/threads", {"name": "", "type": 11}, 50035),
        ("POST", f"/channels/{STUDIO}/threads", {"name": "x" * 101, "type": 11}, 50035),
        (
            "POST",
            f"/channels/{STUDIO}/threads",
            {"name": "x", "type": 11, "auto_archive_duration": 7},
            50035,
        ),
        ("POST", f"/channels/{STUDIO}/threads", {"name": "x"}, 50013),
        ("POST", f"/channels/{READ_ONLY}/threads", {"name": "x", "type": 11}, 50013),
        ("POST", "/channels/5/threads", {"name": "x", "type": 11}, 10003),
        ("PATCH", f"/channels/{STUDIO}", {"name": "mine"}, 50013),
        ("PUT", f"/channels/{STUDIO}/thread-members/@me", None, 50024),
        ("GET", f"/channels/{READ_ONLY}/threads/archived/public", None, None),
    ],
)
async def test_what_breaks_a_rule_is_refused_as_discord_does(
    bot: RawBot, method: str, path: str, body: Json | None, code: int | None
) -> None:
    answer = await bot.request(method, path, body)
    assert (answer.body.get("code") if answer.body else None) == code


async def test_a_thread_has_no_threads_and_its_lock_is_for_moderators(bot: RawBot) -> None:
    thread = await started(bot)
    path = f"/channels/{thread['id']}"
    inner = await bot.request("POST", f"{path}/threads", {"name": "x", "type": 11})
    assert inner.code == 50024
    locked = await bot.request("PATCH", path, {"locked": True})
    assert (locked.status, locked.code) == (403, 50013)
    renamed = await bot.request("PATCH", path, {"name": "Lakes"})
    assert renamed.body["name"] == "Lakes"


async def test_a_thread_without_a_message_is_told_in_its_channel(
    bot: RawBot, exchanges: list[Exchange]
) -> None:
    answer = await bot.request("POST", f"/channels/{STUDIO}/threads", {"name": "Seas", "type": 11})
    assert answer.status == 201
    (told,) = (await bot.request("GET", f"/channels/{STUDIO}/messages")).body
    assert (told["type"], told["message_reference"]["channel_id"]) == (18, answer.body["id"])
    assert exchanges


async def test_discord_py_starts_threads_and_takes_commands_in_them(
    start_bot: StartBot, enter: Enter, playground: Playground
) -> None:
    bot = PracticeBot()

    @bot.tree.command(description="Open a thread")
    async def open_thread(interaction: Interaction) -> None:
        await interaction.response.send_message("look below", ephemeral=True)
        assert isinstance(interaction.channel, discord.TextChannel)
        message = await interaction.channel.send("Seas: show them")
        thread = await message.create_thread(name="Seas", auto_archive_duration=10080)
        await thread.send("Here it goes on")

    @bot.tree.command(description="Where am I")
    async def where(interaction: Interaction) -> None:
        assert isinstance(interaction.channel, discord.Thread)
        parent = interaction.channel.parent
        assert parent is not None
        may = interaction.app_permissions.send_messages_in_threads
        await interaction.response.send_message(f"{interaction.channel.name} in {parent}: {may}")

    @bot.tree.command(description="Close it")
    async def rest(interaction: Interaction) -> None:
        assert isinstance(interaction.channel, discord.Thread)
        await interaction.response.send_message("Good night", ephemeral=True)
        await interaction.channel.edit(archived=True)

    _ = open_thread, where, rest
    await start_bot(bot)
    ada = await enter("Ada")
    grace = await enter("Grace")
    await ada.type("/open_thread")
    thread = await ada.go_to_thread("Seas")
    assert (await (await ada.type("/where")).reply()).content == "Seas in studio: True"
    await grace.wait_for_message(lambda message: message.content == "Here it goes on")
    await ada.type("/rest")
    await ada.wait_until(lambda: ada.threads[thread["id"]]["archived"] or None, "rest", 30.0)
    late = await enter("Lin")
    assert late.threads[thread["id"]]["archived"]
    assert any(message.content == "Here it goes on" for message in late.messages)
    assert bot.errors == []
