"""Draws the pictures of the documents: the demo, used in a headless Chromium.

Run as `python -m scripts.screenshots [--out FOLDER]`. Everything in the pictures is real: the
bot and the playground run as `python -m bot demo` starts them, with a new database.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, ViewportSize, async_playwright

from scripts.community_pictures import draw_community
from scripts.demo_page import (
    PROJECT,
    WIDE,
    ScreenshotError,
    open_page,
    running_demo,
    show_clip,
    wait_for,
)

PICTURES = PROJECT / "docs" / "pictures"
PROMPT_LINE = "/imagine-video prompt:a red balloon moving up on a meadow seed:1"
PHONE: ViewportSize = {"width": 390, "height": 844}


async def draw_page(browser: Browser, address: str, folder: Path) -> None:
    """Ask for a clip and take the pictures of the whole page."""
    page = await open_page(browser, address, WIDE, "light")
    await page.keyboard.type(PROMPT_LINE)
    await page.screenshot(path=folder / "composer.png")
    await page.keyboard.press("Enter")
    # A quick machine may be done before its first progress is shown.
    await wait_for(page, page.get_by_text(re.compile(r"step \d+ of")).or_(page.locator("video")))
    await page.screenshot(path=folder / "progress.png")
    await show_clip(page)
    await page.get_by_role("button", name="Dismiss message").first.click()
    await page.mouse.move(0, 0)  # nothing is drawn as pointed at
    await page.screenshot(path=folder / "page.png")
    for name, viewport, scheme in (("dark", WIDE, "dark"), ("phone", PHONE, "light")):
        other = await open_page(browser, address, viewport, scheme)
        await show_clip(other)
        await other.screenshot(path=folder / f"page-{name}.png")


async def draw_all(folder: Path) -> None:
    """Every picture, each kind with a demo of its own. Raises ScreenshotError."""
    executable = shutil.which("chromium")
    if executable is None:
        raise ScreenshotError("no chromium on this machine (apt install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        for draw in (draw_page, draw_community):
            with tempfile.TemporaryDirectory(prefix="reelroom-pictures-") as data_folder:
                async with running_demo(Path(data_folder)) as address:
                    await draw(browser, address, folder)
        await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw the pictures of the documents.")
    parser.add_argument("--out", type=Path, default=PICTURES, metavar="FOLDER")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(draw_all(out))
    except ScreenshotError as error:
        sys.exit(f"No pictures: {error}")
