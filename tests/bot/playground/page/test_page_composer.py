"""The message box: completion, typed options, errors in place, files and history."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.bot.playground.page.chromium import PATIENCE_MS
from tests.bot.playground.page.conftest import OpenPage, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


async def type_text(page: Page, text: str) -> None:
    """Type with the keyboard alone: a slash anywhere goes to the message box."""
    await page.keyboard.type(text)


def field(page: Page, name: str) -> Locator:
    """The input of one option."""
    return page.get_by_role("combobox", name=name, exact=True)


async def answered(page: Page) -> None:
    """Wait until nothing of the member's is waiting for the bot."""
    await expect(page.locator(".pending-row")).to_have_count(0)


async def test_a_slash_lists_the_commands_and_letters_narrow_the_list(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    await type_text(page, "/")
    commands = page.get_by_role("listbox", name="Commands").get_by_role("option")
    await expect(commands.first).to_be_visible()
    assert await commands.count() == 5
    await type_text(page, "imv")
    await expect(commands).to_have_count(1)
    await expect(commands).to_contain_text("/imagine-video")
    await expect(page.get_by_role("combobox", name="Message box")).to_have_attribute(
        "aria-activedescendant", re.compile("listbox")
    )
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("listbox")).to_have_count(0)
    await expect(page.get_by_label("Message box")).to_have_value("/imv")


async def test_a_whole_line_can_be_typed_with_named_options(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    await type_text(page, "/imagine-video prompt:a red circle, seed:7 aspect:1:1 guidance:7.5")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Reelroom is thinking")).to_be_visible()
    assert stage.bot.asked == [
        {
            "prompt": "a red circle,",
            "model": None,
            "aspect": "1:1",
            "motion": None,
            "guidance": 7.5,
            "seed": 7,
            "private": False,
        }
    ]


async def test_a_line_sent_before_the_commands_are_loaded_goes_out_with_them(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    loaded = asyncio.Event()

    async def late(route: Route) -> None:
        await loaded.wait()
        await route.continue_()

    await page.route("**/playground/guilds/*/commands*", late)
    await page.reload(wait_until="domcontentloaded")
    await page.get_by_label("Message box").focus()
    await type_text(page, "/imagine-video prompt:a red circle")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Your text is still here")
    loaded.set()
    await expect(page.get_by_text("Reelroom is thinking")).to_be_visible()
    assert [asked["prompt"] for asked in stage.bot.asked] == ["a red circle"]


async def test_choices_are_picked_and_optional_ones_offered(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    await type_text(page, "/imagine-video a blue square")
    await page.locator("[data-offer=aspect]").click()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(field(page, "aspect")).to_have_value("Square (1:1)")
    await page.locator("[data-offer=private]").click()
    await type_text(page, "tru")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-offer=private]")).to_have_count(0)
    await page.keyboard.press("Enter")
    await answered(page)
    assert stage.bot.asked[0]["aspect"] == "1:1"
    assert stage.bot.asked[0]["private"] is True


async def test_the_bot_suggests_values_and_a_late_answer_is_dropped(
    open_page: OpenPage, stage: Stage
) -> None:
    page = await open_page()
    await type_text(page, "/imagine-video x model:slow")
    suggestions = page.get_by_role("listbox", name="Values for model").get_by_role("option")
    await asyncio.wait_for(stage.bot.asked_slowly.wait(), PATIENCE_MS / 1000)
    for _ in "slow":
        await page.keyboard.press("Backspace")
    await type_text(page, "pocket")
    await expect(suggestions).to_have_text(["pocket", "pocket-large"])
    stage.bot.slow_suggestions.set()
    await page.wait_for_timeout(300)
    await expect(suggestions).to_have_text(["pocket", "pocket-large"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await answered(page)
    assert stage.bot.asked[0]["model"] == "pocket-large"


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("/imagine-video", "prompt is required."),
        ("/imagine-video x motion:9", "motion takes a whole number from 0 to 4."),
        ("/imagine-video x motion:much", "motion takes a whole number from 0 to 4."),
        ("/imagine-video x guidance:0.5", "guidance takes a number from 1 to 25."),
        ("/imagine-video x aspect:round", "“round” is none of the values of aspect."),
        ("/imagine-video " + "x" * 61, "prompt has 61 characters; at most 60 are allowed."),
        ("/animate", "image needs a file."),
    ],
)
async def test_wrong_values_are_said_in_place_and_nothing_is_lost(
    open_page: OpenPage, stage: Stage, typed: str, complaint: str
) -> None:
    page = await open_page()
    await type_text(page, typed + " ")
    fields = page.locator(".field textarea")
    before = [await field.input_value() for field in await fields.all()]
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("alert").filter(has_text=complaint)).to_be_visible()
    await expect(page.locator(".field.is-wrong [aria-invalid=true]")).to_be_focused()
    assert [await field.input_value() for field in await fields.all()] == before
    assert stage.bot.asked == []


async def test_plain_text_is_explained_and_kept(open_page: OpenPage) -> None:
    page = await open_page()
    box = page.get_by_label("Message box")
    await box.fill("make me a video")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="Only commands")).to_be_visible()
    await expect(box).to_have_value("make me a video")
    await box.fill("/dance now")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="No command is called")).to_be_visible()
    await expect(box).to_have_value("/dance now")


