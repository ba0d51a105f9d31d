"""What a person does in the chat page, for the journeys that go through it."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect


async def type_command(page: Page, line: str) -> None:
    """Type a whole line and send it, with the keyboard alone."""
    await page.keyboard.type(line)
    await page.keyboard.press("Enter")


async def become(page: Page, name: str) -> None:
    """From now on the page acts and sees as this member."""
    await page.get_by_role("radio", name=name).check()
    await page.get_by_role("combobox", name="Message box").focus()


def cards(page: Page) -> Locator:
    """Job cards, oldest first."""
    return page.get_by_role("article").filter(has=page.get_by_role("region", name="Imagine video"))


async def made(page: Page, prompt: str) -> Locator:
    """Ask for a clip of these words; its card once the clip is there."""
    await type_command(page, f"/imagine-video prompt:{prompt}")
    card = cards(page).filter(has_text=prompt).last
    await expect(card.locator("video")).to_be_visible()
    return card


def answers(page: Page, words: str | re.Pattern[str]) -> Locator:
    """The newest message that says this."""
    return page.get_by_role("article").filter(has_text=words).last
