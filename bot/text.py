"""Members' words and plain numbers, made safe and readable for a message."""

from __future__ import annotations

import discord


def quoted(text: str, most_characters: int) -> str:
    """A member's text as one quotation: no markup, no mentions, one line, shortened."""
    line = " ".join(text.split())
    if len(line) > most_characters:
        line = line[: most_characters - 1].rstrip() + "…"
    return "> " + discord.utils.escape_mentions(discord.utils.escape_markdown(line))


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
