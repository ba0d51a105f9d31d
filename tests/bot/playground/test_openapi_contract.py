"""The contract itself: it is there, it covers every route, it notices violations."""

import os
from dataclasses import replace

import pytest

from bot.playground.exchange import Exchange
from bot.playground.server import Playground
from tests.bot.playground.openapi_contract import (
    DESCRIPTION,
    ContractViolation,
    contract_available,
    validate_exchange,
)
from tests.bot.playground.raw_bot import RawBot

STUDIO = "1100000000000001010"


@pytest.fixture(autouse=True)
def official_description() -> None:
    """Skip where the description is not on the machine, unless it has to be."""
    if contract_available():
        return
    if os.environ.get("DISCORD_OPENAPI_REQUIRED") == "1":
        pytest.fail(f"DISCORD_OPENAPI_REQUIRED=1, and there is no {DESCRIPTION.name}")
    pytest.skip("Discord's OpenAPI description is not on this machine (set DISCORD_OPENAPI)")


@pytest.fixture
async def posted(bot: RawBot, exchanges: list[Exchange]) -> Exchange:
    """The exchange of a message that was posted by the rules."""
    await bot.request("POST", f"/channels/{STUDIO}/messages", {"content": "hello"})
    return exchanges[-1]


async def test_an_exchange_by_the_rules_is_fine(posted: Exchange) -> None:
    validate_exchange(posted)


async def test_an_answer_without_a_required_field_is_noticed(posted: Exchange) -> None:
    body = {key: value for key, value in posted.response_json.items() if key != "author"}
    with pytest.raises(ContractViolation, match="'author' is a required property"):
        validate_exchange(replace(posted, response_json=body))


async def test_a_request_of_the_wrong_shape_is_noticed(posted: Exchange) -> None:
    with pytest.raises(ContractViolation, match="request of POST"):
        validate_exchange(replace(posted, request_json={"embeds": "none"}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": 302}, "never answers 302"),
        ({"path_template": "/nowhere"}, "is not an operation"),
        ({"method": "GET", "request_json": {"x": 1}}, "takes no body"),
        ({"status": 404, "response_json": {"error": "x"}}, "'code' is a required property"),
    ],
)
async def test_what_the_api_does_not_have_is_noticed(
    posted: Exchange, change: dict[str, object], said: str
) -> None:
    with pytest.raises(ContractViolation, match=said):
        validate_exchange(replace(posted, **change))  # pyright: ignore[reportArgumentType]


async def test_a_violation_is_raised_when_the_playground_is_left() -> None:
    def notice(exchange: Exchange) -> None:
        validate_exchange(replace(exchange, response_json={}))

    playground = Playground()
    await playground.__aenter__()
    playground.exchanges = notice
    async with RawBot(playground) as bot:
        assert (await bot.request("GET", "/users/@me")).status == 200
    with pytest.raises(ContractViolation, match="answer 200 of GET /users/@me"):
        await playground.__aexit__(None, None, None)


async def test_every_reading_route_answers_as_described(
    bot: RawBot, playground: Playground, exchanges: list[Exchange]
) -> None:
    guild = playground.world.guilds[0]
    paths = [
        "/users/@me",
        "/users/@me/guilds",
        f"/users/{playground.world.members[0].id}",
        "/oauth2/applications/@me",
        "/applications/@me",
        "/gateway",
        "/gateway/bot",
        f"/guilds/{guild.id}",
        f"/guilds/{guild.id}?with_counts=true",
        f"/guilds/{guild.id}/channels",
        f"/guilds/{guild.id}/roles",
        f"/guilds/{guild.id}/members?limit=10",
        f"/guilds/{guild.id}/members/search?query=ad&limit=5",
        f"/guilds/{guild.id}/members/{playground.world.members[0].id}",
        f"/channels/{STUDIO}",
        f"/channels/{STUDIO}/messages",
    ]
    for path in paths:
        assert (await bot.request("GET", path)).status == 200, path
    direct = await bot.request(
        "POST", "/users/@me/channels", {"recipient_id": playground.world.members[0].id}
    )
    assert (await bot.request("GET", f"/channels/{direct.body['id']}")).status == 200
    assert (await bot.request("POST", f"/channels/{STUDIO}/typing")).status == 204
    assert len(exchanges) == len(paths) + 3
