"""Brings `bot/translations/*.po` up to date with what the bot says: new sentences come in empty,
those that are said no more go.

Run as `python -m scripts.translations [--check]`; with `--check` nothing is changed. It ends with 1
where something is missing.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import discord
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from discord import app_commands
from discord.ext import commands

import bot.commands
from bot.guide import content
from bot.languages import FOLDER

LINE_CHARACTERS = 100


def cogs_of_the_bot() -> list[type[commands.Cog]]:
    """Every cog class that a module of `bot.commands` defines, but for parts of other cogs."""
    return [
        item
        for module in pkgutil.iter_modules(bot.commands.__path__, "bot.commands.")
        for item in vars(importlib.import_module(module.name)).values()
        if isinstance(item, type)
        and issubclass(item, commands.Cog)
        and item.__module__ == module.name
        and not item.__subclasses__()
    ]


def command_tree() -> app_commands.CommandTree[discord.Client]:
    """All commands, as the running bot registers them, of cogs that were never initialised."""
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    for kind in cogs_of_the_bot():
        cog = kind.__new__(kind)
        group = cog.app_command
        for command in (group,) if group is not None else cog.get_app_commands():
            tree.add_command(command)
    return tree


def sentences() -> dict[str, list[str]]:
    """Everything that is translated, each with the places where it is said."""
    said: dict[str, list[str]] = {}
    for place, sentence in [*_of_commands(), *_of_help()]:
        said.setdefault(sentence, []).append(place)
    return said


def _of_commands() -> Iterator[tuple[str, str]]:
    tree = command_tree()
    names = {command.qualified_name for command in tree.walk_commands()}
    for command in tree.walk_commands():
        place = f"/{command.qualified_name}".replace(" ", "-")
        yield place, command.description
        if isinstance(command, app_commands.Command):
            for option in command.parameters:
                yield f"{place}:{option.display_name}", option.description
                chosen = [str(choice.name) for choice in option.choices]
                # Names of commands stay, and "16:9" is the same in every language.
                if not names.issuperset(chosen):
                    for choice in chosen:
                        if any(map(str.isalpha, choice)):
                            yield f"{place}:{option.display_name}", choice


def _of_help() -> Iterator[tuple[str, str]]:
    for sentence in content.load().sentences:
        yield "help.toml", sentence


def up_to_date(catalog: Catalog) -> Catalog:
    """The catalogue with exactly the sentences there are, in their order."""
    fresh = Catalog(
        locale=catalog.locale,
        header_comment=catalog.header_comment,
        project="Reelroom",
        version="1",
        msgid_bugs_address="CONTRIBUTING.md",
        creation_date=catalog.creation_date,
        revision_date=catalog.revision_date,
        last_translator="Reelroom",
        language_team="Reelroom",
        charset="utf-8",
        fuzzy=False,
    )
    for sentence, places in sentences().items():
        known = catalog.get(sentence)
        fresh.add(
            sentence,
            known.string if known else "",
            auto_comments=list(dict.fromkeys(places)),
            flags=known.flags - {"python-format"} if known else (),
            user_comments=known.user_comments if known else (),
        )
    return fresh


def bring_up_to_date(file: Path) -> None:
    """Writes the file anew."""
    with file.open("rb") as opened:
        catalog = read_po(opened)
    fresh = up_to_date(catalog)
    with file.open("wb") as opened:
        write_po(opened, fresh, width=LINE_CHARACTERS, omit_header=False)


def missing(file: Path) -> list[str]:
    """The sentences of which there is no translation in this file."""
    with file.open("rb") as opened:
        catalog = read_po(opened, abort_invalid=True)
    found = {str(message.id) for message in catalog if message.string and not message.fuzzy}
    return [sentence for sentence in sentences() if sentence not in found]


def main() -> int:
    """Says for each language what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    only_check = parser.parse_args().check
    incomplete = False
    for file in sorted(FOLDER.glob("*.po")):
        if not only_check:
            bring_up_to_date(file)
        lacking = missing(file)
        incomplete = incomplete or bool(lacking)
        print(f"{file.stem}: {len(lacking)} sentences to translate")
        for sentence in lacking:
            print(f"  {sentence.splitlines()[0]}")
    return int(incomplete)


if __name__ == "__main__":
    raise SystemExit(main())
