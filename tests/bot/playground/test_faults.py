"""Faults that a test orders."""

import aiohttp
import pytest

from bot.playground.exchange import Exchange
from bot.playground.server import Playground
from tests.bot.playground.raw_bot import RawBot

STUDIO = "/channels/1100000000000001010/messages"
ROUTE = "/channels/{channel_id}/messages"


async def _contents(bot: RawBot) -> list[str]:
    return [message["content"] for message in (await bot.request("GET", STUDIO)).body]


async def test_the_next_requests_fail_and_then_all_is_well(
    bot: RawBot, playground: Playground, exchanges: list[Exchange]
) -> None:
    playground.faults.fail("POST", ROUTE, status=503, times=2)
    statuses = [(await bot.request("POST", STUDIO, {"content": "x"})).status for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert [exchange.injected for exchange in exchanges] == [True, True, False]
    assert await _contents(bot) == ["x"]


async def test_an_error_can_carry_discords_code(bot: RawBot, playground: Playground) -> None:
    playground.faults.fail("POST", ROUTE, status=429, code=30046, message="Too many edits")
    answer = await bot.request("POST", STUDIO, {"content": "x"})
    assert (answer.status, answer.code) == (429, 30046)


async def test_a_rate_limit_says_how_long(bot: RawBot, playground: Playground) -> None:
    playground.faults.rate_limit("POST", ROUTE, retry_after_seconds=1.5)
    answer = await bot.request("POST", STUDIO, {"content": "x"})
    assert (answer.status, answer.body["retry_after"], answer.headers["Via"]) == (
        429,
        1.5,
        "1.1 playground",
    )


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_connection_is_cut_before_or_after_the_effect(
    bot: RawBot, playground: Playground, after_effect: bool
) -> None:
    playground.faults.drop("POST", ROUTE, after_effect=after_effect)
    with pytest.raises(aiohttp.ClientError):
        await bot.request("POST", STUDIO, {"content": "x"})
    assert await _contents(bot) == (["x"] if after_effect else [])


async def test_a_nonce_saves_the_message_whose_answer_was_lost(
    bot: RawBot, playground: Playground
) -> None:
    playground.faults.drop("POST", ROUTE, after_effect=True)
    body = {"content": "once", "nonce": "n", "enforce_nonce": True}
    with pytest.raises(aiohttp.ClientError):
        await bot.request("POST", STUDIO, body)
    assert (await bot.request("POST", STUDIO, body)).status == 200
    assert await _contents(bot) == ["once"]


async def test_ordered_faults_can_be_called_off(bot: RawBot, playground: Playground) -> None:
    playground.faults.fail("POST", ROUTE, times=5)
    playground.faults.clear()
    assert (await bot.request("POST", STUDIO, {"content": "x"})).status == 200
