"""Texts of commands in several languages: which there may be, and which one a member reads.

Source: https://discord.com/developers/docs/interactions/application-commands#localization and
https://discord.com/developers/docs/reference#locales
"""

from collections.abc import Callable
from typing import Any, cast

from bot.playground.errors import FormErrors, Path
from bot.playground.json_types import JsonObject
from bot.playground.rules.fields import check_text

DEFAULT_LOCALE = "en-US"
LOCALES = {
    "ar": "العربية",
    "bg": "български",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "en-GB": "English, UK",
    "en-US": "English, US",
    "es-419": "Español, LATAM",
    "es-ES": "Español",
    "fi": "Suomi",
    "fr": "Français",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "Lietuviškai",
    "nl": "Nederlands",
    "no": "Norsk",
    "pl": "Polski",
    "pt-BR": "Português do Brasil",
    "ro": "Română",
    "ru": "Pусский",
    "sv-SE": "Svenska",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "Українська",
    "vi": "Tiếng Việt",
    "zh-CN": "中文",
    "zh-TW": "繁體中文",
}
"""Each with what its speakers call it."""

_FALLBACKS = {"en-US": "en-GB", "en-GB": "en-US", "es-419": "es-ES"}


def check_localizations(
    errors: FormErrors,
    path: Path,
    node: JsonObject,
    key: str,
    *,
    at_most: int,
    may_be: Callable[[str], bool] = lambda text: True,
) -> None:
    """Note what is wrong with the translations of `node[key]`; absent and null are fine."""
    where = (*path, f"{key}_localizations")
    raw: Any = node.get(f"{key}_localizations")
    if raw is None:
        return
    if not isinstance(raw, dict):
        errors.add(where, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    translations = cast(JsonObject, raw)
    for locale, text in translations.items():
        if locale not in LOCALES:
            listed = ", ".join(LOCALES)
            errors.add((*where, locale), "BASE_TYPE_CHOICES", f"Value must be one of {{{listed}}}.")
            continue
        if text is None:
            continue
        check_text(errors, where, translations, locale, at_least=1, at_most=at_most, required=True)
        if isinstance(text, str) and text and not may_be(text):
            errors.add(
                (*where, locale), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
            )


def counted_characters(node: JsonObject, key: str) -> int:
    """What a text counts towards a command's size: the longest of it and its translations."""
    texts = [node.get(key), *_translations(node, key).values()]
    return max((len(text) for text in texts if isinstance(text, str)), default=0)


def in_language_of(node: JsonObject, locale: str) -> JsonObject:
    """A command as it is listed for somebody: `name_localized` and `description_localized` where
    there are translations into their language, and none of the others."""
    told = {key: value for key, value in node.items() if not key.endswith("_localizations")}
    for key in ("name", "description"):
        translations = _translations(node, key)
        text = translations.get(locale) or translations.get(_FALLBACKS.get(locale, ""))
        if text:
            told[f"{key}_localized"] = text
    for key in ("options", "choices"):
        if key in told:
            told[key] = [in_language_of(child, locale) for child in told[key]]
    return told


def _translations(node: JsonObject, key: str) -> JsonObject:
    found: Any = node.get(f"{key}_localizations")
    return cast(JsonObject, found) if isinstance(found, dict) else {}
