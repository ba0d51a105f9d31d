"""The pages of /help in the language of whoever reads them: overview, topic, command."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import discord
from discord import AppCommandOptionType, app_commands
from discord.app_commands import Choice

from bot.errors import UnknownHelpTopic
from bot.guide.content import (
    NEWEST_CLIP,
    NEWEST_PICTURE,
    Content,
    Example,
    Topic,
    Value,
)
from bot.languages import Languages
from bot.views.help_buttons import HelpPage, TopicEntry, help_view
from generation.request import Command as Making

AnyCommand = app_commands.Command[Any, ..., Any]
AnyGroup = app_commands.Group
Tree = app_commands.CommandTree[Any]

PAGE_CHARACTERS = 4096  # Discord's limit for an embed's description
SUGGESTIONS = 25
CHOICE_CHARACTERS = 100
DESCRIBED_COMMANDS = 9  # more of them are listed by their names alone
EXAMPLES_A_PAGE = 3
SHOWN_CHOICES = 12
LARGEST_WHOLE = 2**53 - 1  # Discord's; as a bound it says nothing
PRICED = frozenset({*Making, "price", "compare"})


class HelpPages:
    """Pages are drawn anew at each call, from the content and the commands of the tree."""

    def __init__(self, *, content: Content, languages: Languages, tree: Tree) -> None:
        self._content = content
        self._languages = languages
        self._tree = tree

    def page(self, asked: str | None, locale: str) -> HelpPage:
        """The topic or command that was asked for, else the overview. Raises UnknownHelpTopic."""
        if asked is None or not asked.strip(" /"):
            return self._overview(locale)
        wanted = _folded(asked)
        for topic in self._content.topics:
            titles = (topic.id, topic.title, self._say(topic.title, locale))
            if wanted in map(_folded, titles):
                return self._topic(topic, locale)
        commands = self._commands()
        for name, command in commands.items():
            if wanted == _folded(name):
                return self._command(command, locale)
        names = [*commands, *(topic.id for topic in self._content.topics)]
        raise UnknownHelpTopic(asked, close=tuple(difflib.get_close_matches(wanted, names, n=3)))

    def suggestions(self, typed: str, locale: str) -> list[Choice[str]]:
        """Topics, then commands, that have what was typed in their names or descriptions."""
        wanted = typed.casefold().strip(" /")
        offered = [
            (f"{topic.emoji} {self._say(topic.title, locale)}", topic.id)
            for topic in self._content.topics
        ]
        offered += [
            (f"/{name} · {self._say(command.description, locale)}", name)
            for name, command in self._commands().items()
        ]
        found = [(words, value) for words, value in offered if wanted in words.casefold()]
        found.sort(key=lambda one: not _folded(one[1]).startswith(wanted))
        return [
            Choice(name=words[:CHOICE_CHARACTERS], value=value)
            for words, value in (found if wanted else offered)[:SUGGESTIONS]
        ]

    def command(self, name: str) -> AnyCommand:
        """The command of an example. Raises KeyError."""
        found = self._commands()[name]
        assert isinstance(found, app_commands.Command)
        return found

    def _overview(self, locale: str) -> HelpPage:
        phrases = self._content.phrases
        lines = [self._say(phrases.intro, locale), ""]
        for topic in self._content.topics:
            title, summary = self._say(topic.title, locale), self._say(topic.summary, locale)
            lines.append(f"{topic.emoji} **{title}**: {summary}")
        embed = discord.Embed(title=self._say(phrases.title, locale), description="\n".join(lines))
        embed.set_footer(text=self._say(phrases.more, locale))
        examples = [topic.examples[0] for topic in self._content.topics if topic.examples]
        priced = [one for one in examples if one.command in PRICED and not _needs_newest(one)]
        return self._with_buttons(embed, priced[:EXAMPLES_A_PAGE], locale)

    def _topic(self, topic: Topic, locale: str) -> HelpPage:
        phrases = self._content.phrases
        commands = self._commands()
        named = [commands[name] for name in topic.commands if name in commands]
        parts = [
            self._say(topic.text, locale),
            f"**{self._say(phrases.commands, locale)}**\n{self._listed(named, locale)}",
            *self._tried(topic.examples, locale),
        ]
        title = f"{topic.emoji} {self._say(topic.title, locale)}"
        embed = discord.Embed(title=title, description=_joined(parts))
        return self._with_buttons(embed, topic.examples, locale)

    def _command(self, command: AnyCommand | AnyGroup, locale: str) -> HelpPage:
        phrases = self._content.phrases
        name = command.qualified_name
        parts = [self._say(command.description, locale)]
        root = command.root_parent or command
        if root.default_permissions is not None:
            parts[0] += f"\n-# {self._say(phrases.moderators_only, locale)}"
        if isinstance(command, app_commands.Group):
            inside = [one for one in command.walk_commands() if not isinstance(one, AnyGroup)]
            parts.append(f"{self._say(phrases.subcommands, locale)}\n{self._lines(inside, locale)}")
        elif command.parameters:
            options = "\n".join(self._option(one, locale) for one in command.parameters)
            parts.append(f"**{self._say(phrases.options, locale)}**\n{options}")
        else:
            parts.append(self._say(phrases.no_options, locale))
        examples = [one for one in self._content.examples if one.command == name][:EXAMPLES_A_PAGE]
        parts += self._tried(examples, locale)
        embed = discord.Embed(title=f"/{name}", description=_joined(parts))
        return self._with_buttons(embed, examples, locale)

    def _listed(self, commands: list[AnyCommand | AnyGroup], locale: str) -> str:
        if len(commands) <= DESCRIBED_COMMANDS:
            return self._lines(commands, locale)
        return " · ".join(f"`/{command.qualified_name}`" for command in commands)

    def _lines(self, commands: Iterable[AnyCommand | AnyGroup], locale: str) -> str:
        return "\n".join(
            f"`/{command.qualified_name}` {self._say(command.description, locale)}"
            for command in commands
        )

    def _tried(self, examples: Iterable[Example], locale: str) -> list[str]:
        lines = [
            f"`{self._line(example, locale)}`\n-# {self._say(example.says, locale)}"
            for example in examples
        ]
        title = self._say(self._content.phrases.try_it, locale)
        return [f"**{title}**\n" + "\n".join(lines)] if lines else []

    def _line(self, example: Example, locale: str) -> str:
        """The example as one would type it."""
        options = (
            f"{name}:{self._value(value, locale)}" for name, value in example.options.items()
        )
        return " ".join((f"/{example.command}", *options))

    def _value(self, value: Value, locale: str) -> str:
        phrases = self._content.phrases
        newest = {NEWEST_CLIP: phrases.newest_clip, NEWEST_PICTURE: phrases.newest_picture}
        if value in newest:
            return f"‹{self._say(newest[str(value)], locale)}›"
        return str(value)

    def _option(self, option: app_commands.Parameter, locale: str) -> str:
        needed = f" **{self._say(self._content.phrases.required, locale)}**"
        limits = self._limits(option, locale)
        return (
            f"`{option.display_name}`{needed if option.required else ''} "
            f"{self._say(option.description, locale)}{f' ({limits})' if limits else ''}"
        )

    def _limits(self, option: app_commands.Parameter, locale: str) -> str:
        phrases = self._content.phrases
        if option.choices:
            names = [self._say(choice.name, locale) for choice in option.choices]
            shown = ", ".join(names[:SHOWN_CHOICES]) + (", …" if len(names) > SHOWN_CHOICES else "")
            return self._say(phrases.one_of, locale).format(names=shown)
        if option.type not in (AppCommandOptionType.integer, AppCommandOptionType.number):
            return ""
        least, most = option.min_value, option.max_value
        if most is not None and most >= LARGEST_WHOLE:
            most = None
        if least is None and most is None:
            return ""
        phrase = (
            phrases.at_most
            if least is None
            else phrases.at_least
            if most is None
            else phrases.between
        )
        return self._say(phrase, locale).format(least=_plain(least), most=_plain(most))

    def _with_buttons(
        self, embed: discord.Embed, examples: Iterable[Example], locale: str
    ) -> HelpPage:
        examples = tuple(examples)
        if any(example.command in PRICED for example in examples) and not embed.footer.text:
            embed.set_footer(text=self._say(self._content.phrases.price_first, locale))
        entries = [
            TopicEntry(
                id=topic.id,
                emoji=topic.emoji,
                title=self._say(topic.title, locale),
                summary=self._say(topic.summary, locale),
            )
            for topic in self._content.topics
        ]
        view = help_view(
            entries,
            placeholder=self._say(self._content.phrases.choose, locale),
            examples=[(one.id, self._say(one.label, locale)) for one in examples],
        )
        return HelpPage(embed=embed, view=view)

    def _commands(self) -> dict[str, AnyCommand | AnyGroup]:
        return {command.qualified_name: command for command in self._tree.walk_commands()}

    def _say(self, sentence: str, locale: str) -> str:
        return self._languages.say(sentence, locale)


def _needs_newest(example: Example) -> bool:
    return not {NEWEST_CLIP, NEWEST_PICTURE}.isdisjoint(map(str, example.options.values()))


def _folded(text: str) -> str:
    """`/Imagine Video` and `imagine-video` are one."""
    return "-".join(text.casefold().strip(" /").replace("-", " ").split())


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:g}" if isinstance(number, float) else str(number)


def _joined(parts: Iterable[str]) -> str:
    text = "\n\n".join(parts)
    return text if len(text) <= PAGE_CHARACTERS else text[: PAGE_CHARACTERS - 1] + "…"
