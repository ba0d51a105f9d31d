"""What options of several commands have in common: their words, bounds and choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, Transform

from generation.request import MOTION_MAX, SEED_MAX, CameraMove, Command

if TYPE_CHECKING:
    from bot.client import ReelroomBot

CAMERA_CHOICES = [Choice(name=move.value, value=move.value) for move in CameraMove]
ASPECT_CHOICES = [Choice(name=aspect, value=aspect) for aspect in ("1:1", "16:9", "9:16")]
NAME_MAX_CHARACTERS = 200  # the link of a message among them
TYPED_MAX_CHARACTERS = 4000  # words and their flags; the words alone have a limit of their own


class _Typed(app_commands.Transformer):
    """An option of text, taken as it was typed; what is offered is only a help."""

    @property
    def max_value(self) -> int:
        return NAME_MAX_CHARACTERS

    async def transform(self, interaction: discord.Interaction[Any], value: str, /) -> str:
        return value


class _Model(_Typed):
    """Offers the models that can do this command, or the one that `/price` asks about."""

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, interaction: discord.Interaction[Any], value: str, /
    ) -> list[Choice[str]]:
        bot: ReelroomBot = interaction.client
        return await bot.choices.models(_command(interaction), value, guild_id=interaction.guild_id)


class _EnabledModel(_Typed):
    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, interaction: discord.Interaction[Any], value: str, /
    ) -> list[Choice[str]]:
        bot: ReelroomBot = interaction.client
        return bot.choices.all_models(value)


class _Preset(_Typed):
    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, interaction: discord.Interaction[Any], value: str, /
    ) -> list[Choice[str]]:
        bot: ReelroomBot = interaction.client
        model = interaction.namespace.model
        guild_id = interaction.guild_id
        return await bot.choices.presets(_command(interaction), model, value, guild_id=guild_id)


class _OptionSet(_Typed):
    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, interaction: discord.Interaction[Any], value: str, /
    ) -> list[Choice[str]]:
        bot: ReelroomBot = interaction.client
        return await bot.choices.option_sets(value, user_id=interaction.user.id)


class _OwnJob(_Typed):
    def __init__(self, *, stills: bool) -> None:
        self._stills = stills

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, interaction: discord.Interaction[Any], value: str, /
    ) -> list[Choice[str]]:
        bot: ReelroomBot = interaction.client
        assert interaction.guild_id is not None  # the command tree admits guilds only
        return await bot.choices.jobs(
            value,
            guild_id=interaction.guild_id,
            user_id=interaction.user.id,
            stills=self._stills,
        )


def _command(interaction: discord.Interaction[Any]) -> Command:
    """The command that is typed, or that `/price` is asked about."""
    typed = interaction.command.name if interaction.command else ""
    named = interaction.namespace.command or typed
    return Command(named) if named in set(Command) else Command.IMAGINE_VIDEO


ModelName = Transform[str, _Model]
EnabledModelName = Transform[str, _EnabledModel]
PresetName = Transform[str, _Preset]
OptionSetName = Transform[str, _OptionSet]
ClipName = Transform[str, _OwnJob(stills=False)]
PictureName = Transform[str, _OwnJob(stills=True)]
Seed = Range[int, 0, SEED_MAX]
Motion = Range[int, 0, MOTION_MAX]
Prompt = Range[str, 1, TYPED_MAX_CHARACTERS]

DESCRIPTIONS = {
    "prompt": "What the clip shows",
    "model": "Which model makes it; see /models",
    "preset": "A way to run the model, such as a faster one; see /models",
    "duration": "Seconds",
    "aspect": "Width to height",
    "camera": "What the camera does",
    "motion": "How much moves, from 0 (still) to 4 (fast)",
    "guidance": "How strictly the model follows the prompt",
    "steps": "Denoising steps: more is finer, slower and dearer",
    "seed": "The same seed and settings make the same clip again",
    "negative": "What the clip should not show",
    "private": "Keep the clip out of the gallery",
    "options": "One of your option sets; what you type goes before it. See /options",
    "image": "PNG, JPEG, WebP or GIF; the clip begins with it",
    "still": "Instead of an image: a job id or card's link; a clip's start, or at 1.5 s with @1.5",
    "clip": "A clip of this server: the job id at the foot of its card, or the card's message link",
    "video": "Instead of a clip: MP4, MOV or WebM",
    "image1": "PNG, JPEG, WebP or GIF",
    "image2": "Another picture",
    "image3": "Another picture",
    "image4": "Another picture",
    "still1": "Instead of image1: a job id or card's link; a clip's start, or at 1.5 s with @1.5",
    "still2": "Instead of image2, likewise",
    "still3": "Instead of image3, likewise",
    "still4": "Instead of image4, likewise",
    "at1": "When the first picture is shown, in seconds; 0 if left out",
    "at2": "When the second one is shown; the last one: at the end, others evenly between",
    "at3": "When the third one is shown",
    "at4": "When the fourth one is shown",
    "end": "A second picture; the clip ends with it",
}


def described(*names: str) -> Any:
    """The descriptions of these options, worded once for all commands."""
    return app_commands.describe(**{name: DESCRIPTIONS[name] for name in names})
