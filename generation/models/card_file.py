"""TOML -> model cards, with the line of whatever is wrong.

An operator's file is read over the catalogue that ships: an entry of the same id changes the keys
it names and keeps the others, any other entry is a new model.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from generation.errors import InvalidCatalogue
from generation.models.card import ModelCard, Task
from generation.models.step_cache import ONLY_FROM_WORDS, SUITED, CacheName, StepCache

CATALOGUE_FILE = Path(__file__).with_name("catalogue.toml")
MODEL_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
HEADER = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]+\s*(?:#.*)?$")
KEY = re.compile(r"\s*((?:\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-])+(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=")
SYNTAX_LINE = re.compile(r"\(at line (\d+), ")

CACHE_NAMES = get_args(CacheName)

_CARD = TypeAdapter(ModelCard)
Table = dict[str, Any]


def read_catalogue(*files: Path | None) -> tuple[ModelCard, ...]:
    """The models of the files, later ones over earlier ones. Raises InvalidCatalogue."""
    merged: dict[str, Table] = {}
    origins: dict[str, list[Path]] = {}
    for file in filter(None, files):
        for model, entry in _tables(file).items():
            if not MODEL_ID.fullmatch(model):
                raise InvalidCatalogue(
                    str(file), line_of(file, (model,)), f"[{model}] is no model id: a to z, 0 to 9"
                )
            if not isinstance(entry, dict):
                raise InvalidCatalogue(
                    str(file), line_of(file, (model,)), f"{model} stands outside of any [model]"
                )
            merged[model] = _over(merged.get(model, {}), cast(Table, entry))
            origins.setdefault(model, []).append(file)
    return tuple(_card(model, entry, origins[model]) for model, entry in merged.items())


def _tables(file: Path) -> Table:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidCatalogue(str(file), None, f"cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        found = SYNTAX_LINE.search(str(error))
        line = int(found[1]) if found else None
        raise InvalidCatalogue(str(file), line, f"is no TOML: {error}") from error


def _over(below: Table, above: Table) -> Table:
    """`above` over `below`; tables are merged, anything else replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _over(cast(Table, old), cast(Table, value)) if both else value
    return merged


def _card(model: str, entry: Table, files: Sequence[Path]) -> ModelCard:
    try:
        card = _CARD.validate_python({"id": model, **_written_short(entry)})
    except ValidationError as error:
        detail = error.errors()[0]
        keys = (str(part) for part in detail["loc"] if part not in CACHE_NAMES)  # pydantic's own
        path = (model, *keys)
        raise _invalid(files, path, _sentence(path, detail)) from error
    for name, preset in card.presets.items():
        reason = preset.step_cache and _unsuited(card, preset.step_cache)
        if reason:
            path = (model, "presets", name, "step_cache")
            raise _invalid(files, path, f"{'.'.join(path)}: {reason}")
    return card


def _unsuited(card: ModelCard, cache: StepCache) -> str | None:
    """Why this model has no such cache."""
    suited = SUITED.get(card.family, ())
    if not suited:
        return f"{card.family} models take no step_cache"
    if cache.name not in suited:
        return f"{cache.name} does not suit {card.family} models, which take {', '.join(suited)}"
    if cache.name in ONLY_FROM_WORDS and Task.TEXT not in card.tasks:
        return f"{cache.name} is for shots from words alone, which {card.id} does not make"
    return None


def _invalid(files: Sequence[Path], path: tuple[str, ...], sentence: str) -> InvalidCatalogue:
    """With the last file that has the path, or a table around it, and the line of that."""
    for file in reversed(files):
        line = line_of(file, path)
        if line is not None:
            return InvalidCatalogue(str(file), line, sentence)
    return InvalidCatalogue(str(files[-1]), None, sentence)


def _written_short(entry: Table) -> Table:
    """A source may be written as one string: its repository."""
    short = dict(entry)
    if isinstance(short.get("source"), str):
        short["source"] = {"repository": short["source"]}
    return short


def _sentence(path: tuple[str, ...], detail: ErrorDetails) -> str:
    where = ".".join(path)
    match detail["type"]:
        case "missing":
            return f"{where} is missing"
        case "union_tag_not_found":
            return f"{where}.name is missing"
        case "extra_forbidden" | "unexpected_keyword_argument":
            return f"{where} is no key that we know"
        case _:
            return f"{where}: {detail['msg'].removeprefix('Value error, ')}"


def line_of(file: Path, path: Sequence[str]) -> int | None:
    """The line, from 1, where the value of this path of keys is written, or else the nearest
    table around it; None where the file has nothing of it."""
    lines = _lines_by_path(file.read_text(encoding="utf-8"))
    for length in range(len(path), 0, -1):
        line = lines.get(tuple(path[:length]))
        if line is not None:
            return line
    return None


def _lines_by_path(text: str) -> Mapping[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    arrays: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := HEADER.match(line):
            table = _keys(header[1])
            if line.lstrip().startswith("[["):
                arrays[table] = arrays.get(table, -1) + 1
                found.setdefault(table, number)
                table = (*table, str(arrays[table]))
            found.setdefault(table, number)
        elif key := KEY.match(line):
            found.setdefault((*table, *_keys(key[1])), number)
    return found


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(
        part.strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+", dotted)
    )
