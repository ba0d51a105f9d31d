"""Every slash command explains itself, in Discord and in the README."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
from discord import app_commands
from discord.ext import commands as cogs

import bot.commands
from tests.house.sources import ROOT

AppCommand = app_commands.Command[Any, ..., Any]

PROMISED = {
    "imagine-video",
    "animate",
    "loop",
    "narrate",
    "extend",
    "upscale",
    "smooth",
    "show",
    "restyle",
    "keyframes",
    "storyboard-image",
    "jobs",
    "credits",
    "models",
    "gallery",
    "price",
    "export",
    "privacy export",
    "privacy delete",
    "help",
    "compare",
    "arena leaderboard",
    "quota show",
    "quota set",
    "quota grant",
    "quota role",
    "admin dead",
    "admin requeue",
    "admin relaxed",
    "admin preview",
    "admin showcase",
    "admin log",
    "quota clear",
    "quota explain",
    "quota reset",
    "quota pot",
    "quota boost",
    "quota boosts",
    "quota end-boost",
    "admin pause",
    "admin drain",
    "admin resume",
    "admin clear",
    "admin block",
    "admin unblock",
    "admin allowed",
    "admin channels",
    "admin models",
    "admin limits",
    "admin rules add",
    "admin rules remove",
    "admin rules list",
    "admin rules test",
    "admin report",
    "admin review",
    "admin takedown",
    "admin restore",
    "admin defaults set",
    "admin defaults list",
    "admin defaults clear",
    "prefer set",
    "prefer show",
    "prefer reset",
    "options save",
    "options list",
    "options delete",
    "theme open",
    "theme enter",
    "theme withdraw",
    "theme show",
    "theme close",
    "theme cancel",
}
# Discord hides whole groups only. These are for members too; their commands check who asks.
SHARED_GROUPS = {"theme"}


def cogs_of_the_bot() -> list[type[cogs.Cog]]:
    """Every cog class that a module of `bot.commands` defines, but for parts of other cogs."""
    return [
        item
        for module in pkgutil.iter_modules(bot.commands.__path__, "bot.commands.")
        for item in vars(importlib.import_module(module.name)).values()
        if isinstance(item, type)
        and issubclass(item, cogs.Cog)
        and item.__module__ == module.name
        and not item.__subclasses__()
    ]


def registered() -> dict[str, AppCommand]:
    """Every command by its full name; those of a group cog begin with the group's."""
    found: dict[str, AppCommand] = {}
    for cog in cogs_of_the_bot():
        group = f"{cog.__cog_group_name__} " if cog.__cog_is_app_commands_group__ else ""
        for command in cog.__cog_app_commands__:
            inside = command.walk_commands() if isinstance(command, app_commands.Group) else ()
            for each in (command, *inside):
                if isinstance(each, app_commands.Command):
                    found[group + each.qualified_name] = each
    return found


COMMANDS = registered()


def test_every_promised_command_exists() -> None:
    assert set(COMMANDS) >= PROMISED


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_and_its_options_are_described(name: str) -> None:
    command = COMMANDS[name]
    assert 10 <= len(command.description) <= 100
    for option in command.parameters:
        assert str(option.description) not in ("", "…"), f"/{name} {option.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_in_the_readme_s_table(name: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("|")]
    assert any(f"/{name}" in row for row in rows)


def test_moderators_commands_are_hidden_from_others() -> None:
    """Hiding is a default that a server can change; the command checks again itself."""
    groups = [
        cog
        for cog in cogs_of_the_bot()
        if cog.__cog_is_app_commands_group__ and cog.__cog_group_name__ not in SHARED_GROUPS
    ]
    assert groups
    for cog in groups:
        permissions = getattr(cog, "__discord_app_commands_default_permissions__", None)
        assert permissions is not None, cog
        assert permissions.manage_guild
