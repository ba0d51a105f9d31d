"""Reads `/command name:value ...` against the commands that the bot registered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from bot.playground.json_types import JsonObject
from bot.playground.member_errors import CommandLineError
from bot.playground.rules.commands import (
    ATTACHMENT,
    BOOLEAN,
    GROUP,
    INTEGER,
    NUMBER,
    STRING,
    SUBCOMMAND,
)

YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True, kw_only=True)
class ParsedCommand:
    """The `data` of an interaction and the files that its attachment options name, by index."""

    data: JsonObject
    uploads: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class Names:
    """What `@name` and `#name` stand for: ids of people and of channels."""

    people: Mapping[str, str] = field(default_factory=dict[str, str])
    channels: Mapping[str, str] = field(default_factory=dict[str, str])


def parse_command_line(
    line: str, commands: list[JsonObject], *, names: Names | None = None, focused: str | None = None
) -> ParsedCommand:
    """Understand a line such as `/imagine-video prompt:a red circle seed:7 image:@cat.png`.

    The value of an option runs until the next ` option:` that the command knows; quotes around
    it are optional. With `focused`, the option that is being typed, values need not be complete.
    Raises CommandLineError.
    """
    head = re.match(r"\s*/(\S+)\s*", line)
    if head is None:
        raise CommandLineError("A command starts with a slash, for example /help.")
    command = _find(head[1], commands)
    reading = _Reading(names or Names(), focused)
    rest = line[head.end() :]
    spoken, branches, definition = _descend(f"/{command['name']}", rest, command)
    rest = rest[len(branches[-1][1]) :] if branches else rest
    options = reading.options(spoken, rest.strip(), definition)
    for option, _ in reversed(branches):
        options = [{"name": option["name"], "type": option["type"], "options": options}]
    data: JsonObject = {"id": command["id"], "name": command["name"], "type": 1}
    if options:
        data["options"] = options
    return ParsedCommand(data=data, uploads=tuple(reading.uploads))


def _find(name: str, commands: list[JsonObject]) -> JsonObject:
    known = {str(one["name"]): one for one in commands if one.get("type", 1) == 1}
    if name in known:
        return known[name]
    if not known:
        raise CommandLineError("The bot has not registered any command.")
    listed = ", ".join(f"/{one}" for one in sorted(known))
    raise CommandLineError(f"There is no command /{name}. There are: {listed}.")


def _descend(
    spoken: str, rest: str, definition: JsonObject
) -> tuple[str, list[tuple[JsonObject, str]], JsonObject]:
    """Follow subcommands; each branch comes with the text consumed up to and including it."""
    branches: list[tuple[JsonObject, str]] = []
    consumed = 0
    while True:
        offered = {
            str(o["name"]): o
            for o in cast(list[JsonObject], definition.get("options") or [])
            if o["type"] in (SUBCOMMAND, GROUP)
        }
        if not offered:
            return spoken, branches, definition
        word = re.match(r"\s*(\S+)", rest[consumed:])
        if word is None or word[1] not in offered:
            raise CommandLineError(f"{spoken} needs one of: {', '.join(offered)}.")
        consumed += word.end()
        definition = offered[word[1]]
        spoken += f" {word[1]}"
        branches.append((definition, rest[:consumed]))


class _Reading:
    """Reads the options of one line; collects the files that they name."""

    def __init__(self, names: Names, focused: str | None) -> None:
        self._names = names
        self._focused = focused
        self.uploads: list[Path] = []

    def options(self, spoken: str, text: str, definition: JsonObject) -> list[JsonObject]:
        offered = {
            str(o["name"]): o for o in cast(list[JsonObject], definition.get("options") or [])
        }
        chosen: list[JsonObject] = []
        for name, raw in _split(spoken, text, list(offered)):
            option = offered[name]
            entry: JsonObject = {"name": name, "type": option["type"]}
            if name == self._focused:
                chosen.append(entry | {"value": raw, "focused": True})
            else:
                chosen.append(entry | {"value": self._value(name, option, raw)})
        if self._focused in offered and not any(one.get("focused") for one in chosen):
            kind = offered[self._focused]["type"]
            chosen.append({"name": self._focused, "type": kind, "value": "", "focused": True})
        return chosen

    def _value(self, name: str, option: JsonObject, raw: str) -> Any:
        choices = cast(list[JsonObject], option.get("choices") or [])
        for choice in choices:
            if raw.lower() in (str(choice["name"]).lower(), str(choice["value"]).lower()):
                return choice["value"]
        kind = option["type"]
        if kind == STRING:
            return raw
        if kind in (INTEGER, NUMBER):
            return _number(name, raw, whole=kind == INTEGER)
        if kind == BOOLEAN:
            if raw.lower() not in YES + NO:
                raise CommandLineError(f"{name}: must be true or false, not “{raw}”.")
            return raw.lower() in YES
        if kind == ATTACHMENT:
            return self._upload(name, raw)
        word = raw.strip("<>")
        known = self._names.channels if word.startswith("#") else self._names.people
        return known.get(word.lstrip("@#!").lower(), word.lstrip("@#!&"))

    def _upload(self, name: str, raw: str) -> str:
        if not raw.startswith("@"):
            raise CommandLineError(f"{name}: takes a file, written as {name}:@path/to/file.")
        path = Path(raw[1:]).expanduser()
        if not path.is_file():
            raise CommandLineError(f"{name}: there is no file {path}.")
        self.uploads.append(path)
        return str(len(self.uploads) - 1)


def _number(name: str, raw: str, *, whole: bool) -> int | float:
    try:
        return int(raw) if whole else float(raw)
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise CommandLineError(f"{name}: must be {kind}, not “{raw}”.") from None


def _split(spoken: str, text: str, names: list[str]) -> list[tuple[str, str]]:
    """The options of a line with their raw values, in the order written."""
    if not text:
        return []
    if not names:
        raise CommandLineError(f"{spoken} takes no options.")
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    start = re.compile(rf"(?:^|(?<=\s))({known}):")
    quoted = re.compile(r'\s*"((?:[^"\\]|\\.)*)"(?=\s|$)')
    found = start.match(text)
    if found is None:
        listed = ", ".join(f"{name}:" for name in names)
        raise CommandLineError(f"{spoken} does not understand “{text}”. Its options: {listed}.")
    pairs: list[tuple[str, str]] = []
    while found is not None:
        name, begin = found[1], found.end()
        if any(name == earlier for earlier, _ in pairs):
            raise CommandLineError(f"The option {name}: was given twice.")
        whole = quoted.match(text, begin)
        found = start.search(text, whole.end() if whole else begin)
        end = found.start() if found else len(text)
        raw = text[begin:end].strip()
        if whole is not None and raw == whole[0].strip():
            raw = re.sub(r"\\(.)", r"\1", whole[1])
        pairs.append((name, raw))
    return pairs
