"""What the flags of a prompt come to with the model that is to make the clip.

Flags are habits from elsewhere: what is out of range is clamped, what the model cannot do is left
out, and both are said in `notes`, privately. An option that was typed beside the prompt is exact
and goes before a flag.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bot.keyframes import Schedule, written
from bot.prompt_flags import FlaggedPrompt, parse, suggestion
from bot.request_options import RequestOptions, complete
from bot.text import cleaned
from generation.models.card import DEFAULT_PRESET, Feature, ModelCard
from generation.models.catalogue import Catalogue
from generation.request import (
    AXES,
    MOTION_MAX,
    SEED_MAX,
    Camera,
    CameraMove,
    Command,
    GenerationRequest,
)

Number = TypeVar("Number", int, float)

NOTHING_HERE = {
    "weight": "`-w` is for hidden text and pictures, which no model here makes",
    "size": "`-size` is for hidden text and pictures, which no model here makes",
    "hide": "`-hide` does nothing here; the option `private` keeps a clip out of the gallery",
}
SHOWN_NAMES = 8
STILL = {"zoom": 1.0, "pan": 0.0, "tilt": 0.0, "rotate": 0.0}
"""What no movement is on each axis, as Deforum has it."""
LEAST_MOVEMENT = 1e-3
LEAST_RESTYLED_SECONDS = 0.1


def complete_flagged(
    options: RequestOptions, catalogue: Catalogue, *, default_model: str
) -> tuple[GenerationRequest, tuple[str, ...]]:
    """The request that options and the prompt's flags make, and what to tell the member about them.

    Raises what `understand` and `complete` raise.
    """
    options, notes = understand(options, catalogue, default_model=default_model)
    return complete(options, catalogue, default_model=default_model), notes


def understand(
    options: RequestOptions, catalogue: Catalogue, *, default_model: str
) -> tuple[RequestOptions, tuple[str, ...]]:
    """The options with the prompt's flags among them, and what to tell the member about it.

    Raises UnknownModel, and UnsupportedOption for a preset that the model does not have and that is
    an option.
    """
    words, notes = cleaned(options.prompt)
    without, more = cleaned(options.negative_prompt)
    flags = parse(words)
    options = replace(
        options,
        prompt=flags.words,
        negative_prompt=without,
        model=options.model or flags.model,
    )
    card = catalogue.get(options.model or default_model)
    options, effects = with_flags(options, flags, card)
    return options, tuple(dict.fromkeys((*notes, *more, *effects)))


def with_flags(
    options: RequestOptions, flags: FlaggedPrompt, card: ModelCard
) -> tuple[RequestOptions, tuple[str, ...]]:
    """The options, and those of these flags that are no options yet, as far as the model has them;
    and what to say about them. Words and model of the flags are left alone.

    Raises UnsupportedOption for a preset among the options that the model does not have.
    """
    effects = _Effects(options=options, flags=flags, card=card)
    effects.name_what_was_not_understood()
    effects.take_preset()
    effects.take_numbers()
    effects.take_picture()
    effects.take_camera()
    return effects.options, tuple(dict.fromkeys(effects.notes))


@dataclass(kw_only=True, slots=True)
class _Effects:
    options: RequestOptions
    flags: FlaggedPrompt
    card: ModelCard
    notes: list[str] = field(default_factory=list[str])

    def name_what_was_not_understood(self) -> None:
        flags = self.flags
        for name in flags.unknown[:SHOWN_NAMES]:
            meant = suggestion(name)
            hint = f"; did you mean `-{meant}`?" if meant else ""
            self.notes.append(f"I do not know `-{name[:20]}`, so it stays in the words{hint}")
        if (more := len(flags.unknown) - SHOWN_NAMES) > 0:
            self.notes.append(f"{more} more flags that I do not know stay in the words")
        for name in flags.unreadable:
            self.notes.append(f"I cannot read the value of `-{name}`, so it stays in the words")
        for name in flags.repeated:
            self.notes.append(f"`-{name}` was given more than once; the last one counts")
        for field_name, said in NOTHING_HERE.items():
            if getattr(flags, field_name) is not None:
                self.notes.append(said)
        if flags.fps is not None and flags.fps != self.card.fps:
            self.notes.append(
                f"{self.card.title} makes {self.card.fps} frames a second, not "
                f"{written(flags.fps)}; `/smooth` makes more of them"
            )

    def take_preset(self) -> None:
        """First, since ranges depend on it."""
        preset, presets = self.flags.preset, self.card.presets
        if preset is None:
            return
        if preset in presets:
            self._take("preset", "preset", preset)
        else:
            self.notes.append(
                f"{self.card.title} has no preset `{preset[:20]}`, only {', '.join(presets)}: it "
                "is left out"
            )

    def take_numbers(self) -> None:
        """Motion, guidance, steps, duration and seed."""
        flags, preset = self.flags, self.card.preset(self.options.preset or DEFAULT_PRESET)
        least = max(1.0, preset.guidance_min)
        if flags.motion is not None:
            level = self._mean(flags.motion, "motion")
            self._take("motion", "motion", round(self._within("motion", level, 0, MOTION_MAX)))
        if flags.guidance is not None:
            value = self._within("gs", flags.guidance, least, preset.guidance_max)
            self._take("gs", "guidance", value)
        if flags.steps is not None:
            steps = self._within("steps", flags.steps, preset.steps_min, preset.steps_max)
            self._take("steps", "steps", steps)
        if flags.seed is not None:
            self._take("seed", "seed", self._within("seed", flags.seed, 0, SEED_MAX))
        if flags.seconds is not None:
            if self.options.command is Command.NARRATE:
                self.notes.append("a narrated film is as long as its speech: `-dur` does nothing")
            elif self.options.command.makes_still:
                self.notes.append("a picture has no length: `-dur` does nothing")
            else:
                self._take("dur", "seconds", self._within("dur", flags.seconds, *self._lengths()))

    def take_picture(self) -> None:
        """Proportions, and what is not to be seen."""
        if self.flags.aspect is not None:
            width, height = self.flags.aspect
            if self.options.source is not None:
                self.notes.append("the clip's own proportions stay: `-ar` does nothing here")
            else:
                self._take("ar", "aspect", self._nearest_aspect(width, height))
        if self.flags.negative is not None:
            if Feature.NEGATIVE in self.card.features:
                self._take("neg", "negative_prompt", self.flags.negative)
            else:
                self.notes.append(f"{self.card.title} takes no negative prompt: `-neg` is left out")

    def take_camera(self) -> None:
        flags, wanted = self.flags, list((self.flags.camera or Camera()).moves)
        for axis, still in STILL.items():
            schedule: Schedule | None = getattr(flags, axis)
            if schedule is None:
                continue
            by = self._mean(schedule, axis) - still
            taken = {AXES[move][0] for move in wanted}
            if abs(by) >= LEAST_MOVEMENT and axis not in taken:
                way = 1 if by > 0 else -1
                wanted.append(next(move for move, one in AXES.items() if one == (axis, way)))
            elif axis in taken:
                self.notes.append(f"`-camera` says already which way to {axis}")
            else:
                self.notes.append(f"`-{axis}` comes to no movement over the whole clip")
        if wanted:
            self._take("camera", "camera", Camera.of(*self._able(wanted)))

    def _able(self, wanted: list[CameraMove]) -> list[CameraMove]:
        """The moves that the model makes, as many as it makes together."""
        card = self.card
        known = [move for move in wanted if move in (*card.camera_moves, *card.camera_loras)]
        for move in wanted:
            if move not in known:
                self.notes.append(f"{card.title} cannot {move.value}: that is left out")
        for move in known[card.camera_moves_at_once :]:
            self.notes.append(
                f"{card.title} makes {card.camera_moves_at_once} camera move at once: "
                f"{move.value} is left out"
            )
        return known[: card.camera_moves_at_once]

    def _lengths(self) -> tuple[float, float]:
        """The least and the most seconds; of a clip that is made anew any part of it."""
        source = self.options.source
        if self.options.command is Command.RESTYLE and source is not None:
            return LEAST_RESTYLED_SECONDS, source.seconds
        return self.card.seconds_min, self.card.seconds_max

    def _mean(self, schedule: Schedule, name: str) -> float:
        """What a schedule comes to over the whole clip, since models take one value for it."""
        seconds = self.options.seconds or self.flags.seconds or self.card.seconds_default
        mean = schedule.mean(self.card.frames_kept(min(seconds, self.card.seconds_max)))
        if schedule.changes:
            self.notes.append(
                f"{self.card.title} takes one {name} for the whole clip: your keyframes come to "
                f"{written(round(mean, 2))} on average"
            )
        return mean

    def _within(self, name: str, value: Number, least: Number, most: Number) -> Number:
        clamped = min(max(value, least), most)
        if clamped != value:
            self.notes.append(
                f"`-{name}` goes from {_plain(least)} to {_plain(most)} here: {_plain(value)} "
                f"became {_plain(clamped)}"
            )
        return clamped

    def _nearest_aspect(self, width: float, height: float) -> str:
        wanted = math.log(width / height)
        ratios = {
            name: abs(math.log(size[0] / size[1]) - wanted)
            for name, size in self.card.sizes.items()
        }
        typed = f"{written(width)}:{written(height)}"
        if typed in ratios:
            return typed
        nearest = min(ratios, key=lambda name: ratios[name])
        self.notes.append(
            f"{self.card.title} makes {', '.join(ratios)}: `-ar {typed}` became {nearest}"
        )
        return nearest

    def _take(self, flag: str, option: str, value: Any) -> None:
        """Unless the option was typed, which is exact."""
        typed = getattr(self.options, option)
        if typed in (None, ""):
            self.options = replace(self.options, **{option: value})
        elif typed != value:
            self.notes.append(f"the option `{option}` goes before `-{flag}`")


def _plain(number: float) -> str:
    """Not in the form of a power, however large."""
    return str(number) if isinstance(number, int) else written(number)
