"""The server as a whole: its page, its addresses, its process."""

import asyncio
import base64
import json
import signal
import sys

import aiohttp
import pytest

from bot.playground.seed import APPLICATION_ID
from bot.playground.server import Playground
from tests.bot.playground.raw_bot import RawBot


async def test_the_page_and_its_modules_are_served(playground: Playground) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(playground.page_url) as response:
            assert (response.status, response.content_type) == (200, "text/html")
            assert "default-src 'self'" in response.headers["Content-Security-Policy"]
        async with http.get(f"{playground.url}/static/main.js") as response:
            assert response.status == 200
            assert "javascript" in response.content_type


async def test_it_listens_on_this_machine_only(playground: Playground) -> None:
    assert playground.url.startswith("http://127.0.0.1:")


async def test_the_token_begins_with_the_applications_id(playground: Playground) -> None:
    first = playground.bot_token.split(".")[0]
    assert base64.urlsafe_b64decode(first + "==").decode() == APPLICATION_ID


async def test_unknown_paths_and_methods_answer_in_discords_shape(bot: RawBot) -> None:
    assert (await bot.request("GET", "/nowhere")).body == {"message": "404: Not Found", "code": 0}
    wrong = await bot.request("PUT", "/users/@me")
    assert (wrong.status, wrong.body["code"]) == (405, 0)


async def test_json_is_declared_without_a_charset(bot: RawBot) -> None:
    answers = [
        await bot.request("GET", "/users/@me"),
        await bot.request("GET", "/users/@me", token="wrong"),
        await bot.request("GET", "/nowhere"),
    ]
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/json"}


async def test_a_taken_port_is_said(playground: Playground) -> None:
    port = int(playground.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="address already in use"):
        async with Playground(port=port):
            pass


async def test_two_playgrounds_live_side_by_side(playground: Playground) -> None:
    async with Playground() as other, RawBot(playground) as bot:
        assert other.url != playground.url
        assert (await bot.request("GET", "/users/@me", token=other.bot_token)).status == 401


async def test_it_runs_alone_and_stops_when_asked() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.playground",
        "--port",
        "0",
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    about = json.loads(await process.stdout.readline())
    headers = {"Authorization": f"Bot {about['bot_token']}"}
    url = f"{about['url']}/api/v10/users/@me"
    async with aiohttp.ClientSession(headers=headers) as http, http.get(url) as response:
        assert (await response.json())["bot"] is True
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
