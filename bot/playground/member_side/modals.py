"""A submitted modal, checked against the one that the bot opened."""

from collections.abc import Iterator
from typing import Any, cast

from bot.playground.json_types import JsonObject
from bot.playground.member_side.options import refuse
from bot.playground.member_side.resolving import Resolved
from bot.playground.rules.components import FILE_UPLOAD, LABEL, ROW, TEXT_INPUT, walk


def submitted_components(
    definition: JsonObject, submitted: Any, resolved: Resolved
) -> list[JsonObject]:
    """The components of a MODAL_SUBMIT. Raises ApiError 400 with a sentence for the member."""
    filled = {
        str(component["custom_id"]): component
        for component in walk(cast(list[Any], submitted if isinstance(submitted, list) else []))
        if component.get("custom_id")
    }
    numbers = iter(range(1, 1000))
    return [
        _submit(component, filled, resolved, numbers)
        for component in cast(list[JsonObject], definition["components"])
    ]


def _submit(
    component: JsonObject,
    filled: dict[str, JsonObject],
    resolved: Resolved,
    numbers: Iterator[int],
) -> JsonObject:
    kind = component["type"]
    shown: JsonObject = {"type": kind, "id": component.get("id") or next(numbers)}
    if kind == ROW:
        inner = component["components"][0]
        shown["components"] = [_fill(inner, inner["label"], filled, resolved, numbers)]
    elif kind == LABEL:
        inner = component["component"]
        shown["component"] = _fill(inner, component["label"], filled, resolved, numbers)
    return shown


def _fill(
    field: JsonObject,
    label: str,
    filled: dict[str, JsonObject],
    resolved: Resolved,
    numbers: Iterator[int],
) -> JsonObject:
    answer = filled.get(field["custom_id"], {})
    number = field.get("id") or next(numbers)
    shown: JsonObject = {"type": field["type"], "id": number, "custom_id": field["custom_id"]}
    if field["type"] == TEXT_INPUT:
        return shown | {"value": _text(field, label, answer.get("value") or "")}
    values = _values(field, label, answer.get("values") or [])
    if field["type"] == FILE_UPLOAD:
        values = [resolved.upload(value, label) for value in values]
    return shown | {"values": values}


def _text(field: JsonObject, label: str, value: Any) -> str:
    if not isinstance(value, str):
        raise refuse(f"“{label}” must be a text.")
    if not value:
        if field.get("required") is not False:
            raise refuse(f"“{label}” is required.")
        return value
    least, most = field.get("min_length") or 0, field.get("max_length") or 4000
    if not least <= len(value) <= most:
        raise refuse(f"“{label}” must have between {least} and {most} characters.")
    return value


def _values(field: JsonObject, label: str, values: Any) -> list[str]:
    chosen = [str(one) for one in cast(list[Any], values)] if isinstance(values, list) else []
    required = field.get("required") is not False
    if not chosen and not required:
        return chosen
    return check_selection(field, label, chosen)


def check_selection(select: JsonObject, label: str, chosen: list[str]) -> list[str]:
    """The values chosen in a select. Raises ApiError 400 for wrong ones or a wrong number."""
    # discord.py sends null for what it leaves to the default.
    least = 1 if select.get("min_values") is None else select["min_values"]
    most = 1 if select.get("max_values") is None else select["max_values"]
    if not least <= len(set(chosen)) <= most or len(set(chosen)) != len(chosen):
        raise refuse(f"“{label}” takes between {least} and {most} choices.")
    offered = [o["value"] for o in cast(list[JsonObject], select.get("options") or [])]
    if offered and not set(chosen) <= set(offered):
        raise refuse(f"“{label}” has no such choice.")
    return chosen
