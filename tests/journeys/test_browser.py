"""The main job as a person does it: in the chat page, with the real bot."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.bot.playground.page.chromium import until
from tests.journeys.page_use import cards, type_command
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
