"""/help teaches what there is: every command has its topic, and every example can be run."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from discord import AppCommandOptionType, app_commands

from bot.guide import content
from bot.guide.content import NEWEST_CLIP, NEWEST_PICTURE, Example, Phrases, Topic
from bot.guide.pages import PRICED, HelpPages
from bot.languages import Languages
from bot.playground.command_line import parse_command_line
from bot.playground.member_side.options import check_options
from bot.prompt_flags import parse
from bot.views.help_buttons import HelpPage
from generation.pocket.vocabulary import unknown_words
from scripts.translations import command_tree

CONTENT = content.load()
TREE = command_tree()
COMMANDS = {
    command.qualified_name: command
    for command in TREE.walk_commands()
    if isinstance(command, app_commands.Command)
}
LANGUAGES = Languages.load()
LOCALES = ("en-US", *LANGUAGES.locales)
PAGES = HelpPages(content=CONTENT, languages=LANGUAGES, tree=TREE)
EXAMPLES = pytest.mark.parametrize("example", CONTENT.examples, ids=lambda example: example.id)


def registered() -> list[dict[str, Any]]:
    """The commands as a client knows them, with ids."""
    return [command.to_dict(TREE) | {"id": "1", "type": 1} for command in TREE.get_commands()]


def line_of(example: Example) -> str:
    """What somebody would type to do what the example's button does."""
    newest = {NEWEST_CLIP: "0123456789abc", NEWEST_PICTURE: "0123456789abc"}
    values = {name: newest.get(str(value), value) for name, value in example.options.items()}
    return " ".join((f"/{example.command}", *(f"{name}:{value}" for name, value in values.items())))


def innermost(options: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The typed options themselves, below subcommands."""
    while options and "options" in options[0]:
        options = options[0]["options"]
    return options


def no_files(kind: int, value: object, name: str) -> str:
    raise AssertionError(f"{name} cannot come from a button")


def test_every_command_stands_under_one_topic() -> None:
    listed = [name for topic in CONTENT.topics for name in topic.commands]
    assert sorted(listed) == sorted(COMMANDS)


def test_examples_and_topics_have_ids_of_their_own() -> None:
    ids = [example.id for example in CONTENT.examples]
    assert len(ids) == len(set(ids))
    names = [topic.id for topic in CONTENT.topics]
    assert len(names) == len(set(names))
    assert not set(names) & set(COMMANDS)


@pytest.mark.parametrize("topic", CONTENT.topics, ids=lambda topic: topic.id)
def test_a_topic_has_two_or_three_examples(topic: Topic) -> None:
    assert 2 <= len(topic.examples) <= 3


@EXAMPLES
def test_an_example_can_be_typed_as_it_is_run(example: Example) -> None:
    """It is parsed and checked as Discord's client and API would."""
    parsed = parse_command_line(line_of(example), registered())
    definition = next(one for one in registered() if one["name"] == parsed.data["name"])
    options = innermost(check_options(definition, parsed.data, no_files))
    newest = (NEWEST_CLIP, NEWEST_PICTURE)
    assert {one["name"]: one["value"] for one in options if one["name"] in example.options} == {
        name: "0123456789abc" if value in newest else value
        for name, value in example.options.items()
    }


@EXAMPLES
def test_an_example_needs_nothing_that_a_button_cannot_give(example: Example) -> None:
    command = COMMANDS[example.command]
    assert not command.checks, "an example's button asks the cog alone who may"
    plain = (
        AppCommandOptionType.string,
        AppCommandOptionType.integer,
        AppCommandOptionType.number,
        AppCommandOptionType.boolean,
    )
    kinds = {option.display_name: option.type for option in command.parameters}
    assert all(kinds[name] in plain for name in example.options)


@EXAMPLES
def test_the_pocket_model_knows_the_words_of_an_example(example: Example) -> None:
    """It ships with the project, so it is what most people try the examples with."""
    if example.command in PRICED:
        said = str(example.options.get("prompt") or example.options.get("story") or "")
        prompt = parse(said)
        if not prompt.unknown:  # it shows what becomes of a misspelt flag
            assert unknown_words(prompt.words) == (), said


def all_pages() -> list[tuple[str, str]]:
    asked = ["", *(topic.id for topic in CONTENT.topics)]
    asked += [command.qualified_name for command in TREE.walk_commands()]
    return [(one, locale) for one in asked for locale in LOCALES]


@pytest.mark.parametrize(("asked", "locale"), all_pages())
def test_a_page_fits_into_a_message(asked: str, locale: str) -> None:
    page: HelpPage = PAGES.page(asked, locale)
    assert page.embed.description
    assert not page.embed.description.endswith("…"), "cut short"
    assert len(page.embed) <= 6000
    for row in page.view.to_components():
        assert len(row["components"]) <= 5
        for component in row["components"]:
            assert len(component.get("label") or "") <= 80
            assert len(component["custom_id"]) <= 100
            assert len(component.get("placeholder") or "") <= 150


def test_the_overview_fits_a_screen() -> None:
    for locale in LOCALES:
        text = PAGES.page(None, locale).embed.description or ""
        assert text.count("\n") <= 20
        assert len(text) <= 1500


def test_a_menu_s_lines_are_whole() -> None:
    for locale in LOCALES:
        for topic in CONTENT.topics:
            assert len(LANGUAGES.say(topic.title, locale)) <= 80
            assert len(LANGUAGES.say(topic.summary, locale)) <= 100


def test_no_phrase_is_empty() -> None:
    assert all(getattr(CONTENT.phrases, one.name) for one in fields(Phrases))
