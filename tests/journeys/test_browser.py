"""The main job as a person does it: in the chat page, with the real bot."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.bot.playground.page.chromium import until
from tests.journeys.page_use import become, cards, type_command
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage

VIDEO_STATE = """video => ({ duration: video.duration, width: video.videoWidth,
  frames: video.getVideoPlaybackQuality().totalVideoFrames })"""


async def test_a_clip_is_asked_for_watched_and_rerolled(
    page: Page, stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    await type_command(page, "/imagine-video prompt:a red circle moving right seed:7")
    card = cards(page).first
    await expect(card).to_contain_text("a red circle moving right")
    await expect(card).to_contain_text("step 1 of 4")
    executor.let_go()
    video = card.locator("video")
    await expect(video).to_be_visible()
    await video.evaluate("video => { video.muted = true; void video.play(); }")
    await until(page, "document.querySelector('video').currentTime > 0.1")
    state = await video.evaluate(VIDEO_STATE)
    assert state["duration"] == pytest.approx(1.0, abs=1 / 12)
    assert state["width"] == 64
    assert state["frames"] > 0
    await card.get_by_role("button", name="Reroll").click()
    again = cards(page).nth(1)
    await expect(again.locator("video")).to_be_visible()
    await expect(again).to_contain_text("a red circle moving right")
    await expect(again).not_to_contain_text(re.compile(r"seed 7\b"))


async def test_a_clip_is_remixed_in_a_modal(page: Page, stage: Stage) -> None:
    await type_command(page, "/imagine-video prompt:a red circle")
    await cards(page).first.get_by_role("button", name="Remix").click()
    modal = page.get_by_role("dialog")
    prompt = modal.get_by_role("textbox", name="Prompt", exact=True)
    await expect(prompt).to_have_value("a red circle")
    await prompt.fill("a blue star")
    await modal.get_by_role("button", name="Submit").click()
    await expect(modal).to_have_count(0)
    await expect(cards(page).nth(1)).to_contain_text("a blue star")
    await expect(cards(page).nth(1).locator("video")).to_be_visible()


async def test_a_running_job_is_cancelled_with_the_keyboard(
    page: Page, stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    await type_command(page, "/imagine-video prompt:a red circle")
    card = cards(page).first
    await expect(card).to_contain_text("step 1 of 4")
    await card.get_by_role("button", name="Cancel").focus()
    await page.keyboard.press("Enter")
    await expect(card).to_contain_text("Cancelled")
    await expect(card.locator("video")).to_have_count(0)


async def test_help_is_read_in_german_and_its_example_ordered(
    page: Page, stage: Stage, executor: ScriptedExecutor
) -> None:
    await page.get_by_label("Ada reads").select_option("de")
    box = page.get_by_role("combobox", name="Message box")
    await box.fill("/help")
    help_command = page.get_by_role("option", name="/help")
    await expect(help_command).to_contain_text("Wie das hier geht, mit Beispielen zum Ausprobieren")
    await box.fill("/help ")
    await page.keyboard.press("Enter")
    answer = page.get_by_role("article").filter(has_text="So funktioniert Reelroom")
    await answer.get_by_role("combobox", name="Wähle ein Thema").click()
    await page.get_by_role("option", name="Schleifen").click()
    answer = page.get_by_role("article").filter(has_text="Eine Schleife kann endlos laufen")
    await answer.get_by_role("button", name="Ein Stern, der sich dreht").click()
    preview = page.get_by_role("article").filter(has_text="before you spend anything")
    await expect(preview).to_contain_text("3 credits")
    assert executor.log == []
    await preview.get_by_role("button", name="Generate").click()
    loop = page.get_by_role("article").filter(has=page.get_by_role("region", name="Loop"))
    await expect(loop.locator("video")).to_be_visible()


async def test_moderators_choose_the_servers_language_and_help_follows(page: Page) -> None:
    server = page.get_by_label("Study Hall speaks")
    await expect(server).to_be_disabled()
    await page.get_by_role("radio", name="Lin").check()
    await server.select_option("de")
    await become(page, "Grace")
    await expect(server).to_have_value("de")
    await expect(page.get_by_label("Grace reads")).to_have_value("en-US")
    await type_command(page, "/help topic:loop")
    answer = page.get_by_role("article").filter(has_text="Einen Clip machen, dessen Ende")
    await expect(answer).to_contain_text("Was der Clip zeigt")
