"""What the bot says in other languages than English: gettext's catalogues, read once at the start.

English sentences are the keys (`msgid`), as gettext has it; `translations/<locale>.po` is named as
Discord names the locale. What to translate is found by `python -m scripts.translations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import discord
from babel.messages.pofile import read_po
from discord import app_commands

FOLDER = Path(__file__).with_name("translations")
ENGLISH = "en-US"

_NAMES = (
    app_commands.TranslationContextLocation.command_name,
    app_commands.TranslationContextLocation.group_name,
    app_commands.TranslationContextLocation.parameter_name,
)


class Languages:
    """Translations by locale, each from an English sentence to one of that language."""

    def __init__(self, translations: Mapping[str, Mapping[str, str]]) -> None:
        self._translations = translations

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Languages:
        """Raises PoFileError for a file that gettext would not read."""
        return cls({file.stem: _translations_in(file) for file in sorted(folder.glob("*.po"))})

    @property
    def locales(self) -> tuple[str, ...]:
        """Those there are translations into."""
        return tuple(self._translations)

    def translation(self, sentence: str, locale: str) -> str | None:
        """None where there is none, or where both languages say the same."""
        said = self._translations.get(locale, {}).get(sentence)
        return None if said == sentence else said

    def say(self, sentence: str, locale: str) -> str:
        """The sentence in this language, else in English."""
        return self.translation(sentence, locale) or sentence

    def of(self, interaction: discord.Interaction[Any]) -> str:
        """The language to answer in: the server's, where there are translations into it, else the
        member's, else English.

        A server that never chose a language has Discord's default, which is English.
        """
        asked = (interaction.guild_locale, interaction.locale)
        known = (locale.value for locale in asked if locale is not None)
        return next((locale for locale in known if locale in self._translations), ENGLISH)


class CommandTranslator(app_commands.Translator):
    """Tells Discord what commands, options and choices are called and described in each language.

    Names of commands and options are the same everywhere: they are typed, stand in the docs and in
    what members show each other.
    """

    def __init__(self, languages: Languages) -> None:
        self._languages = languages

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        if context.location in _NAMES:
            return None
        return self._languages.translation(string.message, locale.value)


def _translations_in(file: Path) -> dict[str, str]:
    """Without what is empty or fuzzy (gettext's word for: not yet looked at again)."""
    with file.open("rb") as opened:
        catalog = read_po(opened, abort_invalid=True)
    return {
        message.id: message.string
        for message in catalog
        if isinstance(message.id, str)
        and isinstance(message.string, str)
        and message.id
        and message.string
        and not message.fuzzy
    }
