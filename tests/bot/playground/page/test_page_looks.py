"""Light and dark, wide and narrow, and the keyboard alone."""

import re
from itertools import product
from pathlib import Path

import pytest
from playwright.async_api import ViewportSize, expect

from tests.bot.playground.page.conftest import OpenPage, Stage

PAGE_FOLDER = Path(__file__).parents[4] / "bot" / "playground" / "page"
PHONE: ViewportSize = {"width": 360, "height": 700}
in_browser = pytest.mark.asyncio(loop_scope="session")

TEXT_ON_GROUND = [
    *product(("ink", "muted", "accent", "bad"), ("paper", "card", "raised")),
    *product(("ink", "muted"), ("panel", "code", "accent-soft")),
    ("accent", "accent-soft"),
    ("bad", "bad-soft"),
    ("accent-ink", "accent"),
    ("good-ink", "good"),
    ("bad-ink", "bad"),
]
ENOUGH_FOR_TEXT = 4.5
ENOUGH_FOR_EDGES = 3.0


def colour_schemes() -> dict[str, dict[str, str]]:
    """The custom properties with plain colours, light ones first as the stylesheet has them."""
    css = (PAGE_FOLDER / "playground.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    return {"light": light, "dark": dark}


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_every_ground_it_stands_on(scheme: str) -> None:
    colours = colour_schemes()[scheme]
    poor = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in TEXT_ON_GROUND
        if contrast(colours[pair[0]], colours[pair[1]]) < ENOUGH_FOR_TEXT
    }
    assert poor == {}
    for ground in ("paper", "card"):
        assert contrast(colours["edge-line"], colours[ground]) >= ENOUGH_FOR_EDGES


@in_browser
@pytest.mark.parametrize(("scheme", "ground"), [("light", "#fbfaf7"), ("dark", "#191b1c")])
async def test_the_page_follows_the_colour_scheme(
    open_page: OpenPage, scheme: str, ground: str
) -> None:
    page = await open_page(color_scheme=scheme)
    rgb = ", ".join(str(int(ground[at : at + 2], 16)) for at in (1, 3, 5))
    await expect(page.locator("body")).to_have_css("background-color", f"rgb({rgb})")


@in_browser
async def test_a_phone_shows_one_column_and_a_list_that_opens(open_page: OpenPage) -> None:
    page = await open_page(viewport=PHONE)
    await page.keyboard.type("/imagine-video a fairly long prompt that needs two lines seed:1")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) <= 0
    sidebar = page.get_by_role("complementary")
    await expect(sidebar).to_be_hidden()
    menu = page.get_by_role("button", name="Channels and members")
    await menu.click()
    await expect(sidebar).to_be_visible()
    await expect(menu).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("Escape")
    await expect(sidebar).to_be_hidden()
    await expect(menu).to_be_focused()
    await menu.click()
    await sidebar.get_by_role("button", name="showcase").first.click()
    await expect(sidebar).to_be_hidden()
    await expect(page.get_by_role("heading", name="showcase", exact=True)).to_be_visible()


@in_browser
async def test_everything_can_be_reached_with_the_keyboard(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    for text in ("one", "two"):
        await stage.bot.channel("studio").send(text)
    await expect(page.get_by_role("article")).to_have_count(2)
    reached: list[str] = []
    for _ in range(20):
        await page.keyboard.press("Tab")
        reached.append(
            await page.evaluate(
                "(e => e.getAttribute('aria-label') || e.name || e.textContent)"
                "(document.activeElement)"
            )
        )
        if reached[-1] == "Message box":
            break
    assert reached[0] == "Skip to the message box"
    assert "member" in reached
    assert reached[-1] == "Message box"


@in_browser
async def test_arrow_keys_move_among_messages(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    for text in ("one", "two", "three"):
        await stage.bot.channel("studio").send(text)
    articles = page.get_by_role("article")
    await expect(articles).to_have_count(3)
    await articles.last.focus()
    await page.keyboard.press("ArrowUp")
    await expect(articles.nth(1)).to_be_focused()
    await page.keyboard.press("Home")
    await expect(articles.first).to_be_focused()
    assert await page.locator(".message[tabindex='0']").count() == 1
    outline = await articles.first.evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
    await page.keyboard.press("/")
    await expect(page.get_by_label("Message box")).to_be_focused()


def test_the_page_has_no_inline_script_or_style_and_names_no_other_host() -> None:
    for path in sorted(PAGE_FOLDER.iterdir()):
        text = path.read_text()
        assert "innerHTML" not in text, path.name
        assert not re.search(r"\bdiscord", text, re.IGNORECASE), path.name
        hosts = set(re.findall(r"https?://[\w.]+", text)) - {"http://www.w3.org"}
        assert hosts == set(), path.name
    html = (PAGE_FOLDER / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", html)
    assert "Content-Security-Policy" in html
