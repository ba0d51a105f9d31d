"""The flags that people know from Pika, written behind the words of a prompt.

    prompt := words (flag words?)*
    flag   := dash name value?      a red fox -ar 16:9 -camera zoom in -neg "blurry, text"

A dash is `-`, `--` or what a phone makes of two; names are in any case, and a number may follow
them at once (`-gs8`). A dash before a space is part of the words. What is not understood stays in
the words and is told by name. `parse(render(prompt))` is `prompt`. What the flags mean for a model
is in `bot/flag_effects.py`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.keyframes import NUMBER, SCHEDULE, Schedule, read_schedule, written
from generation.errors import InvalidRequest
from generation.request import Camera, CameraMove


@dataclass(frozen=True, kw_only=True, slots=True)
class FlaggedPrompt:
    """Words and flags; None is a flag that is not there.

    `unknown` and `unreadable` stand in the words still; of `repeated` flags the last one counts.
    `zoom` and its like are by how much (1 is no zoom, 0 no other move), `camera` is which way.
    """

    words: str = ""
    motion: Schedule | None = None
    guidance: float | None = None
    aspect: tuple[float, float] | None = None
    camera: Camera | None = None
    zoom: Schedule | None = None
    pan: Schedule | None = None
    tilt: Schedule | None = None
    rotate: Schedule | None = None
    seed: int | None = None
    steps: int | None = None
    seconds: float | None = None
    model: str | None = None
    preset: str | None = None
    negative: str | None = None
    fps: float | None = None
    weight: float | None = None
    size: float | None = None
    hide: bool | None = None
    unknown: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


FIELDS: Mapping[str, str] = {
    "motion": "motion",
    "gs": "guidance",
    "ar": "aspect",
    "camera": "camera",
    "zoom": "zoom",
    "pan": "pan",
    "tilt": "tilt",
    "rotate": "rotate",
    "seed": "seed",
    "steps": "steps",
    "dur": "seconds",
    "model": "model",
    "preset": "preset",
    "neg": "negative",
    "fps": "fps",
    "w": "weight",
    "size": "size",
    "hide": "hide",
}
"""Of each flag, in the order in which they are rendered."""

ALIASES: Mapping[str, str] = {
    "guidance": "gs", "aspect": "ar", "negative": "neg", "no": "neg", "duration": "dur",
}  # fmt: skip

Read = Callable[[str, int], tuple[Any, int] | None]
"""From the text and where a value may begin to the value and where it ends; None for no value."""

_FLAG = re.compile(r"(?<!\S)(?:--?|[–—−])(?P<name>[A-Za-z]+)")
_BEFORE = r"[\s=:]*"
_AFTER = r"(?=[\s,;]|\.(?!\d)|$)[,;.]*"
_QUOTES = '"“”„'
_DIRECTIONS: Mapping[str, Mapping[str, CameraMove]] = {
    "zoom": {"in": CameraMove.ZOOM_IN, "out": CameraMove.ZOOM_OUT},
    # Whoever pans up tilts, in the words of the field.
    "pan": {
        "left": CameraMove.PAN_LEFT,
        "right": CameraMove.PAN_RIGHT,
        "up": CameraMove.TILT_UP,
        "down": CameraMove.TILT_DOWN,
    },
    "tilt": {"up": CameraMove.TILT_UP, "down": CameraMove.TILT_DOWN},
    "rotate": {
        **dict.fromkeys(("cw", "clockwise"), CameraMove.ROTATE_CLOCKWISE),
        **dict.fromkeys(
            ("ccw", "acw", "counterclockwise", "counter-clockwise", "anticlockwise",
             "anti-clockwise"),
            CameraMove.ROTATE_COUNTERCLOCKWISE,
        ),
    },
}  # fmt: skip
_WORD = re.compile(r"(?P<between>[\s=:]*(?:[,+&]\s*|and\s+)?)(?P<word>[A-Za-z-]+)")


def parse(text: str) -> FlaggedPrompt:
    """Reads any text; never raises."""
    reading = _Reading(text)
    while (flag := _FLAG.search(text, reading.read_to)) is not None:
        reading.take(flag)
    return reading.prompt()


def render(prompt: FlaggedPrompt) -> str:
    """The prompt as somebody could have typed it."""
    parts = [prompt.words] if prompt.words else []
    for name, field_name in FIELDS.items():
        value = getattr(prompt, field_name)
        if value is not None:
            parts.append(f"-{name} {_written(value)}".rstrip())
    return " ".join(parts)


def suggestion(name: str) -> str | None:
    """The flag that somebody who typed this one may have meant."""
    begun = [known for known in FIELDS if known.startswith(name)]
    mixed = [known for known in FIELDS if sorted(known) == sorted(name)]
    close = difflib.get_close_matches(name, (*FIELDS, *ALIASES), n=1, cutoff=0.6)
    return next(iter([*begun, *mixed, *close]), None)


@dataclass(kw_only=False, slots=True)
class _Reading:
    """How far the text is read, and what was found."""

    text: str
    read_to: int = 0
    kept_from: int = 0
    words: list[str] = field(default_factory=list[str])
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    unknown: list[str] = field(default_factory=list[str])
    unreadable: list[str] = field(default_factory=list[str])
    repeated: list[str] = field(default_factory=list[str])

    def take(self, flag: re.Match[str]) -> None:
        """The flag and its value out of the words, if both are understood."""
        typed = flag["name"].lower()
        name = ALIASES.get(typed, typed)
        self.read_to = flag.end()
        if name not in FIELDS:
            self.unknown.append(typed)
            return
        found = _READERS[FIELDS[name]](self.text, flag.end())
        if found is None:
            self.unreadable.append(name)
            return
        value, end = found
        self._note(FIELDS[name], value, name)
        self.words.append(self.text[self.kept_from : flag.start()])
        self.read_to = self.kept_from = end

    def _note(self, field_name: str, value: Any, name: str) -> None:
        before = self.values.get("camera")
        if isinstance(value, Camera):
            field_name = "camera"
            try:
                value = Camera.of(*(before.moves if before else ()), *value.moves)
                before = None
            except InvalidRequest:
                pass  # They are opposed, and the last one counts.
        if field_name in self.values and not (isinstance(value, Camera) and before is None):
            self.repeated.append(name)
        self.values[field_name] = value

    def prompt(self) -> FlaggedPrompt:
        self.words.append(self.text[self.kept_from :])
        kept = (part.strip() for part in self.words)
        found = FlaggedPrompt(
            words=" ".join(part for part in kept if part),
            unknown=_once(self.unknown),
            unreadable=_once(self.unreadable),
            repeated=_once(self.repeated),
        )
        return replace(found, **self.values)


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _reader(pattern: str, value_of: Callable[[str], Any]) -> Read:
    compiled = re.compile(rf"{_BEFORE}(?P<value>{pattern}){_AFTER}")

    def read(text: str, start: int) -> tuple[Any, int] | None:
        found = compiled.match(text, start)
        value = None if found is None else value_of(found["value"])
        return None if found is None or value is None else (value, found.end())

    return read


_number = _reader(NUMBER, float)
_count = _reader(r"[-+]?\d{1,60}", int)
_scheduled = _reader(
    rf"[{_QUOTES}]?(?:{SCHEDULE}|{NUMBER})[{_QUOTES}]?",
    lambda text: read_schedule(text.strip(_QUOTES)),
)
_duration = _reader(
    rf"{NUMBER}(?:\s?(?:s|sec|seconds?))?", lambda text: float(text.rstrip("second "))
)
_word = _reader(r"[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]", str.lower)


def _ratio(text: str) -> tuple[float, float] | None:
    width, height = (float(side) for side in re.split(r"[:x/]", text))
    return (width, height) if width > 0 and height > 0 else None


def _read_moves(text: str, start: int, kind: str | None = None) -> tuple[Camera, int] | None:
    """`zoom in`, `pan up left rotate cw`: after `kind`, its directions alone."""
    moves: list[CameraMove] = []
    end, given = start, kind
    while (word := _WORD.match(text, end if moves or kind is not None else start)) is not None:
        said = word["word"].lower()
        bare = not re.search(r"[,+&]|and", word["between"])
        if kind is not None and said in _DIRECTIONS[kind] and (bare or not moves):
            moves.append(_DIRECTIONS[kind][said])
        elif given is None and said in _DIRECTIONS:
            after = _WORD.match(text, word.end())
            if after is None or after["word"].lower() not in _DIRECTIONS[said]:
                break
            kind = said
        else:
            break
        end = word.end()
    try:
        return (Camera.of(*moves), _past_comma(text, end)) if moves else None
    except InvalidRequest:
        return None


def _axis(kind: str) -> Read:
    def read(text: str, start: int) -> tuple[Any, int] | None:
        return _scheduled(text, start) or _read_moves(text, start, kind)

    return read


def _read_negative(text: str, start: int) -> tuple[str, int] | None:
    """What is in quotation marks, else all up to the next flag."""
    opened = re.compile(rf"{_BEFORE}[{_QUOTES}](?P<value>[^{_QUOTES}]+)[{_QUOTES}]").match(
        text, start
    )
    if opened is not None and opened["value"].strip():
        return opened["value"].strip(), _past_comma(text, opened.end())
    flags = (flag for flag in _FLAG.finditer(text, start) if _is_known(flag["name"]))
    end = next((flag.start() for flag in flags), len(text))
    value = text[start:end].strip(" \t\n=:,;" + _QUOTES)
    return (value, end) if value else None


def _is_known(name: str) -> bool:
    return name.lower() in FIELDS or name.lower() in ALIASES


def _past_comma(text: str, end: int) -> int:
    found = re.compile(r"[,;.]+(?=\s|$)").match(text, end)
    return end if found is None else found.end()


_READERS: Mapping[str, Read] = {
    "motion": _scheduled,
    "guidance": _number,
    "aspect": _reader(r"\d+(?:\.\d+)?\s*[:x/]\s*\d+(?:\.\d+)?", _ratio),
    "camera": _read_moves,
    "zoom": _axis("zoom"),
    "pan": _axis("pan"),
    "tilt": _axis("tilt"),
    "rotate": _axis("rotate"),
    "seed": _count,
    "steps": _count,
    "seconds": _duration,
    "model": _word,
    "preset": _word,
    "negative": _read_negative,
    "fps": _number,
    "weight": _number,
    "size": _number,
    "hide": lambda _, start: (True, start),
}


def _written(value: object) -> str:
    match value:
        case bool():
            return ""
        case float():
            return written(value)
        case Camera():
            return " ".join(value.moves)
        case tuple():
            return ":".join(written(float(side)) for side in value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case str() if " " in value or _FLAG.search(value) or "," in value:
            return value if set(value) & set(_QUOTES) else f'"{value}"'
        case _:
            return str(value)
