"""What a theme's messages say. Nothing here names an author before the vote is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import discord

from bot.text import credit_count, mention
from bot.views.theme_buttons import ThemeAction, theme_view
from storage.theme_errors import ThemePhase
from storage.themes.entries import Entry
from storage.themes.phases import Theme
from storage.themes.posts import PostKind

SHOWN_PLACES = 20
LABELS: Mapping[PostKind, str] = {
    "announcement": "announcement",
    "guide": "how it goes",
    "voting": "the vote",
    "entry": "entry",
    "result": "result",
}
COLOURS: Mapping[ThemePhase, discord.Colour] = {
    "entering": discord.Colour.green(),
    "voting": discord.Colour.blurple(),
    "decided": discord.Colour.gold(),
    "cancelled": discord.Colour.dark_grey(),
}
HOW = (
    "One entry a member: press **Enter my clip**, or type `/theme enter`. While entries are open, "
    "another clip replaces it, and `/theme withdraw` takes it back. Who enters a clip agrees that "
    "it is shown here; whose it is, nobody is told before the vote is over."
)
VOTING = (
    "The entries are below, in an order drawn by lot. Press **Vote** under all that you would like "
    "to see win: as many as you like, but not your own. Press again to take a vote back. The "
    "counts are told when it is over."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """A theme as it stands, for its messages."""

    theme: Theme
    entries: tuple[Entry, ...] = ()
    """Numbered, once there are numbers."""
    links: Mapping[int, int] = field(default_factory=dict[int, int])
    """The messages of entries by their numbers."""

    def place(self, entry: Entry) -> str:
        """`Entry 3`, leading to its message."""
        message_id = self.links.get(entry.number or 0)
        if message_id is None:
            return f"Entry {entry.number}"
        guild_id, thread_id = self.theme.guild_id, self.theme.thread_id
        url = f"https://discord.com/channels/{guild_id}/{thread_id}/{message_id}"
        return f"[Entry {entry.number}]({url})"


def marker(theme_id: str, kind: PostKind, number: int = 0) -> str:
    """The end of a message's footer: by it a message is found again that nobody lived to remember.
    It leads to no author."""
    what = f"{LABELS[kind]} {number}" if number else LABELS[kind]
    return f"{what} · theme {theme_id}"


def nonce(theme_id: str, kind: PostKind, number: int = 0) -> str:
    """The same for each try; at most 25 characters."""
    return f"th{kind[:2]}{number}-{theme_id}"[:25]


def announcement(scene: Scene) -> tuple[discord.Embed, discord.ui.View]:
    """The message in the channel, which tells how far the theme is."""
    theme = scene.theme
    embed = _embed(theme, "announcement", title=f"Theme: {_plain(theme.title)}")
    embed.description = f"{theme.rules}\n\n{standing(scene)}"
    if theme.phase == "entering":
        return embed, _members_view(theme)
    return embed, discord.ui.View(timeout=None)


def guide(theme: Theme) -> tuple[discord.Embed, discord.ui.View]:
    """The first message in the thread."""
    embed = _embed(theme, "guide", title=_plain(theme.title))
    lines = [theme.rules, "", HOW, "", standing(Scene(theme=theme))]
    embed.description = "\n".join(lines)
    return embed, _members_view(theme)


def voting(theme: Theme, count: int) -> discord.Embed:
    """The beginning of the vote."""
    entries = "1 entry" if count == 1 else f"{count} entries"
    embed = _embed(theme, "voting", title=f"The vote is open: {entries}")
    embed.description = f"{VOTING}\n\n{standing(Scene(theme=theme))}"
    return embed


def entry_message(
    theme: Theme, entry: Entry, *, generated: bool
) -> tuple[discord.Embed, discord.ui.View]:
    """An entry: nameless with its button while people vote, named and without it afterwards."""
    number = entry.number or 0
    embed = _embed(theme, "entry", number=number, title=f"Entry {number}")
    if generated:
        embed.set_footer(text=f"AI-generated · {embed.footer.text}")
    if theme.phase == "voting":
        return embed, theme_view((ThemeAction.VOTE, theme.id, str(number)))
    if theme.phase == "decided":
        embed.description = f"by {mention(entry.user_id)}, {_votes(entry.votes or 0)}"
        if entry.won:
            embed.title = f"🏆 Entry {number}"
    return embed, discord.ui.View(timeout=None)


def result(scene: Scene) -> discord.Embed:
    """How it ended, with every author named."""
    theme = scene.theme
    title = "🏆 The theme is decided" if theme.phase == "decided" else "The theme was cancelled"
    embed = _embed(theme, "result", title=title)
    embed.description = standing(scene)
    if theme.phase == "decided" and scene.entries:
        ranked = sorted(scene.entries, key=lambda one: (-(one.votes or 0), one.number or 0))
        lines = [
            f"{'🏆 ' if one.won else ''}{scene.place(one)} by {mention(one.user_id)}: "
            f"{_votes(one.votes or 0)}"
            for one in ranked[:SHOWN_PLACES]
        ]
        if len(ranked) > SHOWN_PLACES:
            lines.append(f"and {len(ranked) - SHOWN_PLACES} more, each named above")
        embed.description += "\n\n" + "\n".join(lines)
    return embed


def standing(scene: Scene) -> str:
    """What can be done now, and until when; or how it ended."""
    theme = scene.theme
    match theme.phase:
        case "entering":
            lines = [f"**Open for entries** until {_when(theme)}; then members vote."]
            if theme.pot_credits:
                lines.append(
                    f"Its pot of {credit_count(theme.pot_credits)} pays for clips that are ordered "
                    "in its thread by then, while it lasts."
                )
            return "\n".join(lines)
        case "voting":
            return f"**Being voted on** until {_when(theme)}."
        case "cancelled":
            return "**Cancelled**, without a winner."
        case "decided":
            return _decided(scene.entries)


def _decided(entries: Sequence[Entry]) -> str:
    winners = [entry for entry in entries if entry.won]
    if not entries:
        return "**Over:** nobody entered, so there is no winner."
    if not winners:
        return "**Over:** nobody voted, so there is no winner."
    names = " and ".join(mention(entry.user_id) for entry in winners)
    votes = _votes(winners[0].votes or 0)
    if len(winners) == 1:
        return f"**Decided:** {names} has won with {votes}."
    return f"**Decided:** {names} share the win, with {votes} each."


def _members_view(theme: Theme) -> discord.ui.View:
    return theme_view((ThemeAction.ENTER, theme.id, ""), (ThemeAction.MINE, theme.id, ""))


def _embed(theme: Theme, kind: PostKind, *, title: str, number: int = 0) -> discord.Embed:
    embed = discord.Embed(title=title[:256], colour=COLOURS[theme.phase])
    embed.set_footer(text=marker(theme.id, kind, number))
    return embed


def _when(theme: Theme) -> str:
    """In the reader's own time zone, and how far away."""
    if theme.phase_ends is None:
        return "it is closed"
    format_dt = discord.utils.format_dt
    return f"{format_dt(theme.phase_ends, 'f')} ({format_dt(theme.phase_ends, 'R')})"


def _votes(count: int) -> str:
    return f"{count} vote{'' if count == 1 else 's'}"


def _plain(title: str) -> str:
    return discord.utils.escape_markdown(title)
