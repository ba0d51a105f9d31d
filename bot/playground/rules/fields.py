"""Checks of single values, with Discord's codes and sentences."""

from typing import Any, cast

from bot.playground.errors import FormErrors, Path
from bot.playground.json_types import JsonObject


def words(text: str) -> frozenset[str]:
    """The names in a text, for sets of known keys."""
    return frozenset(text.split())


def check_known_keys(
    errors: FormErrors, path: Path, body: JsonObject, known: frozenset[str]
) -> None:
    """Note every key that the API does not have."""
    for key in body:
        if key not in known:
            errors.add((*path, key), "UNKNOWN_KEY", f'"{key}" is not a field of this object')


def check_text(
    errors: FormErrors,
    path: Path,
    body: JsonObject,
    key: str,
    *,
    at_most: int,
    at_least: int = 0,
    required: bool = False,
) -> None:
    """Note a text that is missing, no text, too short or too long."""
    value = body.get(key)
    where = (*path, key)
    if value is None or (value == "" and required):
        if required:
            errors.required(where)
    elif not isinstance(value, str):
        errors.add(where, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
    elif len(value) > at_most:
        errors.add(where, "BASE_TYPE_MAX_LENGTH", f"Must be {at_most} or fewer in length.")
    elif len(value) < at_least:
        message = (
            f"Must be between {at_least} and {at_most} in length."
            if value
            else "This field is required"
        )
        errors.add(where, "BASE_TYPE_BAD_LENGTH" if value else "BASE_TYPE_REQUIRED", message)


def check_whole_number(
    errors: FormErrors, path: Path, body: JsonObject, key: str, *, at_least: int, at_most: int
) -> None:
    """Note a number that is no whole number or out of its range; absent and null are fine."""
    value = body.get(key)
    where = (*path, key)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        errors.add(where, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
    elif value < at_least:
        errors.add(
            where,
            "NUMBER_TYPE_MIN",
            f"int value should be greater than or equal to {at_least}.",
        )
    elif value > at_most:
        errors.add(
            where, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {at_most}."
        )


def check_choice(
    errors: FormErrors, path: Path, value: Any, allowed: tuple[int | str, ...]
) -> bool:
    """Note a value that is none of `allowed`; says whether it was fine."""
    if value in allowed and not isinstance(value, bool):
        return True
    listed = ", ".join(str(one) for one in allowed)
    errors.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}.")
    return False


def check_url(errors: FormErrors, path: Path, url: Any, *, attachment: bool = False) -> None:
    """Note a URL whose scheme is not http, https (or attachment)."""
    schemes = ("http", "https", "attachment") if attachment else ("http", "https", "discord")
    if not isinstance(url, str) or not url.startswith(tuple(f"{s}://" for s in schemes)):
        scheme = str(url).split("://", 1)[0]
        errors.add(
            path,
            "URL_TYPE_INVALID_SCHEME",
            f"Scheme '{scheme}' is not supported. Scheme must be one of {schemes}.",
        )
    elif len(url) > 2048:
        errors.add(path, "BASE_TYPE_MAX_LENGTH", "Must be 2048 or fewer in length.")


def objects(
    errors: FormErrors,
    path: Path,
    body: JsonObject,
    key: str,
    *,
    at_most: int,
    at_least: int = 0,
) -> list[tuple[Path, JsonObject]]:
    """The objects of a list with their paths; notes a wrong type or length."""
    raw: Any = body.get(key)
    where = (*path, key)
    if raw is None:
        raw = []
    if not isinstance(raw, list):
        errors.add(where, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return []
    items = cast(list[Any], raw)
    if len(items) > at_most or len(items) < at_least:
        code = "BASE_TYPE_MAX_LENGTH" if not at_least else "BASE_TYPE_BAD_LENGTH"
        text = (
            f"Must be between {at_least} and {at_most} in length."
            if at_least
            else f"Must be {at_most} or fewer in length."
        )
        errors.add(where, code, text)
    found: list[tuple[Path, JsonObject]] = []
    for index, item in enumerate(items):
        if isinstance(item, dict):
            found.append(((*where, index), cast(JsonObject, item)))
        else:
            errors.add(
                (*where, index),
                "MODEL_TYPE_CONVERT",
                "Only dictionaries may be used in a ModelType",
            )
    return found
