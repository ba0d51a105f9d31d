"""Draws the pictures of the README: the demo, asked for a clip in a headless Chromium.

Run as `python -m scripts.screenshots [--out FOLDER]`. Everything in the pictures is real: the
bot and the playground run as `python -m bot demo` starts them, with a new database.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect

PROJECT = Path(__file__).parents[1]
PICTURES = PROJECT / "docs" / "pictures"
PROMPT_LINE = "/imagine-video prompt:a red circle moving right seed:7"
WIDE: ViewportSize = {"width": 1200, "height": 880}
PHONE: ViewportSize = {"width": 390, "height": 844}
PIXELS_PER_POINT = 1.5
START_SECONDS = 120.0
CLIP_SECONDS = 600.0
ADDRESS = re.compile(r"is ready: (http://\S+)")


class ScreenshotError(Exception):
    """Says in one line why there are no pictures."""


@asynccontextmanager
async def running_demo(data_folder: Path) -> AsyncGenerator[str]:
    """The demo in its own process; gives the page's address. Raises ScreenshotError."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--port", "0", "--no-browser"),
        cwd=PROJECT,
        env=os.environ | {"REELROOM_STORAGE__DATA_FOLDER": str(data_folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        address = await asyncio.wait_for(page_address(process.stdout), START_SECONDS)
        # Unread output would fill the pipe and stop the bot.
        drain = asyncio.create_task(process.stdout.read())
        yield address
        process.terminate()
        await drain
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def page_address(output: asyncio.StreamReader) -> str:
    """Read the demo's output up to the line with its address. Raises ScreenshotError."""
    lines: list[str] = []
    async for raw in output:
        lines.append(raw.decode(errors="replace").rstrip())
        if match := ADDRESS.search(lines[-1]):
            return match[1]
    raise ScreenshotError("the demo ended without a page: " + " / ".join(lines[-3:]))


async def open_page(browser: Browser, address: str, viewport: ViewportSize, scheme: str) -> Page:
    """The chat page, as large as asked, light or dark."""
    context = await browser.new_context(
        viewport=viewport,
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=PIXELS_PER_POINT,
        locale="en-GB",
    )
    page = await context.new_page()
    await page.goto(address)
    await expect(page.get_by_role("status")).to_contain_text("is online")
    return page


async def wait_for(page: Page, sight: Locator) -> None:
    """Wait until something of the job is seen. Raises ScreenshotError when the job failed."""
    failure = page.get_by_text(re.compile(r"Your .* came back"))
    await expect(sight.or_(failure).first).to_be_visible(timeout=CLIP_SECONDS * 1000)
    if await failure.is_visible():
        raise ScreenshotError(await failure.inner_text())


async def show_clip(page: Page) -> None:
    """Wait for the clip, bring it into view and hold it at half its length."""
    video = page.locator("video").first
    await wait_for(page, video)
    await video.evaluate(
        """video => new Promise(resolve => {
          const hold = () => {
            video.addEventListener("seeked", resolve, { once: true });
            video.currentTime = video.duration / 2;
          };
          if (video.readyState >= 2) return hold();
          video.addEventListener("loadeddata", hold, { once: true });
          video.preload = "auto";
        })"""
    )
    await video.evaluate("video => video.scrollIntoView({ block: 'nearest' })")
    await page.wait_for_timeout(500)


async def draw_all(address: str, folder: Path) -> None:
    """Ask for a clip and take every picture."""
    executable = shutil.which("chromium")
    if executable is None:
        raise ScreenshotError("no chromium on this machine (apt install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        page = await open_page(browser, address, WIDE, "light")
        await page.keyboard.type(PROMPT_LINE)
        await page.screenshot(path=folder / "composer.png")
        await page.keyboard.press("Enter")
        # A quick machine may be done before its first progress is shown.
        await wait_for(
            page, page.get_by_text(re.compile(r"step \d+ of")).or_(page.locator("video"))
        )
        await page.screenshot(path=folder / "progress.png")
        await show_clip(page)
        await page.get_by_role("button", name="Dismiss message").first.click()
        await page.mouse.move(0, 0)  # nothing is drawn as pointed at
        await page.screenshot(path=folder / "page.png")
        for name, viewport, scheme in (("dark", WIDE, "dark"), ("phone", PHONE, "light")):
            other = await open_page(browser, address, viewport, scheme)
            await show_clip(other)
            await other.screenshot(path=folder / f"page-{name}.png")
        await browser.close()


async def main(folder: Path) -> None:
    """Start the demo, draw, and end it."""
    with tempfile.TemporaryDirectory(prefix="reelroom-pictures-") as data_folder:
        async with running_demo(Path(data_folder)) as address:
            await draw_all(address, folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw the pictures of the README.")
    parser.add_argument("--out", type=Path, default=PICTURES, metavar="FOLDER")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(main(out))
    except ScreenshotError as error:
        sys.exit(f"No pictures: {error}")
