"""Fixtures: a stage with a scripted executor for each test, one with real workers for all."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.bot.playground.page.chromium import note_troubles, open_chromium
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, make_settings, open_playground, open_stage


@pytest.fixture
def executor() -> ScriptedExecutor:
    return ScriptedExecutor()


@pytest.fixture
async def stage(tmp_path: Path, executor: ScriptedExecutor) -> AsyncGenerator[Stage]:
    async with (
        open_playground() as playground,
        open_stage(playground, make_settings(tmp_path), executor) as opened,
    ):
        yield opened


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    async with open_chromium() as opened:
        yield opened


@pytest.fixture
async def page(browser: Browser, stage: Stage) -> AsyncGenerator[Page]:
    """The chat page of the stage; it must log no error and ask no other server for anything."""
    troubles: list[str] = []
    async with await browser.new_context() as context:
        opened = await context.new_page()
        note_troubles(opened, stage.playground.url, troubles)
        await opened.goto(stage.playground.page_url)
        await expect(opened.get_by_role("status")).to_contain_text("is online")
        yield opened
    assert not troubles
