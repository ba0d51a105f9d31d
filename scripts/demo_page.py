"""The demo in a process of its own, and its page in a headless Chromium, for pictures of it."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

PROJECT = Path(__file__).parents[1]
WIDE: ViewportSize = {"width": 1200, "height": 880}
PIXELS_PER_POINT = 1.5
START_SECONDS = 120.0
CLIP_SECONDS = 600.0
ADDRESS = re.compile(r"is ready: (http://\S+)")


HOLD = """video => new Promise(resolve => {
  const hold = () => {
    // The browser's own sign of loading goes a moment after the picture is there.
    video.addEventListener("seeked", () => setTimeout(resolve, 1500), { once: true });
    video.currentTime = video.duration / 2;
  };
  if (video.readyState >= 2) return hold();
  video.addEventListener("loadeddata", hold, { once: true });
  video.preload = "auto";
})"""


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


async def hold(video: Locator) -> None:
    """Stop a clip at half its length, once that frame is there."""
    await video.evaluate(HOLD)


async def show_clip(page: Page) -> None:
    """Wait for the clip, bring it into view and hold it at half its length."""
    video = page.locator("video").first
    await wait_for(page, video)
    await hold(video)
    await video.evaluate("video => video.scrollIntoView({ block: 'nearest' })")
    await page.wait_for_timeout(500)
