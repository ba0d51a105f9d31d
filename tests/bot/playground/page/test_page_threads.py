"""Threads in the page: listed under their channel, entered, marked as archived."""

import pytest
from playwright.async_api import expect

from tests.bot.playground.page.conftest import OpenPage, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUDIO = 1100000000000001010


async def test_a_thread_appears_is_entered_and_rests(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    studio = stage.bot.get_partial_messageable(STUDIO)
    message = await studio.send("Seas: show them")
    await stage.bot.http.start_thread_with_message(
        STUDIO, message.id, name="Seas", auto_archive_duration=1440
    )
    entry = page.locator(".threads").get_by_role("button", name="Seas")
    await expect(entry).to_be_visible()
    inside = stage.bot.get_partial_messageable(message.id)
    await inside.send("Here it goes on")
    await expect(entry).to_contain_text("new messages")

    await page.get_by_role("button", name="Open the thread “Seas”").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Seas")
    await expect(page.locator("#room-header")).to_contain_text("thread in #studio")
    await expect(page.get_by_role("article").last).to_contain_text("Here it goes on")
    await expect(page.get_by_role("article").first).to_contain_text("started this thread")
    await expect(entry).to_have_attribute("aria-current", "page")
    await expect(entry).not_to_contain_text("new messages")

    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Seas")
    await stage.bot.http.edit_channel(message.id, archived=True)
    await expect(entry).to_contain_text("archived")
    await expect(page.locator("#room-header")).to_contain_text("archived")
