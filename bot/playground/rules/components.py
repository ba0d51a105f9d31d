"""Buttons, selects, and the layout components of version 2.

Source: https://discord.com/developers/docs/components/reference
"""

from collections.abc import Iterator
from typing import Any, cast

from bot.playground.errors import FormErrors, Path
from bot.playground.json_types import JsonObject
from bot.playground.rules.fields import (
    check_choice,
    check_known_keys,
    check_text,
    check_url,
    check_whole_number,
    objects,
    words,
)

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = (3, 5, 6, 7, 8)
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR = 9, 10, 11, 12, 13, 14
CONTAINER, LABEL, FILE_UPLOAD = 17, 18, 19

V1_TOP = (ROW,)
V2_TOP = (ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER)
IN_CONTAINER = (ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR)
_SELECT_KEYS = "type id custom_id placeholder min_values max_values disabled required"
KEYS: dict[int, frozenset[str]] = {
    kind: words(keys)
    for kind, keys in {
        ROW: "type id components",
        BUTTON: "type id style label emoji custom_id url disabled sku_id",
        STRING_SELECT: f"{_SELECT_KEYS} options",
        TEXT_INPUT: "type id custom_id style label value placeholder required "
        "min_length max_length",
        5: f"{_SELECT_KEYS} default_values",
        6: f"{_SELECT_KEYS} default_values",
        7: f"{_SELECT_KEYS} default_values",
        8: f"{_SELECT_KEYS} default_values channel_types",
        SECTION: "type id components accessory",
        TEXT_DISPLAY: "type id content",
        THUMBNAIL: "type id media description spoiler",
        GALLERY: "type id items",
        FILE: "type id file spoiler name size",
        SEPARATOR: "type id divider spacing",
        CONTAINER: "type id components accent_color spoiler",
        LABEL: "type id label description component",
        FILE_UPLOAD: "type id custom_id min_values max_values required",
    }.items()
}


def walk(components: list[Any]) -> Iterator[JsonObject]:
    """Every component, parents before children, in reading order."""
    for component in components:
        if not isinstance(component, dict):
            continue
        one = cast(JsonObject, component)
        yield one
        children: Any = one.get("components")
        if isinstance(children, list):
            yield from walk(cast(list[Any], children))
        for key in ("accessory", "component"):
            if isinstance(one.get(key), dict):
                yield from walk([one[key]])


def check_components(errors: FormErrors, path: Path, body: JsonObject, *, v2: bool) -> None:
    """Note what is wrong with the components of a message."""
    raw: Any = body.get("components")
    everything = list(walk(cast(list[Any], raw))) if isinstance(raw, list) else []
    top = objects(errors, path, body, "components", at_most=40 if v2 else 5)
    for where, component in top:
        _check_one(errors, where, component, V2_TOP if v2 else V1_TOP)
    if len(everything) > 40:
        errors.add(
            (*path, "components"),
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            f"Total number of components ({len(everything)}) exceeds the maximum of 40",
        )
    texts = [c.get("content") for c in everything if c.get("type") == TEXT_DISPLAY]
    if sum(len(text) for text in texts if isinstance(text, str)) > 4000:
        errors.add(
            (*path, "components"),
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            "The displayable text of all components exceeds the maximum of 4000 characters",
        )
    check_unique_custom_ids(errors, (*path, "components"), everything)


def check_unique_custom_ids(errors: FormErrors, path: Path, components: list[JsonObject]) -> None:
    """Note a custom_id that two components share."""
    seen: set[str] = set()
    for component in components:
        custom_id = component.get("custom_id")
        if isinstance(custom_id, str) and custom_id in seen:
            errors.add(
                path,
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                f"Component custom id cannot be duplicated: {custom_id}",
            )
        seen.add(str(custom_id))


def _check_one(
    errors: FormErrors, path: Path, component: JsonObject, allowed: tuple[int, ...]
) -> None:
    kind = component.get("type")
    if not check_choice(errors, (*path, "type"), kind, allowed):
        return
    check_known_keys(errors, path, component, KEYS[cast(int, kind)])
    match kind:
        case 1:
            _check_row(errors, path, component)
        case 2:
            _check_button(errors, path, component)
        case 3 | 5 | 6 | 7 | 8:
            check_select(errors, path, component)
        case 9:
            _check_section(errors, path, component)
        case 10:
            check_text(errors, path, component, "content", at_least=1, at_most=4000, required=True)
        case 11:
            _check_media(errors, path, component, "media")
        case 12:
            for item_path, item in objects(
                errors, path, component, "items", at_least=1, at_most=10
            ):
                _check_media(errors, item_path, item, "media")
        case 13:
            _check_media(errors, path, component, "file")
        case 14:
            if component.get("spacing") is not None:
                check_choice(errors, (*path, "spacing"), component["spacing"], (1, 2))
        case _:
            check_whole_number(
                errors, path, component, "accent_color", at_least=0, at_most=0xFFFFFF
            )
            for where, child in objects(
                errors, path, component, "components", at_least=1, at_most=40
            ):
                _check_one(errors, where, child, IN_CONTAINER)


