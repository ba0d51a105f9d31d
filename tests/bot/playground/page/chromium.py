"""Debian's Chromium, driven by Playwright."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    async_playwright,
    expect,
)

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 60_000
"""How long to wait for what should come; a bound for broken runs, not an expectation."""


@asynccontextmanager
async def open_chromium() -> AsyncGenerator[Browser]:
    """A headless browser. Without one tests skip, unless BROWSER_TESTS_REQUIRED=1 forbids it."""
    executable = shutil.which("chromium")
    if executable is None:
        if os.environ.get("BROWSER_TESTS_REQUIRED") == "1":
            pytest.fail("BROWSER_TESTS_REQUIRED=1, and no chromium was found")
        pytest.skip("no chromium on this machine (apt install chromium)")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield browser
        await browser.close()


def note_troubles(page: Page, own_url: str, troubles: list[str]) -> None:
    """Write down errors that the page logs and requests to any other server than its own."""

    def watch_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            troubles.append(f"console: {message.text}")

    def watch_request(request: Request) -> None:
        if not request.url.startswith(
            (own_url, own_url.replace("127.0.0.1", "localhost"), "blob:")
        ):
            troubles.append(f"request: {request.url}")

    page.set_default_timeout(PATIENCE_MS)
    page.on("console", watch_console)
    page.on("pageerror", lambda error: troubles.append(f"uncaught: {error}"))
    page.on("request", watch_request)


async def until(page: Page, condition: str) -> None:
    """Wait until a JavaScript expression holds.

    Playwright's own wait_for_function evaluates strings inside the page, which the page's
    Content-Security-Policy forbids, as it should.
    """
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not await page.evaluate(condition):
            await page.wait_for_timeout(30)
