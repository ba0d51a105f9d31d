"""Sentences in other languages, and what is said where there are none."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest
from babel.messages.pofile import PoFileError
from discord import app_commands
from discord.app_commands import TranslationContext, TranslationContextLocation

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
    translator = CommandTranslator(languages)
    choice = TranslationContext(
        TranslationContextLocation.choice_name, app_commands.Choice(name="Credits", value="c")
    )
    said = app_commands.locale_str
    german = discord.Locale.german
    assert await translator.translate(said("Credits"), german, choice) == "Guthaben"
    assert await translator.translate(said("Seed"), german, choice) is None
    assert await translator.translate(said("Credits"), discord.Locale.french, choice) is None

    @app_commands.command(name="credits", description="Credits")
    async def command(interaction: discord.Interaction) -> None: ...

    name = TranslationContext(TranslationContextLocation.command_name, command)
    assert await translator.translate(said("Credits"), german, name) is None
