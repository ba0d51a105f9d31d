"""Members' words and plain numbers, made safe and readable for a message."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

import discord

ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Controls of direction, which would turn the card's own words around. Right-to-left letters need
none of them."""


def cleaned(text: str) -> tuple[str, tuple[str, ...]]:
    """A member's text without what no database and no screen takes, and what to say about it.

    HTML's entities become their characters. Emoji, all scripts and line breaks stay.
    """
    text = ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(
        " " if unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t" else one
        for one in TURNING.sub("", text)
    )
    if kept == text:
        return text, ()
    return kept, ("control characters are left out of the words",)


def quoted(text: str, most_characters: int) -> str:
    """A member's text as one quotation: no markup, no mentions, one line, shortened."""
    line = " ".join(text.split())
    if len(line) > most_characters:
        line = line[: most_characters - 1].rstrip() + "…"
    return "> " + discord.utils.escape_mentions(discord.utils.escape_markdown(line))


def mention(user_id: int) -> str:
    """A member by name, as Discord shows it; who had their data erased has none any more."""
    return "a former member" if user_id < 0 else f"<@{user_id}>"


def as_code(text: str, most_characters: int) -> str:
    """A line as it would be typed, in Discord's code style, which shows all as it is; shortened."""
    line = " ".join(text.split()).replace("`", "'")
    if len(line) > most_characters:
        line = line[: most_characters - 1].rstrip() + "…"
    return f"`{line}`" if line else ""


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min`: as exact as somebody who waits needs."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def credit_count(amount: int) -> str:
    """`1 credit`, `2 credits`."""
    return f"{amount} credit{'' if amount == 1 else 's'}"


def message_link(guild_id: int, channel_id: int, message_id: int) -> str:
    """What Discord's "Copy Message Link" gives."""
    return f"https://discord.com/channels/{guild_id}/{channel_id}/{message_id}"


MESSAGE_MAX_CHARACTERS = 2000  # Discord's limit


def with_notes(text: str, notes: Sequence[str]) -> str:
    """The text and a line for each note, as many as fit into a message."""
    lines = [f"-# {note[:1].upper()}{note[1:]}." for note in notes]
    while len("\n".join((text, *lines))) > MESSAGE_MAX_CHARACTERS and len(lines) > 1:
        lines[-2:] = ["-# …"]
    return "\n".join((text, *lines))