def _check_row(errors: FormErrors, path: Path, row: JsonObject) -> None:
    children = objects(errors, path, row, "components", at_least=1, at_most=5)
    for where, child in children:
        _check_one(errors, where, child, (BUTTON, *SELECTS))
    if len(children) > 1 and any(child.get("type") in SELECTS for _, child in children):
        errors.add(
            (*path, "components"),
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        )


def _check_button(errors: FormErrors, path: Path, button: JsonObject) -> None:
    if not check_choice(errors, (*path, "style"), button.get("style"), (1, 2, 3, 4, 5, 6)):
        return
    check_text(errors, path, button, "label", at_most=80)
    if button["style"] == 5:
        if not button.get("url"):
            errors.add((*path, "url"), "BUTTON_COMPONENT_URL_REQUIRED", "A url is required")
        else:
            check_url(errors, (*path, "url"), button["url"])
        if button.get("custom_id"):
            errors.add(
                (*path, "custom_id"),
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                "A custom id and url cannot both be specified",
            )
    elif button["style"] != 6:
        if not button.get("custom_id"):
            errors.add(
                (*path, "custom_id"),
                "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED",
                "A custom id is required",
            )
        check_text(errors, path, button, "custom_id", at_least=1, at_most=100)
        if button.get("url"):
            errors.add(
                (*path, "url"),
                "BUTTON_COMPONENT_INVALID_URL",
                "A url is only allowed on link buttons",
            )
    if button["style"] != 6 and not button.get("label") and not button.get("emoji"):
        errors.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or emoji is required")


def check_select(errors: FormErrors, path: Path, select: JsonObject) -> None:
    """Note what is wrong with a select of a message or of a modal."""
    check_text(errors, path, select, "custom_id", at_least=1, at_most=100, required=True)
    check_text(errors, path, select, "placeholder", at_most=150)
    check_whole_number(errors, path, select, "min_values", at_least=0, at_most=25)
    check_whole_number(errors, path, select, "max_values", at_least=1, at_most=25)
    if select.get("type") != STRING_SELECT:
        return
    options = objects(errors, path, select, "options", at_least=1, at_most=25)
    values: set[Any] = set()
    for where, option in options:
        check_known_keys(errors, where, option, words("label value description emoji default"))
        for key in ("label", "value"):
            check_text(errors, where, option, key, at_least=1, at_most=100, required=True)
        check_text(errors, where, option, "description", at_most=100)
        if option.get("value") in values:
            errors.add(
                (*where, "value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            )
        values.add(option.get("value"))
    most = select.get("max_values")
    if isinstance(most, int) and most > len(options):
        errors.add(
            (*path, "max_values"),
            "SELECT_COMPONENT_MAX_VALUES_TOO_MANY",
            f"Max values cannot exceed the number of options ({len(options)})",
        )


def _check_section(errors: FormErrors, path: Path, section: JsonObject) -> None:
    for where, child in objects(errors, path, section, "components", at_least=1, at_most=3):
        _check_one(errors, where, child, (TEXT_DISPLAY,))
    accessory = section.get("accessory")
    if not isinstance(accessory, dict):
        errors.required((*path, "accessory"))
        return
    where = (*path, "accessory")
    _check_one(errors, where, cast(JsonObject, accessory), (BUTTON, THUMBNAIL))


def _check_media(errors: FormErrors, path: Path, holder: JsonObject, key: str) -> None:
    media: Any = holder.get(key)
    if not isinstance(media, dict):
        errors.required((*path, key))
        return
    url = cast(JsonObject, media).get("url")
    where = (*path, key, "url")
    check_url(errors, where, url, attachment=True)
    if holder.get("type") == FILE and not str(url).startswith("attachment://"):
        errors.add(where, "COMPONENT_FILE_REQUIRES_ATTACHMENT", "Must reference an attachment")
    check_text(errors, path, holder, "description", at_most=1024)
