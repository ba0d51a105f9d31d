"""Forms: what the bot may open and what a member may submit."""

from pathlib import Path

import pytest

from bot.playground.member import Member
from bot.playground.member_errors import MemberError, Refused
from tests.bot.playground.conftest import Enter
from tests.bot.playground.raw_bot import Json, RawBot

FIELD: Json = {"type": 4, "custom_id": "f", "style": 1, "label": "Field"}


def form(*components: Json, **more: object) -> Json:
    return {"custom_id": "form", "title": "Form", "components": list(components)} | more


def row(field: Json) -> Json:
    return {"type": 1, "components": [field]}


async def _asked(bot: RawBot, enter: Enter) -> tuple[Member, Json]:
    await bot.register({"name": "ask", "description": "Ask"})
    await bot.connect()
    ada = await enter()
    await ada.type("/ask")
    return ada, await bot.next_interaction()


REFUSED: list[tuple[str, Json, tuple[str | int, ...], str]] = [
    ("title of 46", form(row(FIELD), title="x" * 46), ("title",), "BASE_TYPE_MAX_LENGTH"),
    ("nothing inside", form(), ("components",), "BASE_TYPE_BAD_LENGTH"),
    (
        "6 fields",
        form(*(row(FIELD | {"custom_id": str(n)}) for n in range(6))),
        ("components",),
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        "a shared custom_id",
        form(row(FIELD), row(FIELD)),
        ("components",),
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    (
        "a button",
        form(row({"type": 2, "style": 1, "label": "x", "custom_id": "x"})),
        ("components", 0, "components", 0, "type"),
        "BASE_TYPE_CHOICES",
    ),
    (
        "a value of 4001",
        form(row(FIELD | {"value": "x" * 4001})),
        ("components", 0, "components", 0, "value"),
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "an empty range",
        form(row(FIELD | {"min_length": 5, "max_length": 4})),
        ("components", 0, "components", 0, "min_length"),
        "TEXT_INPUT_MIN_LENGTH_EXCEEDS_MAX",
    ),
]


@pytest.mark.parametrize(
    ("data", "path", "word"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
async def test_a_form_that_breaks_a_rule_is_refused(
    bot: RawBot, enter: Enter, data: Json, path: tuple[str | int, ...], word: str
) -> None:
    _, interaction = await _asked(bot, enter)
    answer = await bot.call_back(interaction, 9, data)
    assert (answer.status, answer.code) == (400, 50035), answer.body
    assert answer.error_at("data", *path) == word


async def test_labels_selects_and_uploads_are_submitted(
    bot: RawBot, enter: Enter, tmp_path: Path
) -> None:
    ada, interaction = await _asked(bot, enter)
    options = [{"label": "Left", "value": "l"}, {"label": "Right", "value": "r"}]
    text = {"type": 4, "custom_id": "text", "style": 2, "required": False}
    data = form(
        {"type": 10, "content": "Please"},
        {"type": 18, "label": "Words", "component": text},
        {
            "type": 18,
            "label": "Way",
            "component": {"type": 3, "custom_id": "way", "options": options},
        },
    )
    assert (await bot.call_back(interaction, 9, data)).status == 200
    modal = await ada.wait_until(lambda: next(iter(ada.modals.values()), None), "a form", 30)
    assert [field["label"] for field in modal.fields] == ["Words", "Way"]
    with pytest.raises(Refused, match="“Way” has no such choice"):
        await ada.submit_modal(modal, {"way": "up"})
    await ada.submit_modal(modal, {"way": "r"})
    submitted = await bot.next_interaction()
    assert submitted["type"] == 5
    values = [c.get("component") for c in submitted["data"]["components"]]
    assert values[0] is None
    assert (values[1]["value"], values[2]["values"]) == ("", ["r"])
    assert "message" not in submitted
    assert (await bot.call_back(submitted, 7, {"content": "x"})).error_at("type")
    assert (await bot.call_back(submitted, 4, {"content": "thanks"})).status == 200
    reply = await ada.wait_for_message(lambda m: m.content == "thanks")
    cause = reply.body["interaction_metadata"]["triggering_interaction_metadata"]
    assert cause["id"] == interaction["id"]


async def test_a_form_is_submitted_once(bot: RawBot, enter: Enter) -> None:
    ada, interaction = await _asked(bot, enter)
    await bot.call_back(interaction, 9, form(row(FIELD)))
    modal = await ada.wait_until(lambda: next(iter(ada.modals.values()), None), "a form", 30)
    with pytest.raises(Refused, match="“Field” is required"):
        await ada.submit_modal(modal, {})
    await ada.submit_modal(modal, {"f": "x"})
    with pytest.raises(Refused, match="not open"):
        await ada.submit_modal(modal, {"f": "x"})


async def test_a_button_that_is_not_there_or_disabled_cannot_be_pressed(
    bot: RawBot, enter: Enter
) -> None:
    ada, interaction = await _asked(bot, enter)
    button = {"type": 2, "style": 1, "label": "Go", "custom_id": "go", "disabled": True}
    data = {"content": "x", "components": [{"type": 1, "components": [button]}]}
    await bot.call_back(interaction, 4, data)
    message = await ada.wait_for_message(lambda m: m.content == "x")
    with pytest.raises(Refused, match="disabled"):
        await ada.press(message, label="Go")
    with pytest.raises(MemberError, match="There is no button Stop; there are: Go"):
        await ada.press(message, label="Stop")


async def test_nobody_else_can_use_an_ephemeral_message(bot: RawBot, enter: Enter) -> None:
    ada, interaction = await _asked(bot, enter)
    button = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
    data = {"flags": 64, "content": "x", "components": [{"type": 1, "components": [button]}]}
    await bot.call_back(interaction, 4, data)
    message = await ada.wait_for_message(lambda m: m.content == "x")
    grace = await enter("Grace")
    with pytest.raises(Refused, match="does not exist"):
        await grace.press(message, label="Go")
    await ada.press(message, label="Go")
    assert (await bot.next_interaction())["message"]["id"] == message.id
