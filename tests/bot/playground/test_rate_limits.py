"""Too many requests, with the headers that clients obey."""

from bot.playground.clock import ManualClock
from tests.bot.playground.conftest import Enter
from tests.bot.playground.raw_bot import RawBot

STUDIO = "/channels/1100000000000001010/messages"
SHOWCASE = "/channels/1100000000000001011/messages"


async def test_a_bucket_counts_down_and_refuses_the_next(bot: RawBot, clock: ManualClock) -> None:
    answers = [await bot.request("POST", STUDIO, {"content": str(n)}) for n in range(6)]
    assert [a.headers["X-RateLimit-Remaining"] for a in answers] == ["4", "3", "2", "1", "0", "0"]
    assert len({a.headers["X-RateLimit-Bucket"] for a in answers}) == 1
    refused = answers[5]
    assert refused.status == 429
    assert (refused.body["retry_after"], refused.body["global"]) == (5.0, False)
    assert (refused.headers["Retry-After"], refused.headers["X-RateLimit-Scope"]) == ("5", "user")
    assert refused.headers["Via"]
    clock.advance(4.9)
    assert (await bot.request("POST", STUDIO, {"content": "x"})).status == 429
    clock.advance(0.1)
    assert (await bot.request("POST", STUDIO, {"content": "x"})).status == 200


async def test_channels_are_counted_apart(bot: RawBot) -> None:
    for number in range(5):
        await bot.request("POST", STUDIO, {"content": str(number)})
    assert (await bot.request("POST", SHOWCASE, {"content": "x"})).status == 200


async def test_fifty_requests_a_second_are_the_most_for_all_routes_together(
    bot: RawBot, clock: ManualClock
) -> None:
    paths = ("/users/@me", STUDIO, SHOWCASE, f"{STUDIO}/1", "/channels/1100000000000001010")
    answers = [await bot.request("GET", paths[number % len(paths)]) for number in range(51)]
    answer = answers.pop()
    assert 429 not in {one.status for one in answers}
    assert answer.status == 429
    assert answer.body["global"] is True
    assert answer.headers["X-RateLimit-Global"] == "true"
    clock.advance(1)
    assert (await bot.request("GET", "/users/@me")).status == 200


async def test_interactions_do_not_count_towards_the_fifty(bot: RawBot, enter: Enter) -> None:
    await bot.register({"name": "ping", "description": "Ping"})
    await bot.connect()
    ada = await enter()
    await ada.type("/ping")
    interaction = await bot.next_interaction()
    paths = ("/users/@me", STUDIO, SHOWCASE, f"{STUDIO}/1", "/channels/1100000000000001010")
    for number in range(50):
        await bot.request("GET", paths[number % len(paths)])
    assert (await bot.request("GET", "/users/@me")).status == 429
    assert (await bot.call_back(interaction, 4, {"content": "x"})).status == 200
    follow_up = await bot.request("POST", bot.webhook(interaction), {"content": "y"})
    assert follow_up.status == 200


async def test_a_webhook_takes_five_requests_in_two_seconds(
    bot: RawBot, enter: Enter, clock: ManualClock
) -> None:
    await bot.register({"name": "ping", "description": "Ping"})
    await bot.connect()
    ada = await enter()
    await ada.type("/ping")
    interaction = await bot.next_interaction()
    await bot.call_back(interaction, 4, {"content": "0"})
    original = bot.webhook(interaction, "/messages/@original")
    for number in range(5):
        await bot.request("PATCH", original, {"content": str(number)})
    assert (await bot.request("PATCH", original, {"content": "x"})).status == 429
    clock.advance(2)
    assert (await bot.request("PATCH", original, {"content": "x"})).status == 200
