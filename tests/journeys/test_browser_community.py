"""What a study group does together, in the chat page, with the real bot."""

from __future__ import annotations

import re
import zipfile

from playwright.async_api import Page, expect

from tests.journeys.page_use import answers, become, cards, made, type_command


async def test_a_clip_is_shared_liked_and_lifted_into_the_showcase(page: Page) -> None:
    await become(page, "Lin")
    await type_command(page, "/admin showcase channel:#showcase likes:2")
    await expect(answers(page, "2 likes")).to_be_visible()
    await become(page, "Ada")
    card = await made(page, "a red circle")
    await card.get_by_role("button", name="Share to gallery").click()
    await expect(answers(page, "It is in the gallery now")).to_be_visible()
    for name, answer in (("Grace", "You like it: 1 like"), ("Lin", "It is in the showcase now")):
        await become(page, name)
        await card.get_by_role("button", name="Like").click()
        await expect(answers(page, answer)).to_be_visible()
    await page.get_by_role("button", name=re.compile("^showcase")).first.click()
    shown = answers(page, "Showcase")
    await expect(shown).to_contain_text("a red circle")
    await expect(shown.locator("video")).to_be_visible()


async def test_a_remix_is_remixed_and_says_of_whom(page: Page) -> None:
    await made(page, "a red circle")
    for name, old, new in (
        ("Grace", "a red circle", "a blue star"),
        ("Lin", "a blue star", "a green star"),
    ):
        await become(page, name)
        source = cards(page).filter(has_text=old).last
        await source.get_by_role("button", name="Remix").click()
        modal = page.get_by_role("dialog")
        await modal.get_by_role("textbox", name="Prompt", exact=True).fill(new)
        await modal.get_by_role("button", name="Submit").click()
        remix = cards(page).filter(has_text=new).last
        await expect(remix.locator("video")).to_be_visible()
        await expect(remix).to_contain_text("remix of")
    await expect(cards(page).filter(has_text="a green star")).to_contain_text("by @Grace")


async def test_a_moderator_has_a_quota_explained(page: Page) -> None:
    await become(page, "Lin")
    await type_command(page, "/quota set credits:7 member:@Ada")
    await expect(page.get_by_role("article", name="used /quota set")).to_contain_text("7 credits")
    await type_command(page, "/quota explain member:@Ada")
    explained = answers(page, "has 7 credits a day")
    await expect(explained).to_contain_text("the member's own rule: 7 credits")
    await become(page, "Ada")
    await type_command(page, "/quota explain member:@Grace")
    await expect(page.get_by_role("alert").first).to_contain_text("Only moderators can")


async def test_a_clip_is_reported_taken_down_appealed_and_restored(page: Page) -> None:
    card = await made(page, "a red circle")
    await become(page, "Grace")
    await card.get_by_role("button", name="Report").click()
    modal = page.get_by_role("dialog")
    await modal.get_by_role("textbox").fill("it is rude")
    await modal.get_by_role("button", name="Submit").click()
    await expect(answers(page, "Moderators see it with /admin review")).to_be_visible()
    await become(page, "Lin")
    await type_command(page, "/admin review")
    review = answers(page, "1 clip waiting")
    await expect(review).to_contain_text("it is rude")
    await expect(review.locator("img[src*=poster]")).to_be_visible()
    await review.get_by_role("button", name="Take down").click()
    await modal.get_by_role("textbox").fill("not for school")
    await modal.get_by_role("button", name="Submit").click()
    await expect(answers(page, "Nothing waits for moderators")).to_be_visible()
    down = answers(page, "Moderators took it down")
    await expect(down).to_contain_text("not for school")
    await expect(down.locator("video")).to_have_count(0)
    await become(page, "Ada")
    await (
        page.get_by_role("navigation", name="Channels")
        .get_by_role("button", name="Reelroom")
        .click()
    )
    notice = answers(page, "Moderators took your clip down")
    await notice.get_by_role("button", name="Appeal").click()
    await modal.get_by_role("textbox").fill("it is only a circle")
    await modal.get_by_role("button", name="Submit").click()
    await expect(answers(page, "Moderators see your appeal")).to_be_visible()
    await page.get_by_role("button", name="studio").first.click()
    await become(page, "Lin")
    await type_command(page, "/admin review")
    await answers(page, "it is only a circle").get_by_role("button", name="Restore").click()
    await expect(cards(page).filter(has_text="a red circle").locator("video")).to_be_visible()