async def test_a_file_is_chosen_dropped_or_pasted(open_page: OpenPage) -> None:
    page = await open_page()
    await type_text(page, "/animate ")
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="image", exact=True).click()
    await (await chooser.value).set_files(
        {"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL}
    )
    await expect(page.locator(".field-file")).to_contain_text("dot.png")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(f"dot.png image/png {len(PIXEL)} bytes")).to_be_visible()
    for how in ("drop", "paste"):
        await page.evaluate(GIVE_FILE, {"how": how, "bytes": list(PIXEL), "name": f"{how}.png"})
        option = page.get_by_role("listbox", name="Commands").get_by_role("option")
        await expect(option).to_have_count(1)
        await page.keyboard.press("Enter")
        await expect(page.locator(".field-file")).to_contain_text(f"{how}.png")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text(f"{how}.png image/png {len(PIXEL)} bytes")).to_be_visible()


GIVE_FILE = """({ how, bytes, name }) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  const event = how === "drop"
    ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.getElementById("composer-text").dispatchEvent(event);
}"""


async def test_the_up_arrow_brings_back_what_was_sent(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    await type_text(page, "/imagine-video first seed:1")
    await page.keyboard.press("Enter")
    await answered(page)
    await page.keyboard.press("ArrowUp")
    await expect(field(page, "prompt")).to_have_value("first")
    await expect(field(page, "seed")).to_have_value("1")
    await field(page, "seed").fill("2")
    await page.keyboard.press("Enter")
    await answered(page)
    assert [asked["seed"] for asked in stage.bot.asked] == [1, 2]


async def test_backspace_returns_to_the_name_and_discarding_keeps_a_copy(
    open_page: OpenPage,
) -> None:
    page = await open_page()
    await type_text(page, "/imagine-video ")
    await page.keyboard.press("Backspace")
    await expect(page.get_by_label("Message box")).to_have_value("/imagine-video")
    await type_text(page, " a long thought")
    await page.get_by_role("button", name="Discard").click()
    await page.keyboard.press("ArrowUp")
    await expect(field(page, "prompt")).to_have_value("a long thought")


async def test_an_unreachable_playground_costs_no_text(open_page: OpenPage) -> None:
    page = await open_page()
    await type_text(page, "/imagine-video precious words")
    await page.evaluate(
        "() => { window.fetch = () => Promise.reject(new TypeError('no network')); }"
    )
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="cannot be reached")).to_be_visible()
    await expect(field(page, "prompt")).to_have_value("precious words")


async def test_an_unanswered_command_can_be_had_back(open_page: OpenPage) -> None:
    page = await open_page()
    await type_text(page, "/silent a secret word")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("The application did not respond")).to_be_visible()
    await page.get_by_role("button", name="Put it back in the message box").click()
    await expect(field(page, "word")).to_have_value("a secret word")
    await expect(page.locator(".pending-row")).to_have_count(0)


async def test_a_student_sees_but_cannot_use_a_moderators_command(open_page: OpenPage) -> None:
    page = await open_page()
    await type_text(page, "/quota")
    option = page.get_by_role("option", name="/quota show")
    await expect(option).to_have_attribute("aria-disabled", "true")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="Only moderators")).to_be_visible()
    await page.get_by_role("radio", name="Lin").check()
    await page.get_by_label("Message box").fill("")
    await type_text(page, "/quota show gra")
    await page.keyboard.press("Enter")
    await expect(field(page, "member")).to_have_value("Grace")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Grace has 100 a day.")).to_be_visible()
    await expect(page.get_by_text("Lin used /quota show")).to_be_visible()


async def test_an_example_fills_the_message_box(open_page: OpenPage, stage: Stage) -> None:
    page = await open_page()
    await expect(page.get_by_role("heading", name="Welcome to #studio")).to_be_visible()
    examples = page.locator(".example")
    await expect(examples).to_have_count(3)
    await examples.first.click()
    await expect(field(page, "prompt")).to_have_value("a red circle moving right")
    await page.keyboard.press("Enter")
    await answered(page)
    assert stage.bot.asked[0]["prompt"] == "a red circle moving right"
