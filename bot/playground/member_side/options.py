"""What a member chose for a command, checked as Discord's client and API do."""

from collections.abc import Callable
from typing import Any, cast

from bot.playground.errors import ApiError
from bot.playground.json_types import JsonObject
from bot.playground.rules.commands import (
    ATTACHMENT,
    BOOLEAN,
    GROUP,
    INTEGER,
    NUMBER,
    STRING,
    SUBCOMMAND,
)

MAX_TEXT = 6000
Resolve = Callable[[int, Any, str], str]
"""Turns the value of an attachment, user, channel or role option (type, value, option name)
into an id, and notes the object for the interaction's `resolved`."""


def refuse(message: str, *, status: int = 400) -> ApiError:
    """The answer to a member who asked for something that cannot be."""
    return ApiError(status, 0, message)


def spoken_name(data: JsonObject) -> str:
    """A command with its subcommand, as it is spoken: "quota show"."""
    words = [str(data.get("name"))]
    options = _chosen_list(data)
    while options and options[0].get("type") in (SUBCOMMAND, GROUP):
        words.append(str(options[0].get("name")))
        options = _chosen_list(options[0])
    return " ".join(words)


def check_options(
    definition: JsonObject, data: JsonObject, resolve: Resolve, *, drafting: bool = False
) -> list[JsonObject]:
    """The `options` of the interaction.

    `drafting` is for autocomplete: what is still being typed needs to be neither complete nor
    valid, and one option carries `focused`. Raises ApiError 400 with a sentence for the member.
    """
    offered = {o["name"]: o for o in cast(list[JsonObject], definition.get("options") or [])}
    chosen = _chosen_list(data)
    branches = [name for name, option in offered.items() if option["type"] in (SUBCOMMAND, GROUP)]
    if branches:
        return [_branch(offered, branches, chosen, resolve, drafting=drafting)]
    seen: set[str] = set()
    checked: list[JsonObject] = []
    for choice in chosen:
        name = str(choice.get("name"))
        option = offered.get(name)
        if option is None:
            raise refuse(f"There is no option “{name}”.")
        if name in seen:
            raise refuse(f"The option “{name}” was given twice.")
        seen.add(name)
        if drafting:
            checked += _draft(option, choice)
        else:
            value = _check_value(option, choice.get("value"), resolve)
            checked.append({"name": name, "type": option["type"], "value": value})
    if not drafting:
        missing = [n for n, o in offered.items() if o.get("required") and n not in seen]
        if missing:
            raise refuse(f"The option “{missing[0]}” is required.")
    elif not any(option.get("focused") for option in checked):
        raise refuse("No option is focused.")
    return checked


def focused_option(definition: JsonObject, data: JsonObject) -> JsonObject:
    """The definition of the option that is being typed. Raises ApiError 400 without one."""
    offered = {o["name"]: o for o in cast(list[JsonObject], definition.get("options") or [])}
    for choice in _chosen_list(data):
        option = offered.get(choice.get("name"))
        if option is None:
            continue
        if option["type"] in (SUBCOMMAND, GROUP):
            return focused_option(option, choice)
        if choice.get("focused"):
            return option
    raise refuse("No option is focused.")


def _branch(
    offered: dict[str, JsonObject],
    branches: list[str],
    chosen: list[JsonObject],
    resolve: Resolve,
    *,
    drafting: bool,
) -> JsonObject:
    if len(chosen) != 1 or chosen[0].get("name") not in branches:
        raise refuse(f"Choose one of: {', '.join(branches)}.")
    option = offered[str(chosen[0]["name"])]
    inner = check_options(option, chosen[0], resolve, drafting=drafting)
    return {"name": option["name"], "type": option["type"], "options": inner}


def _draft(option: JsonObject, choice: JsonObject) -> list[JsonObject]:
    if option["type"] == ATTACHMENT:
        return []
    draft: JsonObject = {"name": option["name"], "type": option["type"]}
    draft["value"] = choice.get("value", "")
    if choice.get("focused"):
        draft |= {"focused": True, "value": str(draft["value"])}
    return [draft]


def _check_value(option: JsonObject, value: Any, resolve: Resolve) -> Any:
    name, kind = str(option["name"]), option["type"]
    if kind == STRING:
        value = _check_text(option, name, value)
    elif kind == BOOLEAN:
        if not isinstance(value, bool):
            raise refuse(f"“{name}” must be true or false.")
    elif kind in (INTEGER, NUMBER):
        _check_number(option, name, kind, value)
    else:
        return resolve(kind, value, name)
    choices = cast(list[JsonObject], option.get("choices") or [])
    if choices and value not in [choice["value"] for choice in choices]:
        listed = ", ".join(str(choice["name"]) for choice in choices)
        raise refuse(f"“{name}” must be one of: {listed}.")
    return value


def _check_text(option: JsonObject, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise refuse(f"“{name}” must be a text.")
    least, most = option.get("min_length") or 0, option.get("max_length") or MAX_TEXT
    if value == "" and option.get("required"):
        raise refuse(f"The option “{name}” is required.")
    if len(value) < least:
        raise refuse(f"“{name}” must be at least {least} characters long.")
    if len(value) > most:
        raise refuse(f"“{name}” must be {most} or fewer characters long; it has {len(value)}.")
    return value


def _check_number(option: JsonObject, name: str, kind: int, value: Any) -> None:
    whole = kind == INTEGER
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise refuse(f"“{name}” must be a {'whole ' if whole else ''}number.")
    if abs(value) > 2**53:
        raise refuse(f"“{name}” must lie between -2^53 and 2^53.")
    least, most = option.get("min_value"), option.get("max_value")
    if least is not None and value < least:
        raise refuse(f"“{name}” must be {least} or more.")
    if most is not None and value > most:
        raise refuse(f"“{name}” must be {most} or less.")


def _chosen_list(holder: JsonObject) -> list[JsonObject]:
    raw: Any = holder.get("options") or []
    if not isinstance(raw, list):
        raise refuse("“options” must be a list.")
    return [cast(JsonObject, one) for one in cast(list[Any], raw) if isinstance(one, dict)]
