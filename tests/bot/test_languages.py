"""Sentences in other languages, and what is said where there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import discord
import pytest
from babel.messages.pofile import PoFileError
from discord import app_commands

from bot.languages import CommandTranslator, Languages

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "Credits"
msgstr "Guthaben"

msgid "Seed"
msgstr "Seed"

msgid "Nobody translated this"
msgstr ""

#, fuzzy
msgid "Somebody guessed this"
msgstr "Geraten"
"""


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    (tmp_path / "de.po").write_text(CATALOGUE, encoding="utf-8")
    return Languages.load(tmp_path)


def test_a_sentence_is_said_in_the_language_that_has_it(languages: Languages) -> None:
    assert languages.locales == ("de",)
    assert languages.say("Credits", "de") == "Guthaben"
    assert languages.say("Credits", "fr") == "Credits"


def test_what_is_missing_or_guessed_stays_english(languages: Languages) -> None:
    for sentence in ("Nobody translated this", "Somebody guessed this", "Nobody said this"):
        assert languages.say(sentence, "de") == sentence


def test_a_broken_catalogue_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "de.po").write_text('msgid "a"\nnonsense\n', encoding="utf-8")
    with pytest.raises(PoFileError):
        Languages.load(tmp_path)


async def test_discord_is_told_only_what_differs_and_no_names(languages: Languages) -> None:
    @app_commands.command(name="credits", description="Credits")
    @app_commands.describe(seed="Seed", credits="Credits")
    async def command(
        interaction: discord.Interaction[Any],
        seed: str,
        credits: str,  # noqa: A002  it is told apart from the command by its place alone
    ) -> None: ...

    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    tree.add_command(cast(Any, command))
    sent = await command.get_translated_payload(tree, CommandTranslator(languages))
    assert sent["name_localizations"] == {}
    assert sent["description_localizations"] == {"de": "Guthaben"}
    seed, given = sent["options"]
    assert "description_localizations" not in seed
    assert given["description_localizations"] == {"de": "Guthaben"}
    assert "name_localizations" not in given
