"""What a modal may contain, and what may be submitted in it."""

from typing import Any, cast

from bot.playground.errors import FormErrors, Path
from bot.playground.json_types import JsonObject
from bot.playground.rules.components import (
    FILE_UPLOAD,
    KEYS,
    LABEL,
    ROW,
    STRING_SELECT,
    TEXT_DISPLAY,
    TEXT_INPUT,
    check_select,
    check_unique_custom_ids,
    walk,
)
from bot.playground.rules.fields import (
    check_choice,
    check_known_keys,
    check_text,
    check_whole_number,
    objects,
)

INPUTS = (TEXT_INPUT, STRING_SELECT, FILE_UPLOAD)


def check_modal(data: JsonObject) -> None:
    """Raise ApiError 50035 unless Discord would open this modal."""
    errors = FormErrors()
    path: Path = ("data",)
    check_known_keys(errors, path, data, frozenset(("custom_id", "title", "components")))
    check_text(errors, path, data, "title", at_least=1, at_most=45, required=True)
    check_text(errors, path, data, "custom_id", at_least=1, at_most=100, required=True)
    for where, component in objects(errors, path, data, "components", at_least=1, at_most=5):
        kind = component.get("type")
        if not check_choice(errors, (*where, "type"), kind, (ROW, TEXT_DISPLAY, LABEL)):
            continue
        check_known_keys(errors, where, component, KEYS[cast(int, kind)])
        if kind == ROW:
            for inner, child in objects(
                errors, where, component, "components", at_least=1, at_most=1
            ):
                check_choice(errors, (*inner, "type"), child.get("type"), (TEXT_INPUT,))
                check_text(errors, inner, child, "label", at_least=1, at_most=45, required=True)
                _check_input(errors, inner, child)
        elif kind == LABEL:
            _check_label(errors, where, component)
        else:
            check_text(errors, where, component, "content", at_least=1, at_most=4000)
    inputs = list(walk(cast(list[Any], data.get("components") or [])))
    check_unique_custom_ids(errors, (*path, "components"), inputs)
    errors.raise_if_any()


def _check_label(errors: FormErrors, path: Path, label: JsonObject) -> None:
    check_text(errors, path, label, "label", at_least=1, at_most=45, required=True)
    check_text(errors, path, label, "description", at_most=100)
    inner: Any = label.get("component")
    if not isinstance(inner, dict):
        errors.required((*path, "component"))
        return
    component = cast(JsonObject, inner)
    where = (*path, "component")
    if check_choice(errors, (*where, "type"), component.get("type"), INPUTS):
        _check_input(errors, where, component)


def _check_input(errors: FormErrors, path: Path, component: JsonObject) -> None:
    kind = component.get("type")
    if kind not in INPUTS:
        return
    check_known_keys(errors, path, component, KEYS[cast(int, kind)])
    check_text(errors, path, component, "custom_id", at_least=1, at_most=100, required=True)
    if kind == STRING_SELECT:
        check_select(errors, path, component)
    elif kind == FILE_UPLOAD:
        check_whole_number(errors, path, component, "min_values", at_least=0, at_most=10)
        check_whole_number(errors, path, component, "max_values", at_least=1, at_most=10)
    else:
        check_choice(errors, (*path, "style"), component.get("style"), (1, 2))
        check_text(errors, path, component, "value", at_most=4000)
        check_text(errors, path, component, "placeholder", at_most=100)
        check_whole_number(errors, path, component, "min_length", at_least=0, at_most=4000)
        check_whole_number(errors, path, component, "max_length", at_least=1, at_most=4000)
        least, most = component.get("min_length") or 0, component.get("max_length") or 4000
        if least > most:
            errors.add(
                (*path, "min_length"),
                "TEXT_INPUT_MIN_LENGTH_EXCEEDS_MAX",
                "Min length cannot exceed max length",
            )
