"""The gateway's protocol, frame by frame."""

import pytest

from bot.playground.clock import ManualClock
from bot.playground.seed import APPLICATION_ID
from bot.playground.server import Playground
from tests.bot.playground.conftest import Enter
from tests.bot.playground.raw_bot import Json, RawBot

PING: Json = {"name": "ping", "description": "Ping"}


async def test_identify_brings_ready_and_the_guilds(bot: RawBot) -> None:
    gateway = await bot.open_gateway()
    await gateway.send(2, {"token": bot.token, "intents": 1, "properties": {}})
    ready = (await gateway.event("READY"))["d"]
    assert ready["user"]["id"] == ready["application"]["id"] == APPLICATION_ID
    guild = (await gateway.event("GUILD_CREATE"))["d"]
    assert (guild["name"], guild["member_count"]) == ("Study Hall", 5)
    assert [member["user"]["bot"] for member in guild["members"]] == [True]
    assert [channel["name"] for channel in guild["channels"]] == ["studio", "showcase", "read-only"]
    assert (await gateway.event("GUILD_CREATE"))["d"]["name"] == "Film Club"
    await gateway.close()


async def test_compressed_frames_form_one_zlib_stream(bot: RawBot) -> None:
    gateway = await bot.open_gateway(compress=True)
    await gateway.send(2, {"token": bot.token, "intents": 1, "properties": {}})
    assert (await gateway.event("GUILD_CREATE"))["d"]["name"] == "Study Hall"
    await gateway.close()


async def test_heartbeats_are_acknowledged(bot: RawBot) -> None:
    gateway = await bot.open_gateway()
    await gateway.send(1, None)
    assert (await gateway.receive())["op"] == 11
    await gateway.close()


async def test_a_bot_without_heartbeats_is_disconnected() -> None:
    async with Playground(heartbeat_interval_seconds=0.02) as playground, RawBot(playground) as bot:
        gateway = await bot.open_gateway()
        assert await gateway.close_code() == 4000


@pytest.mark.parametrize(
    ("op", "data", "code"),
    [
        (2, {"token": "wrong", "intents": 1}, 4004),
        (2, {"intents": 1 << 40}, 4013),
        (2, {"intents": 1, "shard": [2, 1]}, 4010),
        (3, {}, 4003),
        (99, {}, 4001),
        (2, "nonsense", 4002),
    ],
)
async def test_broken_protocol_closes_with_discords_code(
    bot: RawBot, op: int, data: Json | str, code: int
) -> None:
    gateway = await bot.open_gateway()
    if isinstance(data, dict) and op == 2:
        data = {"token": bot.token} | data
    await gateway.send(op, data)
    assert await gateway.close_code() == code


async def test_identifying_twice_is_refused(bot: RawBot) -> None:
    gateway = await bot.connect()
    await gateway.send(2, {"token": bot.token, "intents": 1})
    assert await gateway.close_code() == 4005


async def test_more_than_120_frames_a_minute_are_too_many(bot: RawBot) -> None:
    gateway = await bot.open_gateway()
    for _ in range(121):
        await gateway.send(1, None)
    assert await gateway.close_code() == 4008


async def test_resume_replays_what_was_missed(bot: RawBot, enter: Enter) -> None:
    await bot.register(PING)
    first = await bot.connect()
    await first.event("GUILD_CREATE")
    await first.event("GUILD_CREATE")
    await first.socket.close(code=4000)
    ada = await enter()
    await ada.type("/ping")
    second = await bot.open_gateway()
    resume = {"token": bot.token, "session_id": first.session_id, "seq": first.seq}
    await second.send(6, resume)
    replayed = await second.receive()
    assert (replayed["t"], replayed["s"]) == ("INTERACTION_CREATE", (first.seq or 0) + 1)
    assert (await second.receive())["t"] == "RESUMED"
    bot.gateway = second


async def test_a_session_that_said_goodbye_cannot_be_resumed(bot: RawBot) -> None:
    first = await bot.connect()
    await first.close(1000)
    second = await bot.open_gateway()
    resume = {"token": bot.token, "session_id": first.session_id, "seq": first.seq}
    await second.send(6, resume)
    invalid = await second.receive()
    assert (invalid["op"], invalid["d"]) == (9, False)
    await second.close()


async def test_resuming_from_the_future_is_refused(bot: RawBot) -> None:
    first = await bot.connect()
    await first.socket.close(code=4000)
    second = await bot.open_gateway()
    await second.send(6, {"token": bot.token, "session_id": first.session_id, "seq": 999})
    assert await second.close_code() == 4007


async def test_the_server_can_ask_for_a_reconnect_or_invalidate(
    bot: RawBot, playground: Playground
) -> None:
    gateway = await bot.connect()
    playground.gateway.ask_to_reconnect()
    playground.gateway.invalidate_sessions(resumable=False)
    ops: list[int] = []
    while 9 not in ops:
        ops.append((await gateway.receive())["op"])
    assert 7 in ops


async def test_members_are_sent_on_request(bot: RawBot, playground: Playground) -> None:
    gateway = await bot.connect()
    guild = playground.world.guilds[0]
    await gateway.send(8, {"guild_id": guild.id, "query": "", "limit": 0, "nonce": "n"})
    chunk = (await gateway.event("GUILD_MEMBERS_CHUNK"))["d"]
    assert (len(chunk["members"]), chunk["nonce"], chunk["chunk_count"]) == (5, "n", 1)


async def test_each_shard_sees_only_its_guilds(bot: RawBot, playground: Playground) -> None:
    names: list[str] = []
    for shard in (0, 1):
        gateway = await bot.open_gateway()
        await gateway.send(2, {"token": bot.token, "intents": 1, "shard": [shard, 2]})
        ready = (await gateway.event("READY"))["d"]
        expected = [g for g in playground.world.guilds if (int(g.id) >> 22) % 2 == shard]
        assert [guild["id"] for guild in ready["guilds"]] == [guild.id for guild in expected]
        names += [guild.name for guild in expected]
        await gateway.close()
    assert sorted(names) == ["Film Club", "Study Hall"]


async def test_messages_arrive_only_with_the_intent(bot: RawBot, playground: Playground) -> None:
    gateway = await bot.connect(intents=1 | 1 << 9)
    channel = playground.world.guilds[0].channels[0].id
    await bot.request("POST", f"/channels/{channel}/messages", {"content": "hello"})
    event = (await gateway.event("MESSAGE_CREATE"))["d"]
    assert (event["content"], event["guild_id"]) == ("hello", playground.world.guilds[0].id)
    path = f"/channels/{channel}/messages/{event['id']}"
    await bot.request("PATCH", path, {"content": "bye"})
    assert (await gateway.event("MESSAGE_UPDATE"))["d"]["content"] == "bye"
    await bot.request("DELETE", path)
    assert (await gateway.event("MESSAGE_DELETE"))["d"]["id"] == event["id"]


async def test_the_interaction_carries_all_that_clients_need(
    bot: RawBot, enter: Enter, clock: ManualClock
) -> None:
    await bot.register(PING)
    await bot.connect()
    lin = await enter("Lin", guild="Film Club", channel="showcase")
    await lin.type("/ping")
    interaction = await bot.next_interaction()
    assert interaction["attachment_size_limit"] == 10 * 2**20
    assert interaction["entitlements"] == []
    assert interaction["channel"]["name"] == "showcase"
    assert int(interaction["member"]["permissions"]) & 1 << 5
    assert interaction["authorizing_integration_owners"] == {"0": interaction["guild_id"]}
    assert interaction["context"] == 0
    assert "user" not in interaction
