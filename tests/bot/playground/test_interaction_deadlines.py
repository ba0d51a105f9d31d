"""3 seconds to acknowledge, 15 minutes to follow up, one answer only."""

import asyncio

import pytest

from bot.playground.clock import ManualClock
from bot.playground.member_errors import NoAnswer, Refused
from tests.bot.playground.conftest import Enter
from tests.bot.playground.raw_bot import Json, RawBot

PING: Json = {"name": "ping", "description": "Ping"}
COMPLETING: Json = {
    "name": "find",
    "description": "Find",
    "options": [{"type": 3, "name": "what", "description": "What", "autocomplete": True}],
}


async def test_after_three_seconds_the_member_reads_that_nothing_came(
    bot: RawBot, enter: Enter, clock: ManualClock
) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    sent = await ada.type("/ping")
    interaction = await bot.next_interaction()
    clock.advance(3)
    with pytest.raises(NoAnswer, match="did not respond"):
        await sent.reply()
    late = await bot.call_back(interaction, 4, {"content": "late"})
    assert (late.status, late.code) == (404, 10062)
    follow_up = await bot.request("POST", bot.webhook(interaction), {"content": "late"})
    assert (follow_up.status, follow_up.code) == (404, 10015)


async def test_just_before_three_seconds_an_answer_is_in_time(
    bot: RawBot, enter: Enter, clock: ManualClock
) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    sent = await ada.type("/ping")
    interaction = await bot.next_interaction()
    clock.advance(2.9)
    assert (await bot.call_back(interaction, 4, {"content": "pong"})).status == 200
    clock.advance(10)
    assert (await sent.reply()).content == "pong"


async def test_a_second_answer_is_refused(bot: RawBot, enter: Enter) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    await ada.type("/ping")
    interaction = await bot.next_interaction()
    await bot.call_back(interaction, 5)
    again = await bot.call_back(interaction, 4, {"content": "again"})
    assert (again.status, again.code) == (400, 40060)


async def test_the_token_dies_after_fifteen_minutes_but_the_message_can_be_edited_by_the_bot(
    bot: RawBot, enter: Enter, clock: ManualClock
) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    await ada.type("/ping")
    interaction = await bot.next_interaction()
    receipt = await bot.call_back(interaction, 5)
    message_id = receipt.body["interaction"]["response_message_id"]
    clock.advance(15 * 60 - 1)
    original = bot.webhook(interaction, "/messages/@original")
    assert (await bot.request("PATCH", original, {"content": "in time"})).status == 200
    clock.advance(1)
    for method, path in (("PATCH", original), ("POST", bot.webhook(interaction))):
        late = await bot.request(method, path, {"content": "late"})
        assert (late.status, late.code) == (401, 50027)
    channel = f"/channels/{interaction['channel_id']}/messages/{message_id}"
    assert (await bot.request("PATCH", channel, {"content": "by the bot"})).status == 200
    await ada.wait_for_message(lambda m: m.content == "by the bot")


async def test_a_placeholder_that_is_never_filled_fails_after_fifteen_minutes(
    bot: RawBot, enter: Enter, clock: ManualClock
) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    sent = await ada.type("/ping")
    await bot.call_back(await bot.next_interaction(), 5)
    await sent.thinking()
    clock.advance(15 * 60)
    with pytest.raises(NoAnswer):
        await sent.reply()


async def test_an_ephemeral_message_cannot_be_reached_with_the_bots_token(
    bot: RawBot, enter: Enter
) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    await ada.type("/ping")
    interaction = await bot.next_interaction()
    receipt = await bot.call_back(interaction, 4, {"content": "psst", "flags": 64})
    message_id = receipt.body["resource"]["message"]["id"]
    path = f"/channels/{interaction['channel_id']}/messages/{message_id}"
    for method, body in (("GET", None), ("PATCH", {"content": "x"}), ("DELETE", None)):
        answer = await bot.request(method, path, body)
        assert (answer.status, answer.code) == (404, 10008)


@pytest.mark.parametrize("kind", [6, 7, 8, 1])
async def test_a_command_cannot_be_answered_like_a_button(
    bot: RawBot, enter: Enter, kind: int
) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    await ada.type("/ping")
    answer = await bot.call_back(await bot.next_interaction(), kind, {"content": "x"})
    assert (answer.code, answer.error_at("type")) == (50035, "BASE_TYPE_CHOICES")


async def test_without_with_response_the_receipt_is_empty(bot: RawBot, enter: Enter) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    await ada.type("/ping")
    interaction = await bot.next_interaction()
    path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
    assert (await bot.request("POST", path, {"type": 5})).status == 204


async def test_a_wrong_token_finds_no_interaction(bot: RawBot, enter: Enter) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    await ada.type("/ping")
    interaction = await bot.next_interaction() | {"token": "made-up"}
    answer = await bot.call_back(interaction, 5)
    assert (answer.status, answer.code) == (404, 10062)
    follow_up = await bot.request("POST", bot.webhook(interaction), {"content": "x"})
    assert (follow_up.status, follow_up.code) == (401, 50027)


async def test_suggestions_that_do_not_come_are_said_to_have_failed(
    bot: RawBot, enter: Enter, clock: ManualClock
) -> None:
    await bot.register(COMPLETING)
    await bot.connect()
    ada = await enter()
    asking = asyncio.create_task(ada.autocomplete("/find what:re", "what"))
    await bot.next_interaction()
    clock.advance(3)
    with pytest.raises(Refused, match="Loading suggestions failed"):
        await asking


async def test_at_most_25_suggestions(bot: RawBot, enter: Enter) -> None:
    await bot.register(COMPLETING)
    await bot.connect()
    ada = await enter()
    asking = asyncio.create_task(ada.autocomplete("/find what:re", "what"))
    interaction = await bot.next_interaction()
    assert interaction["data"]["options"] == [
        {"name": "what", "type": 3, "value": "re", "focused": True}
    ]
    many = [{"name": str(n), "value": str(n)} for n in range(26)]
    refused = await bot.call_back(interaction, 8, {"choices": many})
    assert refused.error_at("data", "choices") == "BASE_TYPE_MAX_LENGTH"
    await bot.call_back(interaction, 8, {"choices": many[:25]})
    assert len(await asking) == 25


async def test_the_original_can_be_read_edited_and_deleted(bot: RawBot, enter: Enter) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    await ada.type("/ping")
    interaction = await bot.next_interaction()
    await bot.call_back(interaction, 4, {"content": "pong"})
    original = bot.webhook(interaction, "/messages/@original")
    assert (await bot.request("GET", original)).body["content"] == "pong"
    edited = await bot.request("PATCH", original, {"content": "ping"})
    assert edited.body["edited_timestamp"] is not None
    assert (await bot.request("DELETE", original)).status == 204
    assert (await bot.request("GET", original)).code == 10008
    await ada.wait_until(lambda: not ada.messages or None, "an empty channel", 30)


async def test_an_interaction_cannot_touch_the_messages_of_another(
    bot: RawBot, enter: Enter
) -> None:
    await bot.register(PING)
    await bot.connect()
    ada = await enter()
    await ada.type("/ping")
    first = await bot.next_interaction()
    receipt = await bot.call_back(first, 4, {"content": "first"})
    await ada.type("/ping")
    second = await bot.next_interaction()
    await bot.call_back(second, 4, {"content": "second"})
    path = bot.webhook(second, f"/messages/{receipt.body['resource']['message']['id']}")
    assert (await bot.request("PATCH", path, {"content": "stolen"})).code == 10008
