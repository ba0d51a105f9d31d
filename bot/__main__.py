"""The command line: `python -m bot run|demo|migrate|audit|doctor|models|remake|privacy`.

Parses and dispatches only.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from bot import doctor, launch, model_files, remaking
from bot.errors import BotError
from bot.privacy import command_line
from bot.terminal_lines import terminal_line
from config.errors import ConfigError
from config.settings import Settings
from generation.errors import GenerationError
from storage.errors import StorageError

DEMO_PORT = 8765


def parser() -> argparse.ArgumentParser:
    """All subcommands and their options."""
    top = argparse.ArgumentParser(
        prog="python -m bot", description="Reelroom: slash commands become video clips."
    )
    top.add_argument(
        "--config", type=Path, metavar="FILE", help="settings file (default: reelroom.toml)"
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="connect to Discord; the token comes from DISCORD_TOKEN")
    commands.add_parser("migrate", help="create the database or bring it up to date")
    commands.add_parser("audit", help="check that credits, jobs and deliveries agree")
    doctor = commands.add_parser("doctor", help="check this machine and say how to mend it")
    doctor.add_argument("--quick", action="store_true", help="only what a health check needs")
    models = commands.add_parser("models", help="the open models: list them, get their weights")
    models_commands = models.add_subparsers(dest="models_command", required=True)
    models_commands.add_parser("list", help="every model of the catalogue, and what keeps it off")
    pull = models_commands.add_parser("pull", help="download models and lock their revisions")
    pull.add_argument("model", nargs="+", help="ids of the catalogue")
    check = models_commands.add_parser(
        "check", help="load models, make two steps with each, and tell time and memory"
    )
    check.add_argument("model", nargs="*", help="ids of the catalogue (default: the enabled ones)")
    calibrate = models_commands.add_parser(
        "calibrate", help="measure the ratios that a preset's MagCache needs, by one shot"
    )
    calibrate.add_argument("model", nargs=1, help="an id of the catalogue")
    calibrate.add_argument("--preset", default="default", help="whose steps and guidance it takes")
    remake = commands.add_parser(
        "remake", help="make a clip again from what is stored of it, and compare the pictures"
    )
    remake.add_argument("job", help="a job id, as at the foot of its card")
    remake.add_argument("--out", type=Path, metavar="FILE", help="save the new clip here")
    privacy = commands.add_parser("privacy", help="what is stored about one user")
    privacy_commands = privacy.add_subparsers(dest="privacy_command", required=True)
    delete = privacy_commands.add_parser("delete", help="delete everything about a user")
    delete.add_argument("user", type=int, help="the user's id in Discord")
    demo = commands.add_parser(
        "demo", help="the bot on a local playground: no token, no GPU, no download"
    )
    demo.add_argument(
        "--port",
        type=int,
        default=DEMO_PORT,
        help=f"port of the chat page (default: {DEMO_PORT}; 0 picks a free one)",
    )
    demo.add_argument(
        "--no-browser", action="store_true", help="print the page's address, do not open it"
    )
    demo.add_argument(
        "--once",
        metavar="COMMAND_LINE",
        help="issue one slash command, wait for its clip, print one line of JSON, and end",
    )
    demo.add_argument("--out", type=Path, metavar="FILE", help="with --once: save the clip here")
    demo.add_argument(
        "--as",
        dest="member",
        default="Ada",
        metavar="NAME",
        help="with --once: who types (Ada and Grace are students, Lin is a moderator)",
    )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused or failed (one line on standard error), 2 wrong usage."""
    options = parser().parse_args(arguments)
    try:
        settings = Settings.load(file=options.config)
        match options.command:
            case "run":
                return asyncio.run(launch.run(settings))
            case "migrate":
                return asyncio.run(launch.migrate_database(settings))
            case "audit":
                return asyncio.run(launch.audit_database(settings))
            case "doctor":
                return doctor.run(settings, quick=options.quick)
            case "models":
                return model_files.run(settings, options)
            case "privacy":
                return asyncio.run(command_line.delete(settings, options.user))
            case "remake":
                return asyncio.run(remaking.run(settings, options.job, out=options.out))
            case _:
                return asyncio.run(launch.demonstrate(settings, options))
    except (BotError, ConfigError, GenerationError, StorageError, OSError) as error:
        print(f"reelroom: {terminal_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
