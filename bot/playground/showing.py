"""Embeds and components as a client receives them: defaults filled in, media resolved."""

from typing import Any, cast

from bot.playground.errors import FormErrors
from bot.playground.json_types import JsonObject
from bot.playground.rules.components import (
    BUTTON,
    CONTAINER,
    FILE,
    GALLERY,
    SECTION,
    SELECTS,
    SEPARATOR,
    STRING_SELECT,
    THUMBNAIL,
    walk,
)

Attached = dict[str, JsonObject]
"""Attachments by the names that `attachment://` may use."""

SCHEME = "attachment://"


def shown_embed(embed: JsonObject, attached: Attached) -> JsonObject:
    """A rich embed; a picture that refers to no attachment is left out, as Discord does."""
    shown = {key: value for key, value in embed.items() if value is not None}
    shown["type"] = "rich"
    for key in ("image", "thumbnail"):
        if key not in shown:
            continue
        media = _media(str(shown[key].get("url")), attached)
        if media is None:
            del shown[key]
            continue
        kept = ("url", "proxy_url", "width", "height", "content_type")
        shown[key] = {name: media[name] for name in kept if media.get(name) is not None}
    if "fields" in shown:
        shown["fields"] = [{"inline": False} | entry for entry in shown["fields"]]
    return shown


def shown_components(components: list[JsonObject], attached: Attached) -> list[JsonObject]:
    """Components with numbers as ids. Raises ApiError 50035 for media that is not attached."""
    errors = FormErrors()
    shown = [_shown(component, attached, errors) for component in components]
    errors.raise_if_any()
    taken = {c["id"] for c in walk(shown) if c.get("id")}
    number = 0
    for component in walk(shown):
        if not component.get("id"):
            number += 1
            while number in taken:
                number += 1
            component["id"] = number
    return shown


def _show_emoji(part: JsonObject) -> None:
    """A standard emoji has a name alone: clients send `id: null`, answers leave it out."""
    if part.get("emoji"):
        part["emoji"] = {key: value for key, value in part["emoji"].items() if value is not None}


def _shown(component: JsonObject, attached: Attached, errors: FormErrors) -> JsonObject:
    shown = {key: value for key, value in component.items() if value is not None}
    kind = shown["type"]
    if "components" in shown:
        shown["components"] = [_shown(child, attached, errors) for child in shown["components"]]
    if kind == SECTION:
        shown["accessory"] = _shown(shown["accessory"], attached, errors)
    elif kind == BUTTON:
        shown.setdefault("disabled", False)
        _show_emoji(shown)
    elif kind in SELECTS:
        if kind == STRING_SELECT:
            options = cast(list[JsonObject], shown["options"])
            shown["options"] = [{"default": False} | option for option in options]
            for option in shown["options"]:
                _show_emoji(option)
        shown = {"min_values": 1, "max_values": 1, "disabled": False} | shown
    elif kind == GALLERY:
        shown["items"] = [_gallery_item(item, attached, errors) for item in shown["items"]]
    elif kind == THUMBNAIL:
        shown = {"description": None, "spoiler": False} | shown
        shown["media"] = _required_media(shown["media"], attached, errors)
    elif kind == FILE:
        shown["file"] = media = _required_media(shown["file"], attached, errors)
        shown |= {"name": media.get("filename"), "size": media.get("size")}
        shown.setdefault("spoiler", False)
    elif kind == SEPARATOR:
        shown = {"divider": True, "spacing": 1} | shown
    elif kind == CONTAINER:
        shown = {"accent_color": None, "spoiler": False} | shown
    return shown


def _gallery_item(item: JsonObject, attached: Attached, errors: FormErrors) -> JsonObject:
    shown: JsonObject = {"description": None, "spoiler": False}
    shown |= {key: value for key, value in item.items() if value is not None}
    shown["media"] = _required_media(shown["media"], attached, errors)
    return shown


def _required_media(holder: Any, attached: Attached, errors: FormErrors) -> JsonObject:
    url = str(cast(JsonObject, holder).get("url"))
    media = _media(url, attached)
    if media is None:
        errors.add(
            ("components",),
            "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
            f"The referenced attachment was not found: {url}",
        )
        return {}
    return media


def _media(url: str, attached: Attached) -> JsonObject | None:
    if not url.startswith(SCHEME):
        own = next((a for a in attached.values() if a["url"] == url), None)
        return _unfurled(own) if own else {"id": "0", "url": url, "proxy_url": url}
    attachment = attached.get(url.removeprefix(SCHEME))
    return _unfurled(attachment) if attachment else None


def _unfurled(attachment: JsonObject) -> JsonObject:
    kept = ("id", "url", "proxy_url", "width", "height", "content_type", "filename", "size")
    media = {key: attachment[key] for key in kept if key in attachment}
    return media | {"attachment_id": attachment["id"]}