async def test_a_line_is_typed_whole_also_where_every_option_may_be_left_out(page: Page) -> None:
    await made(page, "a red circle")
    await cards(page).last.get_by_role("button", name="Share to gallery").click()
    await expect(answers(page, "It is in the gallery now")).to_be_visible()
    await type_command(page, "/gallery order:most liked")
    gallery = page.get_by_role("article", name="used /gallery")
    await expect(gallery).to_contain_text("most liked")
    await expect(gallery).to_contain_text("a red circle")
    await type_command(page, "/loop prompt:a green star")
    looped = page.get_by_role("region", name="Loop")
    await expect(looped).to_contain_text("a green star")
    await type_command(page, "/jobs")
    await expect(page.get_by_role("article", name="used /jobs")).to_be_visible()


async def test_two_members_vote_on_a_comparison_and_it_is_revealed(page: Page) -> None:
    await type_command(page, "/compare prompt:a red circle")
    region = page.get_by_role("region", name="Which clip is better?")
    both = page.get_by_role("article").filter(has=region)
    await expect(both.locator("video")).to_have_count(2)
    await expect(both.locator("video").first).to_be_visible()
    await expect(both).not_to_contain_text("Pocket")
    await both.get_by_role("button", name="B is better").click()
    await expect(answers(page, "You say that B is better. You are the first")).to_be_visible()
    await become(page, "Grace")
    await both.get_by_role("button", name="Tie").click()
    told = answers(page, "You say that neither is better. 2 have voted")
    await told.get_by_role("button", name="Tell me the models").click()
    await expect(answers(page, "Your vote stays: that neither is better")).to_be_visible()
    await become(page, "Ada")
    await both.get_by_role("button", name="Reveal").click()
    region = page.get_by_role("region", name="Comparison, revealed")
    revealed = page.get_by_role("article").filter(has=region)
    await expect(revealed).to_contain_text("2 votes")
    await expect(revealed).to_contain_text("preset quick")
    await expect(revealed.locator("video")).to_have_count(2)
    await type_command(page, "/arena leaderboard")
    board = page.get_by_role("article", name="used /arena leaderboard")
    await expect(board).to_contain_text("Too few votes yet")


async def test_a_member_s_preferences_and_an_option_set_shape_the_next_clip(page: Page) -> None:
    await type_command(page, "/prefer set aspect:9:16 suffix:in the snow")
    await expect(answers(page, "Your preferences now")).to_contain_text("Aspect: 9:16")
    await type_command(page, "/options save name:noir options:film noir -gs 9")
    await expect(answers(page, "Saved noir")).to_contain_text("film noir -gs 9")
    await page.get_by_role("combobox", name="Message box").fill(
        "/imagine-video prompt:a red circle options:no"
    )
    await page.get_by_role("option", name="noir").click()
    await page.keyboard.press("Enter")
    card = cards(page).filter(has_text="a red circle").last
    await expect(card.locator("video")).to_be_visible()
    for words in ("film noir", "in the snow", "9:16", "guidance 9"):
        await expect(card).to_contain_text(words)


async def test_an_export_is_offered_on_the_page_and_opens(page: Page) -> None:
    await made(page, "a red circle")
    await type_command(page, "/export")
    await expect(answers(page, "1 job and 1 clip in 1 part")).to_be_visible()
    part = page.get_by_role("article").filter(has_text="Part 1 of 1")
    async with page.expect_download() as downloading:
        await part.get_by_role("link", name=".zip").click()
    saved = await (await downloading.value).path()
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        assert b"a red circle" in archive.read("manifest.jsonl")
        assert [name for name in archive.namelist() if name.endswith(".mp4")]


async def test_a_clip_of_a_comparison_is_taken_down_and_restored(page: Page) -> None:
    await type_command(page, "/compare prompt:a red circle")
    region = page.get_by_role("region", name="Which clip is better?")
    both = page.get_by_role("article").filter(has=region)
    await expect(both.locator("video")).to_have_count(2)
    await become(page, "Grace")
    await both.get_by_role("button", name="Report B").click()
    modal = page.get_by_role("dialog")
    await modal.get_by_role("textbox").fill("it is rude")
    await modal.get_by_role("button", name="Submit").click()
    await expect(answers(page, "Moderators see it with /admin review")).to_be_visible()
    await become(page, "Lin")
    await type_command(page, "/admin review")
    review = answers(page, "1 clip waiting")
    await review.get_by_role("button", name="Take down").click()
    await modal.get_by_role("textbox").fill("not for school")
    await modal.get_by_role("button", name="Submit").click()
    stopped = page.get_by_role("article").filter(
        has=page.get_by_role("region", name="Comparison, stopped")
    )
    await expect(stopped).to_contain_text("Moderators took B down: not for school")
    await expect(stopped.locator("video")).to_have_count(1)
    await expect(stopped.get_by_role("button", name="A is better")).to_have_count(0)
    job = (await answers(page, "Taken down:").locator("code").first.text_content()) or ""
    await type_command(page, f"/admin restore clip:{job}")
    await expect(both.locator("video")).to_have_count(2)
    await expect(both.get_by_role("button", name="A is better")).to_be_visible()
