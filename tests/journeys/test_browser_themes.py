"""A theme in the chat page: opened, entered, voted on by three people, decided."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.journeys.page_use import answers, become, made, type_command


async def own_number(page: Page) -> str:
    """What the member's entry is called, as only they are told."""
    await page.get_by_role("button", name=re.compile("My entry")).last.click()
    mine = answers(page, "Yours is entry")
    await expect(mine).to_be_visible()
    found = re.search(r"Yours is entry (\d)", await mine.inner_text())
    assert found is not None
    return found[1]


async def told(page: Page, line: str) -> None:
    """Typed into the message box, wherever the keyboard was: a menu would take the letters."""
    await page.get_by_role("combobox", name="Message box").focus()
    await type_command(page, line)


async def vote_for(page: Page, number: str) -> None:
    entry = page.get_by_role("article").filter(
        has=page.get_by_role("region", name=f"Entry {number}")
    )
    await entry.get_by_role("button", name=re.compile("Vote")).click()
    await expect(answers(page, f"You vote for entry {number}")).to_be_visible()


async def test_a_theme_goes_from_its_opening_to_its_winner(page: Page) -> None:
    await become(page, "Lin")
    await type_command(page, "/theme open title:Seas rules:Show a sea. ends:3d")
    thread = page.locator(".threads").get_by_role("button", name="Seas").first
    await expect(thread).to_be_visible()
    for name in ("Ada", "Grace", "Lin"):
        await become(page, name)
        await made(page, f"a sea of {name}")

    await thread.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Seas")
    for name in ("Ada", "Grace", "Lin"):
        await become(page, name)
        await page.get_by_role("button", name=re.compile("Enter my clip")).last.click()
        menu = answers(page, "Which clip takes part").get_by_role("combobox")
        await menu.click()
        await page.get_by_role("option", name=f"a sea of {name}").click()
        await expect(answers(page, "takes part in “Seas”")).to_be_visible()
    await told(page, "/theme close what:begin the vote now")
    await expect(answers(page, "Entry 3").locator("video")).to_be_visible()

    numbers: dict[str, str] = {}
    for name in ("Ada", "Grace", "Lin"):
        await become(page, name)
        numbers[name] = await own_number(page)
    await vote_for(page, numbers["Grace"])
    await become(page, "Ada")
    await vote_for(page, numbers["Grace"])
    await become(page, "Lin")
    await told(page, "/theme close what:end the vote now")
    result = answers(page, "The theme is decided")
    await expect(result).to_contain_text("@Grace has won with 2 votes")
    await expect(thread).to_contain_text("archived")
    await expect(page.get_by_role("button", name=re.compile("Vote"))).to_have_count(0)
