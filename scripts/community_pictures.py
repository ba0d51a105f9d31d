"""Pictures of what a study group does together: card, gallery, report, arena, theme."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from scripts.demo_page import hold, open_page, wait_for

WHOLE_MESSAGES: ViewportSize = {"width": 1100, "height": 1300}
PROMPTS = {
    "Ada": ("a red circle moving right", "a green square moving up"),
    "Grace": ("a blue star moving left", "a yellow circle moving down"),
}


async def become(page: Page, name: str) -> None:
    """From now on the page acts as this member."""
    await page.get_by_role("radio", name=name).check()
    await page.get_by_role("combobox", name="Message box").focus()


async def say(page: Page, line: str) -> None:
    """Type a whole line and send it."""
    await page.keyboard.type(line)
    await page.keyboard.press("Enter")


def newest(page: Page, words: str | re.Pattern[str]) -> Locator:
    """The newest message that says this."""
    return page.get_by_role("article").filter(has_text=words).last


async def make_clip(page: Page, prompt: str) -> Locator:
    """Ask for a clip; its card, once the clip is there."""
    await say(page, f"/imagine-video prompt:{prompt}")
    card = newest(page, prompt).filter(has=page.get_by_role("region", name="Imagine video"))
    await wait_for(page, card.locator("video"))
    return card


async def remix(page: Page, card: Locator, prompt: str) -> Locator:
    """The card of a remix of this one."""
    await card.get_by_role("button", name="Remix").click()
    modal = page.get_by_role("dialog")
    await modal.get_by_role("textbox", name="Prompt", exact=True).fill(prompt)
    await modal.get_by_role("button", name="Submit").click()
    made = newest(page, prompt).filter(has=page.get_by_role("region", name="Imagine video"))
    await wait_for(page, made.locator("video"))
    return made


async def take(page: Page, message: Locator, file: Path) -> None:
    """A picture of one message, its clips held at half their length."""
    for video in await message.locator("video").all():
        await hold(video)
    await message.scroll_into_view_if_needed()
    await page.mouse.move(0, 0)
    await page.wait_for_timeout(1000)  # until the players' signs of loading are gone
    await message.screenshot(path=file)


async def draw_community(browser: Browser, address: str, folder: Path) -> None:
    """Members make, share, like, remix, compare and compete; a moderator looks at the week."""
    page = await open_page(browser, address, WHOLE_MESSAGES, "light")
    for name, prompts in PROMPTS.items():
        await become(page, name)
        for prompt in prompts:
            card = await make_clip(page, prompt)
            await card.get_by_role("button", name="Share to gallery").click()
            await expect(card.get_by_role("button", name="Take out of gallery")).to_be_visible()
    await become(page, "Lin")
    for prompt in ("a red circle moving right", "a yellow circle moving down"):
        await newest(page, prompt).get_by_role("button", name=re.compile("Like")).click()
    await become(page, "Ada")
    await newest(page, PROMPTS["Grace"][0]).get_by_role("button", name=re.compile("Like")).click()
    remixed = await remix(page, newest(page, PROMPTS["Grace"][1]), "a red circle moving down")
    await take(page, remixed, folder / "card.png")
    await say(page, "/gallery order:most liked")
    gallery = page.get_by_role("article", name="used /gallery").last
    await expect(gallery.get_by_role("button", name="Remix").first).to_be_visible()
    await take(page, gallery, folder / "gallery.png")
    await become(page, "Lin")
    await say(page, "/admin report")
    report = page.get_by_role("article", name="used /admin report").last
    await expect(report.locator("img").last).to_be_visible()
    await take(page, report, folder / "report.png")
    await draw_arena(page, folder)
    await draw_theme(page, folder)


async def draw_arena(page: Page, folder: Path) -> None:
    """Two clips that are voted on blind, and what they were."""
    await become(page, "Ada")
    await say(page, "/compare prompt:a red circle moving right")
    both = page.get_by_role("article").filter(
        has=page.get_by_role("region", name="Which clip is better?")
    )
    await wait_for(page, both.locator("video").last)
    await take(page, both, folder / "arena.png")
    for name, choice in (("Ada", "A is better"), ("Grace", "B is better"), ("Lin", "Tie")):
        await become(page, name)
        await both.get_by_role("button", name=choice).click()
        await expect(newest(page, "You say that")).to_be_visible()
    await become(page, "Ada")
    await both.get_by_role("button", name="Reveal").click()
    revealed = page.get_by_role("article").filter(
        has=page.get_by_role("region", name="Comparison, revealed")
    )
    await expect(revealed).to_be_visible()
    await take(page, revealed, folder / "arena-revealed.png")


async def draw_theme(page: Page, folder: Path) -> None:
    """A theme in its thread: two entries without names, and who has won."""
    await become(page, "Lin")
    await say(page, "/theme open title:Things that move rules:One clip each, no words. ends:3d")
    thread = page.locator(".threads").get_by_role("button", name="Things that move").first
    await expect(thread).to_be_visible()
    await thread.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Things that move")
    for name, prompts in PROMPTS.items():
        await become(page, name)
        await page.get_by_role("button", name=re.compile("Enter my clip")).last.click()
        await newest(page, "Which clip takes part").get_by_role("combobox").click()
        await page.get_by_role("option", name=prompts[0]).first.click()
        await expect(newest(page, "takes part in")).to_be_visible()
    await become(page, "Lin")
    await say(page, "/theme close what:begin the vote now")
    entry = page.get_by_role("article").filter(has=page.get_by_role("region", name="Entry 2"))
    await wait_for(page, entry.locator("video"))
    await take(page, entry, folder / "theme.png")
    await entry.get_by_role("button", name=re.compile("Vote")).click()
    await expect(newest(page, "You vote for entry 2")).to_be_visible()
    await become(page, "Lin")
    await say(page, "/theme close what:end the vote now")
    decided = newest(page, "The theme is decided")
    await expect(decided).to_contain_text("has won")
    await take(page, decided, folder / "theme-decided.png")
