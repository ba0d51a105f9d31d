"""What a message may contain, and what an edit keeps."""

from typing import Any

import pytest

from bot.playground.clock import ManualClock
from bot.playground.server import Playground
from tests.bot.playground.conftest import Enter
from tests.bot.playground.raw_bot import Json, RawBot

STUDIO = "/channels/1100000000000001010/messages"
BUTTON: Json = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}


def row(*children: Json) -> Json:
    return {"type": 1, "components": list(children)}


def text(content: str) -> Json:
    return {"type": 10, "content": content}


REFUSED: list[tuple[str, Json, tuple[str | int, ...], str]] = [
    ("content of 2001", {"content": "x" * 2001}, ("content",), "BASE_TYPE_MAX_LENGTH"),
    ("unknown key", {"contnet": "x"}, ("contnet",), "UNKNOWN_KEY"),
    ("11 embeds", {"embeds": [{"title": "x"}] * 11}, ("embeds",), "BASE_TYPE_MAX_LENGTH"),
    (
        "title of 257",
        {"embeds": [{"title": "x" * 257}]},
        ("embeds", 0, "title"),
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "embeds of 6001",
        {"embeds": [{"description": "x" * 3000}, {"description": "x" * 3001}]},
        ("embeds",),
        "MAX_EMBED_SIZE_EXCEEDED",
    ),
    ("empty embed", {"embeds": [{}]}, ("embeds", 0, "description"), "BASE_TYPE_REQUIRED"),
    (
        "field without a value",
        {"embeds": [{"fields": [{"name": "x", "value": ""}]}]},
        ("embeds", 0, "fields", 0, "value"),
        "BASE_TYPE_REQUIRED",
    ),
    (
        "26 fields",
        {"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]},
        ("embeds", 0, "fields"),
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "colour out of range",
        {"embeds": [{"title": "x", "color": 1 << 24}]},
        ("embeds", 0, "color"),
        "NUMBER_TYPE_MAX",
    ),
    (
        "picture by ftp",
        {"embeds": [{"image": {"url": "ftp://x"}}]},
        ("embeds", 0, "image", "url"),
        "URL_TYPE_INVALID_SCHEME",
    ),
    (
        "6 rows",
        {"components": [row(BUTTON | {"custom_id": str(n)}) for n in range(6)]},
        ("components",),
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "6 buttons in a row",
        {"components": [row(*(BUTTON | {"custom_id": str(n)} for n in range(6)))]},
        ("components", 0, "components"),
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        "link without a url",
        {"components": [row({"type": 2, "style": 5, "label": "x"})]},
        ("components", 0, "components", 0, "url"),
        "BUTTON_COMPONENT_URL_REQUIRED",
    ),
    (
        "button without a custom_id",
        {"components": [row({"type": 2, "style": 1, "label": "x"})]},
        ("components", 0, "components", 0, "custom_id"),
        "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED",
    ),
    (
        "button without a face",
        {"components": [row({"type": 2, "style": 1, "custom_id": "x"})]},
        ("components", 0, "components", 0),
        "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED",
    ),
    (
        "label of 81",
        {"components": [row(BUTTON | {"label": "x" * 81})]},
        ("components", 0, "components", 0, "label"),
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "custom_id of 101",
        {"components": [row(BUTTON | {"custom_id": "x" * 101})]},
        ("components", 0, "components", 0, "custom_id"),
        "BASE_TYPE_MAX_LENGTH",
    ),
    (
        "shared custom_id",
        {"components": [row(BUTTON, BUTTON)]},
        ("components",),
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    (
        "26 options",
        {
            "components": [
                row(
                    {
                        "type": 3,
                        "custom_id": "x",
                        "options": [{"label": str(n), "value": str(n)} for n in range(26)],
                    }
                )
            ]
        },
        ("components", 0, "components", 0, "options"),
        "BASE_TYPE_BAD_LENGTH",
    ),
    (
        "select beside a button",
        {
            "components": [
                row(
                    BUTTON,
                    {"type": 3, "custom_id": "x", "options": [{"label": "x", "value": "x"}]},
                )
            ]
        },
        ("components", 0, "components"),
        "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
    ),
    (
        "layout without the flag",
        {"components": [text("x")]},
        ("components", 0, "type"),
        "BASE_TYPE_CHOICES",
    ),
    (
        "layout and content",
        {"content": "x", "flags": 1 << 15, "components": [text("x")]},
        ("content",),
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    (
        "41 components",
        {"flags": 1 << 15, "components": [{"type": 17, "components": [text("x")] * 40}]},
        ("components",),
        "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
    ),
    (
        "4001 characters in a layout",
        {"flags": 1 << 15, "components": [text("x" * 2000), text("x" * 2001)]},
        ("components",),
        "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
    ),
    (
        "file that is not there",
        {"flags": 1 << 15, "components": [{"type": 13, "file": {"url": "attachment://x.mp4"}}]},
        ("components",),
        "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
    ),
    (
        "ephemeral in a channel",
        {"content": "x", "flags": 64},
        ("flags",),
        "MESSAGE_FLAGS_INVALID",
    ),
    (
        "reply to nothing",
        {"content": "x", "message_reference": {"message_id": "1"}},
        ("message_reference",),
        "REPLIES_UNKNOWN_MESSAGE",
    ),
]


@pytest.mark.parametrize(
    ("body", "path", "word"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
async def test_a_message_that_breaks_a_limit_is_refused_where_it_breaks_it(
    bot: RawBot, body: Json, path: tuple[str | int, ...], word: str
) -> None:
    answer = await bot.request("POST", STUDIO, body)
    assert (answer.status, answer.code) == (400, 50035), answer.body
    assert answer.error_at(*path) == word


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": "  "}, {"embeds": []}])
async def test_an_empty_message_is_refused(bot: RawBot, body: Json) -> None:
    answer = await bot.request("POST", STUDIO, body)
    assert (answer.status, answer.code) == (400, 50006)


@pytest.mark.parametrize("body", ["not json", 7])
async def test_a_body_that_is_no_object_is_refused(bot: RawBot, body: Any) -> None:
    assert (await bot.request("POST", STUDIO, body)).code == 50109


async def test_all_limits_can_be_reached(bot: RawBot) -> None:
    rows = [row(*(BUTTON | {"custom_id": f"{r}{b}"} for b in range(5))) for r in range(5)]
    body = {"content": "x" * 2000, "components": rows, "embeds": [{"title": "x" * 256}] * 10}
    answer = await bot.request("POST", STUDIO, body)
    assert answer.status == 200
    ids = [c["id"] for r in answer.body["components"] for c in (r, *r["components"])]
    assert len(set(ids)) == 30


async def test_a_layout_shows_its_files(bot: RawBot) -> None:
    components = [
        {
            "type": 17,
            "components": [
                {
                    "type": 9,
                    "components": [text("look")],
                    "accessory": {"type": 11, "media": {"url": "attachment://a.png"}},
                },
                {"type": 14},
                {"type": 12, "items": [{"media": {"url": "attachment://b c.mp4"}}]},
                {"type": 13, "file": {"url": "attachment://c.txt"}},
                row(BUTTON),
            ],
        }
    ]
    files = {"a.png": b"x", "b c.mp4": b"xx", "c.txt": b"xxx"}
    body = {"flags": 1 << 15, "components": components}
    answer = await bot.request("POST", STUDIO, body, files=files)
    section, separator, gallery, file, _ = answer.body["components"][0]["components"]
    urls = [attachment["url"] for attachment in answer.body["attachments"]]
    assert section["accessory"]["media"]["url"] == urls[0]
    assert separator["divider"]
    assert gallery["items"][0]["media"]["url"] == urls[1]
    assert (file["file"]["url"], file["size"], file["name"]) == (urls[2], 3, "c.txt")


async def test_a_message_cannot_become_a_layout_while_it_has_content(bot: RawBot) -> None:
    message = (await bot.request("POST", STUDIO, {"content": "x"})).body
    path = f"{STUDIO}/{message['id']}"
    change = {"flags": 1 << 15, "components": [text("y")]}
    refused = await bot.request("PATCH", path, change)
    assert refused.error_at("content") == "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
    assert (await bot.request("PATCH", path, change | {"content": None})).status == 200


async def test_an_edit_removes_the_attachments_that_it_does_not_list(bot: RawBot) -> None:
    files = {"a.txt": b"a", "b.txt": b"b"}
    message = (await bot.request("POST", STUDIO, {"content": "x"}, files=files)).body
    path = f"{STUDIO}/{message['id']}"
    kept = (await bot.request("PATCH", path, {"content": "y"})).body
    assert [a["filename"] for a in kept["attachments"]] == ["a.txt", "b.txt"]
    listed = [{"id": message["attachments"][1]["id"]}, {"id": 0, "filename": "c.txt"}]
    change = await bot.request("PATCH", path, {"attachments": listed}, files={"new": b"c"})
    assert [a["filename"] for a in change.body["attachments"]] == ["b.txt", "c.txt"]
    unknown = await bot.request("PATCH", path, {"attachments": [{"id": "5"}]})
    assert unknown.error_at("attachments", 0, "id") == "ATTACHMENT_NOT_FOUND"
    bare = await bot.request("PATCH", path, {"attachments": []})
    assert bare.body["attachments"] == []


async def test_an_edit_that_leaves_nothing_is_refused_and_changes_nothing(bot: RawBot) -> None:
    message = (await bot.request("POST", STUDIO, {"content": "x"})).body
    path = f"{STUDIO}/{message['id']}"
    assert (await bot.request("PATCH", path, {"content": ""})).code == 50006
    assert (await bot.request("GET", path)).body["content"] == "x"


async def test_a_picture_that_an_embed_shows_is_not_listed_again(bot: RawBot) -> None:
    body = {"embeds": [{"image": {"url": "attachment://a.png"}}]}
    message = (await bot.request("POST", STUDIO, body, files={"a.png": b"x"})).body
    assert message["attachments"] == []
    assert message["embeds"][0]["image"]["url"].endswith("/a.png")


async def test_a_nonce_is_enforced_for_some_minutes(bot: RawBot, clock: ManualClock) -> None:
    body = {"content": "once", "nonce": "job-7", "enforce_nonce": True}
    first, second = [(await bot.request("POST", STUDIO, body)).body["id"] for _ in range(2)]
    assert first == second
    clock.advance(301)
    assert (await bot.request("POST", STUDIO, body)).body["id"] != first


async def test_a_nonce_that_is_not_enforced_is_only_echoed(bot: RawBot) -> None:
    body = {"content": "twice", "nonce": "job-7"}
    first, second = [(await bot.request("POST", STUDIO, body)).body for _ in range(2)]
    assert first["id"] != second["id"]
    assert first["nonce"] == "job-7"


async def test_messages_are_listed_newest_first_in_pages(bot: RawBot) -> None:
    ids = [(await bot.request("POST", STUDIO, {"content": str(n)})).body["id"] for n in range(5)]

    async def listed(query: str) -> list[str]:
        return [m["content"] for m in (await bot.request("GET", f"{STUDIO}?{query}")).body]

    assert await listed("limit=2") == ["4", "3"]
    assert await listed(f"before={ids[3]}&limit=2") == ["2", "1"]
    assert await listed(f"after={ids[1]}&limit=2") == ["3", "2"]
    assert await listed(f"around={ids[2]}&limit=3") == ["3", "2", "1"]
    assert (await bot.request("GET", f"{STUDIO}?limit=101")).code == 50035


async def test_a_reply_shows_what_it_replies_to(bot: RawBot) -> None:
    first = (await bot.request("POST", STUDIO, {"content": "question"})).body
    body = {"content": "answer", "message_reference": {"message_id": first["id"]}}
    reply = (await bot.request("POST", STUDIO, body)).body
    assert (reply["type"], reply["referenced_message"]["content"]) == (19, "question")


async def test_mentions_are_resolved_unless_forbidden(bot: RawBot) -> None:
    body: Json = {"content": "hello <@1100000000000000011>"}
    message = (await bot.request("POST", STUDIO, body)).body
    assert [user["username"] for user in message["mentions"]] == ["ada"]
    silent: Json = body | {"allowed_mentions": {"parse": []}}
    assert (await bot.request("POST", STUDIO, silent)).body["mentions"] == []


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_message_that_is_not_there_is_unknown(bot: RawBot, method: str) -> None:
    body = {"content": "x"} if method == "PATCH" else None
    answer = await bot.request(method, f"{STUDIO}/12345", body)
    assert (answer.status, answer.code) == (404, 10008)


async def test_deleted_messages_disappear_for_members(
    bot: RawBot, enter: Enter, playground: Playground
) -> None:
    ada = await enter()
    message = (await bot.request("POST", STUDIO, {"content": "x"})).body
    await ada.wait_for_message(lambda m: m.id == message["id"])
    await bot.request("DELETE", f"{STUDIO}/{message['id']}")
    await ada.wait_until(lambda: not ada.messages or None, "an empty channel", 30)
