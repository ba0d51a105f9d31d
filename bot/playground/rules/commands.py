"""What a registered application command may look like.

Source: https://discord.com/developers/docs/interactions/application-commands
"""

import unicodedata
from typing import Any, cast

from bot.playground.errors import ApiError, FormErrors, Path
from bot.playground.json_types import JsonObject
from bot.playground.rules.fields import check_choice, check_known_keys, check_text, objects, words
from bot.playground.rules.localizations import check_localizations, counted_characters

COMMAND_KEYS = words(
    "id type name name_localizations description description_localizations options nsfw "
    "default_member_permissions dm_permission contexts integration_types handler"
)
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, NUMBER, ATTACHMENT = 1, 2, 3, 4, 5, 10, 11
VALUE_TYPES = (3, 4, 5, 6, 7, 8, 9, 10, 11)
_OPTION = {"type", "name", "name_localizations", "description", "description_localizations"}
_VALUE = _OPTION | {"required"}
OPTION_KEYS: dict[int, frozenset[str]] = {
    SUBCOMMAND: frozenset(_VALUE | {"options"}),
    GROUP: frozenset(_VALUE | {"options"}),
    STRING: frozenset(_VALUE | {"choices", "autocomplete", "min_length", "max_length"}),
    INTEGER: frozenset(_VALUE | {"choices", "autocomplete", "min_value", "max_value"}),
    NUMBER: frozenset(_VALUE | {"choices", "autocomplete", "min_value", "max_value"}),
    7: frozenset(_VALUE | {"channel_types"}),
}
MAXIMUM = {1: 100, 2: 15, 3: 15}


def check_command_set(commands: list[JsonObject]) -> None:
    """Raise ApiError unless these may be all commands of one scope (global, or a guild)."""
    errors = FormErrors()
    seen: set[tuple[Any, Any]] = set()
    for index, command in enumerate(commands):
        _check_command(errors, (index,), command)
        key = (command.get("type") or 1, command.get("name"))
        if key in seen:
            errors.add(
                (index, "name"),
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            )
        seen.add(key)
    errors.raise_if_any()
    for kind, most in MAXIMUM.items():
        if sum(1 for command in commands if (command.get("type") or 1) == kind) > most:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({most}).")


def check_command(command: JsonObject) -> None:
    """Raise ApiError 50035 unless this is a well-formed command."""
    errors = FormErrors()
    _check_command(errors, (), command)
    errors.raise_if_any()


def _check_command(errors: FormErrors, path: Path, command: JsonObject) -> None:
    check_known_keys(errors, path, command, COMMAND_KEYS)
    kind = command.get("type") or 1
    if not check_choice(errors, (*path, "type"), kind, (1, 2, 3, 4)):
        return
    if kind == 1:
        _check_name(errors, path, command)
        _check_description(errors, path, command)
        _check_options(errors, path, command, (SUBCOMMAND, GROUP, *VALUE_TYPES))
        if _characters(command) > 8000:
            errors.add(path, "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
        return
    check_text(errors, path, command, "name", at_least=1, at_most=32, required=True)
    check_localizations(errors, path, command, "name", at_most=32)
    for key in ("description", "options"):
        if command.get(key):
            errors.add(
                (*path, key),
                "APPLICATION_COMMAND_CONTEXT_MENU_FIELD",
                f"Context menu commands cannot have {key}",
            )


def _check_name(errors: FormErrors, path: Path, named: JsonObject) -> None:
    check_text(errors, path, named, "name", at_least=1, at_most=32, required=True)
    name = named.get("name")
    if isinstance(name, str) and name and not is_command_name(name):
        errors.add(
            (*path, "name"),
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        )
    check_localizations(errors, path, named, "name", at_most=32, may_be=is_command_name)


def _check_description(errors: FormErrors, path: Path, described: JsonObject) -> None:
    check_text(errors, path, described, "description", at_least=1, at_most=100, required=True)
    check_localizations(errors, path, described, "description", at_most=100)


def is_command_name(name: str) -> bool:
    r"""Whether a name matches ^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$ and is lower case."""
    return 1 <= len(name) <= 32 and name == name.lower() and all(map(_may_stand_in_name, name))


def _may_stand_in_name(character: str) -> bool:
    if character in "-_'" or unicodedata.category(character)[0] in "LN":
        return True
    return unicodedata.name(character, "").startswith(("DEVANAGARI", "THAI"))


def _check_options(
    errors: FormErrors, path: Path, holder: JsonObject, allowed: tuple[int, ...]
) -> None:
    names: set[Any] = set()
    optional_seen = False
    kinds: set[bool] = set()
    for where, option in objects(errors, path, holder, "options", at_most=25):
        kind = option.get("type")
        if not check_choice(errors, (*where, "type"), kind, allowed):
            continue
        kinds.add(kind in (SUBCOMMAND, GROUP))
        _check_option(errors, where, option)
        if option.get("name") in names:
            errors.add(
                (*where, "name"),
                "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE",
                "Option name is a duplicate",
            )
        names.add(option.get("name"))
        if option.get("required") and optional_seen:
            errors.add(
                where,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen = optional_seen or not option.get("required")
    if len(kinds) > 1:
        errors.add(
            (*path, "options"),
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and sub-command group option types are mutually exclusive to all "
            "other types",
        )


def _check_option(errors: FormErrors, path: Path, option: JsonObject) -> None:
    kind = cast(int, option["type"])
    check_known_keys(errors, path, option, OPTION_KEYS.get(kind, frozenset(_VALUE)))
    _check_name(errors, path, option)
    _check_description(errors, path, option)
    if kind == GROUP:
        _check_options(errors, path, option, (SUBCOMMAND,))
    elif kind == SUBCOMMAND:
        _check_options(errors, path, option, VALUE_TYPES)
    else:
        _check_choices(errors, path, option)
        for low, high in (("min_value", "max_value"), ("min_length", "max_length")):
            least, most = option.get(low), option.get(high)
            if least is not None and most is not None and least > most:
                errors.add(
                    (*path, low),
                    "APPLICATION_COMMAND_OPTION_RANGE_INVALID",
                    f"{low} cannot be greater than {high}",
                )


def _check_choices(errors: FormErrors, path: Path, option: JsonObject) -> None:
    choices = objects(errors, path, option, "choices", at_most=25)
    if choices and option.get("autocomplete"):
        errors.add(
            (*path, "autocomplete"),
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
            "Choices and autocomplete cannot both be present",
        )
    names: set[Any] = set()
    for where, choice in choices:
        check_text(errors, where, choice, "name", at_least=1, at_most=100, required=True)
        check_localizations(errors, where, choice, "name", at_most=100)
        if choice.get("name") in names:
            errors.add(
                where,
                "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATE",
                "Choice name is a duplicate",
            )
        names.add(choice.get("name"))
        value = choice.get("value")
        expected = {STRING: str, INTEGER: int}.get(cast(int, option["type"]), (int, float))
        if isinstance(value, bool) or not isinstance(value, expected):
            errors.add(
                (*where, "value"),
                "BASE_TYPE_CONVERT",
                "Value does not have the type of its option",
            )


def _characters(node: JsonObject) -> int:
    """Names, descriptions and string values of a command and everything in it."""
    total = sum(counted_characters(node, key) for key in ("name", "description", "value"))
    for key in ("options", "choices"):
        children: Any = node.get(key)
        if isinstance(children, list):
            total += sum(
                _characters(cast(JsonObject, child))
                for child in cast(list[Any], children)
                if isinstance(child, dict)
            )
    return total
