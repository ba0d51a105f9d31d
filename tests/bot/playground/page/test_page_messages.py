"""The timeline: live edits, video, components, modals, privacy and hostile text."""

import re
from typing import Any

import discord
import pytest
from playwright.async_api import Locator, Page, WebSocketRoute, expect

from tests.bot.playground.page.chromium import until
from tests.bot.playground.page.conftest import OpenPage, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

VIDEO_STATE = """video => ({ duration: video.duration, width: video.videoWidth,
  at: video.currentTime, paused: video.paused, mark: video.dataset.mark,
  frames: video.getVideoPlaybackQuality().totalVideoFrames })"""

# The browser's own controls come between the last and the first element of a dialog.
FOCUS_IS_INSIDE = """() => document.activeElement === document.body
  || document.querySelector("dialog").contains(document.activeElement)"""


async def ask_for_clip(page: Page, stage: Stage) -> Locator:
    """A finished job card, as the page shows it."""
    await page.keyboard.type("/imagine-video a square")
    await page.keyboard.press("Enter")
    stage.bot.progress.put_nowait(None)
    card = page.get_by_role("article").filter(has_text="is ready")
    await expect(card).to_be_visible()
    return card


async def test_progress_is_shown_live_and_the_clip_plays(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    await page.keyboard.type("/imagine-video a square")
    await page.keyboard.press("Enter")
    card = page.get_by_role("article")
    await expect(card).to_contain_text("Ada used /imagine-video")
    await expect(card).to_contain_text("is thinking…")
    for step in ("step 1 of 2", "step 2 of 2"):
        stage.bot.progress.put_nowait(step)
        await expect(card).to_contain_text(step)
    await expect(card).not_to_contain_text("is thinking…")
    stage.bot.progress.put_nowait(None)
    video = card.locator("video")
    await expect(video).to_be_visible()
    await video.evaluate("video => { video.muted = true; void video.play(); }")
    await until(page, "document.querySelector('video').currentTime > 0.2")
    state = await video.evaluate(VIDEO_STATE)
    assert state["duration"] == pytest.approx(2.0, abs=0.05)
    assert state["width"] == 192
    assert state["frames"] > 0


async def test_an_edit_neither_restarts_the_video_nor_moves_the_focus(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    card = await ask_for_clip(page, stage)
    video = card.locator("video")
    await video.evaluate(
        "video => { video.dataset.mark = 'same'; video.muted = true; void video.play(); }"
    )
    await until(page, "document.querySelector('video').currentTime > 0.1")
    await card.get_by_role("button", name="Reroll").focus()
    await page.keyboard.press("Enter")
    again = card.get_by_role("button", name="Reroll (1)")
    await expect(again).to_be_focused()
    state = await video.evaluate(VIDEO_STATE)
    assert state["mark"] == "same"
    assert not state["paused"]
    assert state["at"] > 0


async def test_the_reader_is_not_pulled_away_from_older_messages(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    channel = stage.bot.channel("studio")
    first = await channel.send("first")
    for number in range(2):
        await channel.send("\n".join([f"{number} line"] * 40))
    await expect(page.get_by_role("article")).to_have_count(3)
    scroller = page.locator(".timeline-scroller")
    await until(
        page,
        "(s => s.scrollHeight - s.scrollTop - s.clientHeight < 2)"
        "(document.querySelector('.timeline-scroller'))",
    )
    await scroller.evaluate("s => { s.scrollTop = 0; }")
    await until(page, "document.querySelector('.timeline-scroller').scrollTop === 0")
    await first.edit(content="first, edited")
    await channel.send("newest")
    await expect(page.get_by_text("first, edited")).to_be_visible()
    jump = page.get_by_role("button", name="New messages")
    await expect(jump).to_be_visible()
    assert await scroller.evaluate("s => s.scrollTop") < 50
    await jump.click()
    await expect(page.get_by_text("newest")).to_be_in_viewport()
    await expect(jump).to_be_hidden()


async def test_clips_play_under_either_name_of_this_machine(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    await page.goto(stage.playground.page_url.replace("127.0.0.1", "localhost"))
    await expect(page.get_by_role("status")).to_contain_text("is online")
    card = await ask_for_clip(page, stage)
    await until(page, "document.querySelector('video')?.readyState >= 1")
    await expect(card.locator(".media-video figcaption")).to_contain_text("square.mp4")


async def test_buttons_of_every_kind(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    card = await ask_for_clip(page, stage)
    await expect(card.get_by_role("button", name="🎲 Reroll")).to_have_class(re.compile("primary"))
    await expect(card.get_by_role("button", name="Later")).to_be_disabled()
    link = card.get_by_role("link", name="Docs")
    await expect(link).to_have_attribute("href", "https://example.com/docs")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await card.get_by_role("button", name="Silent").click()
    await expect(card.get_by_role("alert")).to_have_text("The application did not respond")


async def test_several_options_of_a_menu_are_chosen_with_the_keyboard(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    card = await ask_for_clip(page, stage)
    menu = card.get_by_role("combobox", name="Keep which frames?")
    await menu.focus()
    await page.keyboard.press("ArrowDown")
    offered = page.get_by_role("listbox")  # the sidebar has menus of languages
    await expect(offered.get_by_role("option")).to_have_count(3)
    await page.keyboard.press("Enter")
    await page.keyboard.press("l")
    await page.keyboard.press(" ")
    await expect(offered.get_by_role("option", selected=True)).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("Kept First, Last")).to_be_visible()
    await expect(menu).to_be_focused()
    await card.get_by_role("combobox", name="Credit whom?").click()
    await page.get_by_role("option", name="Grace").click()
    await expect(page.get_by_text("Credited Grace")).to_be_visible()


async def test_a_modal_checks_its_fields_and_keeps_the_focus_inside(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    card = await ask_for_clip(page, stage)
    opener = card.get_by_role("button", name="Remix")
    await opener.focus()
    await page.keyboard.press("Enter")
    modal = page.get_by_role("dialog", name="Remix this clip")
    prompt = modal.get_by_label("Prompt")
    await expect(prompt).to_be_focused()
    await expect(prompt).to_have_value("a red circle")
    await prompt.fill("ab")
    await modal.get_by_role("button", name="Submit").click()
    await expect(modal).to_contain_text("This needs at least 3 characters; it has 2.")
    await expect(modal).to_contain_text("Choose at least 1.")
    await expect(prompt).to_be_focused()
    await prompt.fill("a blue square")
    for _ in range(12):
        await page.keyboard.press("Tab")
        assert await page.evaluate(FOCUS_IS_INSIDE)
    await modal.get_by_role("combobox", name="Camera").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("p")
    await page.keyboard.press("Enter")
    await modal.get_by_label("Reference").set_input_files(
        [{"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"words"} for n in "ab"]
    )
    await modal.get_by_role("button", name="Submit").click()
    answer = "Remix: a blue square | any seed | Pan left | ['a.txt', 'b.txt']"
    await expect(page.get_by_text(answer)).to_be_visible()
    await expect(modal).to_have_count(0)
    await expect(opener).to_be_focused()


async def test_escape_closes_a_modal_and_gives_the_focus_back(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    card = await ask_for_clip(page, stage)
    opener = card.get_by_role("button", name="Remix")
    await opener.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(opener).to_be_focused()


async def test_only_the_member_sees_an_ephemeral_answer_and_may_dismiss_it(
    open_page: OpenPage,
) -> None:
    ada, grace = await open_page(), await open_page(as_user="Grace")
    await ada.keyboard.type("/credits")
    await ada.keyboard.press("Enter")
    await ada.keyboard.press("Enter")
    answer = ada.get_by_role("article").filter(has_text="You have 96 credits.")
    await expect(answer).to_contain_text("Only you can see this")
    await expect(grace.get_by_role("article")).to_have_count(0)
    await answer.get_by_role("button", name="Dismiss message").click()
    await expect(answer).to_have_count(0)


async def test_hostile_text_stays_text(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    hostile = "<img src=x onerror=alert(1)> **bold** [x](javascript:alert(1)) `<b>` <@1>"
    await stage.bot.channel("studio").send(hostile, embed=discord.Embed(title=hostile[:60]))
    article = page.get_by_role("article")
    await expect(article).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(article.locator("strong").first).to_have_text("bold")
    assert await article.locator("img[src=x], a[href^=javascript], b").count() == 0


async def test_components_of_the_second_generation(
    open_page: OpenPage, stage: Stage, clip: Any
) -> None:
    page = await open_page()
    view = discord.ui.LayoutView(timeout=None)
    gallery = discord.ui.MediaGallery[discord.ui.LayoutView](
        discord.MediaGalleryItem("attachment://square.mp4", description="A square")
    )
    section = discord.ui.Section[discord.ui.LayoutView](
        discord.ui.TextDisplay("Seed `42`"),
        accessory=discord.ui.Button(label="Details", custom_id="details"),
    )
    view.add_item(
        discord.ui.Container(
            discord.ui.TextDisplay("## Gallery\n-# page 1"),
            gallery,
            discord.ui.Separator(),
            section,
            discord.ui.File("attachment://notes.txt"),
            accent_color=0xC2643B,
        )
    )
    notes = clip.parent / "notes.txt"
    notes.write_text("kept")
    files = [discord.File(clip), discord.File(notes)]
    await stage.bot.channel("studio").send(view=view, files=files)
    article = page.get_by_role("article")
    await expect(article.get_by_role("heading", name="Gallery")).to_be_visible()
    await expect(article.locator("video")).to_have_count(1)
    await expect(article.get_by_role("button", name="Details")).to_be_enabled()
    await expect(article.get_by_role("link", name="notes.txt")).to_have_attribute(
        "download", "notes.txt"
    )
    await expect(article.get_by_role("separator")).to_have_count(1)


async def test_a_deleted_message_goes_and_another_channel_is_marked_unread(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    message = await stage.bot.channel("studio").send("soon gone")
    await expect(page.get_by_text("soon gone")).to_be_visible()
    await message.delete()
    await expect(page.get_by_text("soon gone")).to_have_count(0)
    await stage.bot.channel("showcase").send("look here")
    showcase = page.get_by_role("button", name="showcase new messages").first
    await showcase.click()
    await expect(page.get_by_text("look here")).to_be_visible()
    await expect(page.get_by_role("button", name="new messages")).to_have_count(0)


async def test_the_address_of_a_message_leads_to_it(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    goal = await stage.bot.channel("showcase").send("the goal")
    await stage.bot.channel("studio").send(f"See {goal.jump_url}")
    await page.get_by_role("button", name="#showcase › message").click()
    await expect(page.get_by_role("article").filter(has_text="the goal")).to_be_focused()


async def test_what_was_missed_while_the_connection_was_lost_appears(
    open_page: OpenPage, stage: Stage
) -> None:
    connections: list[WebSocketRoute] = []
    line_is_cut = False

    async def pass_on(connection: WebSocketRoute) -> None:
        connections.append(connection)
        if line_is_cut:
            await connection.close()
        else:
            connection.connect_to_server()

    async def listen_in(page: Page) -> None:
        await page.route_web_socket(re.compile("/playground/events"), pass_on)

    page = await open_page(prepare=listen_in)
    line_is_cut = True
    await connections[0].close()
    await expect(page.get_by_role("status")).to_have_text("Reconnecting…")
    await stage.bot.channel("studio").send("said meanwhile")
    line_is_cut = False
    await expect(page.get_by_text("said meanwhile")).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("is online")


async def test_the_page_says_when_the_bot_goes_offline(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    await stage.bot.close()
    await expect(page.get_by_role("status")).to_contain_text("is offline")
