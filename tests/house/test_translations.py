"""Every language that the bot speaks is whole, and Discord takes it."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from bot.languages import FOLDER, CommandTranslator, Languages
from bot.playground.exchange import Exchange
from bot.playground.rules.commands import check_command_set
from bot.playground.rules.localizations import LOCALES
from scripts.translations import command_tree, missing, sentences
from tests.bot.playground.openapi_contract import contract_available, validate_exchange

FILES = sorted(FOLDER.glob("*.po"))
HELP_TEXTS = {sentence for sentence in sentences() if "`" in sentence}


def messages(file: Path) -> list[Message]:
    with file.open("rb") as opened:
        return [message for message in read_po(opened, abort_invalid=True) if message.id]


def placeholders(text: object) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(str(text)) if name is not None}


async def payload() -> list[dict[str, Any]]:
    """What the bot sends Discord when it registers its commands."""
    tree, translator = command_tree(), CommandTranslator(Languages.load())
    return [
        await command.get_translated_payload(tree, translator) for command in tree.get_commands()
    ]


def described(node: dict[str, Any]) -> list[dict[str, Any]]:
    """A command and all that stands in it, as far as it has a description."""
    inside = [one for child in node.get("options", []) for one in described(child)]
    return [node, *inside]


def test_german_is_spoken() -> None:
    assert "de" in [file.stem for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_sentence_is_translated_and_none_is_left_over(file: Path) -> None:
    """`python -m scripts.translations` brings the file up to date."""
    assert file.stem in LOCALES
    assert missing(file) == []
    left_over = {str(message.id) for message in messages(file)} - set(sentences())
    assert not left_over


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_translation_keeps_what_is_filled_in_and_what_is_typed(file: Path) -> None:
    for message in messages(file):
        said, meant = str(message.string), str(message.id)
        if meant in HELP_TEXTS:
            assert set(meant.split("`")[1::2]) == set(said.split("`")[1::2]), meant
        else:
            assert placeholders(said) == placeholders(meant), meant
        assert not message.fuzzy, meant


async def test_discord_takes_the_commands_in_all_languages() -> None:
    """Lengths, names, and 8000 characters a command, of which the longest language counts:
    https://discord.com/developers/docs/interactions/application-commands#slash-commands"""
    check_command_set(await payload())


async def test_every_description_is_sent_in_german() -> None:
    same = {str(message.id) for file in FILES for message in messages(file)
            if message.id == message.string}  # fmt: skip
    for command in await payload():
        for node in described(command):
            assert "de" in node.get("description_localizations", {}) or (
                node["description"] in same
            ), node["name"]
            assert not node.get("name_localizations"), "names are the same everywhere"


async def test_what_is_sent_is_what_discord_describes() -> None:
    if not contract_available():
        pytest.skip("Discord's OpenAPI description is not on this machine (set DISCORD_OPENAPI)")
    validate_exchange(
        Exchange(
            method="PUT",
            path_template="/applications/{application_id}/commands",
            path="/api/v10/applications/1/commands",
            query={},
            request_json=await payload(),
            file_names=(),
            status=200,
            response_json=None,
            injected=True,
        )
    )
