# PyAV leaves type parameters of its packets open.
# pyright: reportUnknownMemberType=false
"""A browser, and for every test a playground with a bot and a page that looks at it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import discord.gateway
import discord.http
import numpy as np
import pytest
import pytest_asyncio
import yarl
from playwright.async_api import Browser, Page, expect

from bot.playground.server import Playground
from tests.bot.playground.page.chromium import PATIENCE_MS, note_troubles, open_chromium
from tests.bot.playground.page.page_bot import PageBot


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a test plays on."""

    playground: Playground
    bot: PageBot


OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """Debian's Chromium; tests that need it skip where there is none, unless they may not."""
    async with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a bright square crossing a dark ground, H.264."""
    path = tmp_path_factory.mktemp("clip") / "square.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        for index in range(48):
            picture = np.full((128, 192, 3), 24, np.uint8)
            picture[40:88, index * 3 : index * 3 + 48] = (230, 90, 60)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest_asyncio.fixture(loop_scope="session")
async def stage(clip: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Stage]:
    """A playground in which the small bot is online."""
    async with AsyncExitStack() as stack:
        playground = await stack.enter_async_context(Playground(port=0))
        # Set here and taken back after the test, so that no other test inherits them.
        monkeypatch.setattr(discord.http.Route, "BASE", f"{playground.url}/api/v10")
        gateway = yarl.URL(playground.gateway_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
        bot = await stack.enter_async_context(PageBot(clip))
        running = asyncio.create_task(bot.start(playground.bot_token))
        stack.push_async_callback(asyncio.wait, [running], timeout=PATIENCE_MS / 1000)
        stack.push_async_callback(bot.close)
        await asyncio.wait_for(bot.wait_until_ready(), 30)
        yield Stage(playground=playground, bot=bot)


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, stage: Stage) -> AsyncGenerator[OpenPage]:
    """Open the chat page: `await open_page(color_scheme="dark", as_user="Lin")`.

    Whatever a test does, the page must log no error and ask no other server for anything.
    """
    troubles: list[str] = []

    async def open_one(
        *,
        as_user: str = "Ada",
        prepare: Callable[[Page], Awaitable[None]] | None = None,
        **options: Any,
    ) -> Page:
        context = await stack.enter_async_context(await browser.new_context(**options))
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        note_troubles(page, stage.playground.url, troubles)
        if prepare:
            await prepare(page)
        await page.goto(stage.playground.page_url)
        await expect(page.get_by_role("status")).to_contain_text("is online")
        if as_user != "Ada":
            await page.get_by_role("radio", name=as_user).check()
        await expect(page.locator(".timeline-start > *")).to_be_attached()
        return page

    async with AsyncExitStack() as stack:
        yield open_one
    assert not troubles


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def modules_page(browser: Browser) -> AsyncGenerator[Page]:
    """A page from which a test can import the chat page's modules; there is no bot."""
    async with Playground(port=0) as playground, await browser.new_context() as context:
        page = await context.new_page()
        await page.goto(playground.page_url)
        yield page
