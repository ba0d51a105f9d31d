"""What /help says, read from `help.toml`: topics, each with examples, and the pages' own words."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter

FILE = Path(__file__).with_name("help.toml")

NEWEST_CLIP = "{newest clip}"
NEWEST_PICTURE = "{newest picture}"
"""As an option's value: the job id of what the member made last."""

Value = str | int | float | bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A command line that a button runs; `id` is part of the button's custom id, so it stays.

    `command` is a full name ("quota boosts"); `says` is what to look at.
    """

    id: str
    label: str
    command: str
    options: dict[str, Value]
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """One page: `commands` are full names, in the order in which they are listed."""

    id: str
    emoji: str
    title: str
    summary: str
    text: Annotated[str, StringConstraints(strip_whitespace=True)]
    commands: tuple[str, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrases:
    """The pages' own words; those in braces are filled in."""

    title: str
    intro: str
    more: str
    choose: str
    commands: str
    try_it: str
    price_first: str
    options: str
    required: str
    at_least: str
    at_most: str
    between: str
    one_of: str
    no_options: str
    subcommands: str
    moderators_only: str
    newest_clip: str
    newest_picture: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """All of /help, in English."""

    phrases: Phrases
    topics: tuple[Topic, ...]

    @property
    def examples(self) -> tuple[Example, ...]:
        return tuple(example for topic in self.topics for example in topic.examples)

    def topic(self, topic_id: str) -> Topic | None:
        return next((topic for topic in self.topics if topic.id == topic_id), None)

    def example(self, example_id: str) -> Example | None:
        return next((example for example in self.examples if example.id == example_id), None)

    @property
    def sentences(self) -> tuple[str, ...]:
        """All that is to be translated; prompts and names of commands are not."""
        said = [getattr(self.phrases, one.name) for one in fields(Phrases)]
        for topic in self.topics:
            said += [topic.title, topic.summary, topic.text]
            said += [text for one in topic.examples for text in (one.label, one.says)]
        return tuple(dict.fromkeys(said))


def load(file: Path = FILE) -> Content:
    """Raises ValidationError for a file of another form."""
    return TypeAdapter(Content).validate_python(tomllib.loads(file.read_text(encoding="utf-8")))
