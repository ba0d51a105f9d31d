"""Which value of an option counts, where several say one. Pure.

    typed option > typed flag > option set > the member's preferences > this channel's defaults
    > the server's defaults > the model's own default

What was typed is exact. All below it is flags and is treated as such: what the model cannot do is
clamped or left out, and said. Three rules keep values from a model that they were not meant for:

- steps, guidance and preset that stand beside a model count with that model only;
- steps and guidance do not count below the layer that names the preset, nor does a preset below
  steps or guidance that it does not take;
- the camera's axes belong together: who moves one of them says what the camera does.

A model that is gone, or that cannot or may not do this here, is named and passed over; a length
beyond what moderators allow is cut. A typed one is refused instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from bot.flag_effects import understand, with_flags
from bot.keyframes import written
from bot.prompt_flags import FlaggedPrompt, parse
from bot.request_options import RequestOptions
from bot.text import cleaned, quoted
from generation.models.catalogue import Catalogue
from generation.request import PROMPT_MAX_CHARACTERS, Camera, Command
from storage.conduct import Allowed

FLAGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "preset": ("preset",),
        "seconds": ("seconds",),
        "aspect": ("aspect",),
        "camera": ("camera", "zoom", "pan", "tilt", "rotate"),
        "motion": ("motion",),
        "guidance": ("guidance",),
        "steps": ("steps",),
        "seed": ("seed",),
        "negative_prompt": ("negative",),
    }
)
"""Of each option but model and private: the flags that say it."""
OPTIONS = ("model", *FLAGS, "private")
OF_ONE_MODEL = ("preset", "steps", "guidance")
OF_ONE_PRESET = ("steps", "guidance")
LABELS = {"seconds": "duration", "negative_prompt": "negative"}
COMMANDS_OF_ANY_LENGTH = (Command.IMAGINE_VIDEO, Command.ANIMATE, Command.LOOP)
ANYTHING_ALLOWED = Allowed(channel_ids=None, models=None, most_seconds=None, most_credits=None)


class Origin(StrEnum):
    """Where a value comes from, the strongest first; its words are what people read."""

    TYPED = "typed"
    OPTION_SET = "your option set"
    PREFERENCES = "your preferences"
    CHANNEL = "this channel's defaults"
    GUILD = "this server's defaults"
    DEFAULT = "default"
    DRAWN = "drawn"
    """Of a seed that nobody named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """What is said at one place, as flags; words among them are added to the prompt."""

    origin: Origin
    flags: FlaggedPrompt
    private: bool | None = None
    name: str = ""
    """Of the option set."""

    @property
    def words(self) -> str:
        """`your option set “noir”`."""
        return f"{self.origin} “{self.name}”" if self.name else self.origin.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """All that counts; `options` has the model that makes the clip.

    `origins` tells of each option in `OPTIONS` where its value is from.
    """

    options: RequestOptions
    notes: tuple[str, ...]
    origins: Mapping[str, Origin]


def resolve(
    typed: RequestOptions,
    layers: Sequence[Layer],
    catalogue: Catalogue,
    *,
    default_model: str,
    allowed: Allowed = ANYTHING_ALLOWED,
) -> Resolved:
    """`layers` in any order.

    Raises UnknownModel for a typed model, and UnsupportedOption for a typed preset that the model
    does not have.
    """
    flags = parse(cleaned(typed.prompt)[0])
    strongest_first = sorted(layers, key=lambda layer: list(Origin).index(layer.origin))
    resolving = _Resolving(
        typed=typed,
        layers=strongest_first,
        catalogue=catalogue,
        default_model=default_model,
        allowed=allowed,
    )
    resolving.take_typed(flags)
    for layer in strongest_first:
        resolving.take(layer)
    resolving.add_words()
    return resolving.resolved()


def with_words(prompt: str, words: str) -> str:
    """The prompt, which has words, with these behind its own."""
    prompt = prompt.rstrip()
    return f"{prompt}{' ' if prompt[-1] in '.,;:!?…' else ', '}{words}"


@dataclass(kw_only=True, slots=True)
class _Resolving:
    typed: RequestOptions
    layers: Sequence[Layer]
    catalogue: Catalogue
    default_model: str
    allowed: Allowed
    notes: list[str] = field(default_factory=list[str])
    origins: dict[str, Origin] = field(default_factory=dict[str, Origin])

    def take_typed(self, flags: FlaggedPrompt) -> None:
        """The model, which all else depends on, then what was typed for it."""
        model = self.typed.model or flags.model
        if model is not None:
            self.origins["model"] = Origin.TYPED
        else:
            model = self._model_of_layers()
        self.typed = replace(self.typed, model=model)
        self.typed, notes = understand(self.typed, self.catalogue, default_model=self.default_model)
        self.notes[:0] = notes
        for option, names in FLAGS.items():
            said = any(getattr(flags, name) is not None for name in names)
            if said or getattr(self.typed, option) not in (None, ""):
                self.origins[option] = Origin.TYPED
        if self.typed.private is not None:
            self.origins["private"] = Origin.TYPED

    def take(self, layer: Layer) -> None:
        """What of a layer counts beside the stronger ones."""
        if layer.private is not None and "private" not in self.origins:
            self.typed = replace(self.typed, private=layer.private)
            self.origins["private"] = layer.origin
        before, taken = self.typed, {"words": "", "model": None}
        for option, names in FLAGS.items():
            if not self._counts(option, layer):
                taken |= dict.fromkeys(names)
        flags = replace(layer.flags, unknown=(), unreadable=(), repeated=(), **taken)
        card = self.catalogue.get(self.typed.model or self.default_model)
        self.typed, notes = with_flags(self.typed, flags, card)
        self.notes += [f"{layer.words}: {note}" for note in notes]
        changed = [name for name in FLAGS if getattr(before, name) != getattr(self.typed, name)]
        self.origins |= dict.fromkeys(changed, layer.origin)
        self._cut_length(layer, changed)
        shown = self._shown(layer, changed)
        if shown:
            self.notes.append(f"from {layer.words}: {', '.join(shown)}")

    def add_words(self) -> None:
        """Those of option set and preferences, behind the prompt; a story is spoken, so none."""
        for layer in self.layers:
            words, prompt = layer.flags.words, self.typed.prompt
            if not words or not prompt.strip() or self.typed.command is Command.NARRATE:
                continue
            if prompt.casefold().endswith(words.casefold()):
                continue
            longer, said = with_words(prompt, words), quoted(words, 80).removeprefix("> ")
            if len(longer) > PROMPT_MAX_CHARACTERS:
                self.notes.append(f"“{said}” from {layer.words} is left out: it would be too long")
            else:
                self.typed = replace(self.typed, prompt=longer)
                self.notes.append(f"“{said}” is added to the words, from {layer.words}")

    def resolved(self) -> Resolved:
        origins = dict.fromkeys(OPTIONS, Origin.DEFAULT) | {"seed": Origin.DRAWN} | self.origins
        notes = tuple(dict.fromkeys(self.notes))
        return Resolved(options=self.typed, notes=notes, origins=origins)

    def _model_of_layers(self) -> str:
        for layer in self.layers:
            model = layer.flags.model
            if model is None:
                continue
            reason = self._why_not(model)
            if reason is None:
                self.origins["model"] = layer.origin
                return model
            self.notes.append(
                f"{layer.words}: the model `{model[:40]}` {reason}, so it is left out"
            )
        return self.default_model

    def _why_not(self, model: str) -> str | None:
        card = next((card for card in self.catalogue if card.id == model), None)
        if card is None:
            return "is not here any more"
        if self.catalogue.why_not(model) is not None:
            return "cannot run here now"
        if self.typed.command not in card.commands:
            return f"does not do /{self.typed.command}"
        if self.allowed.models is not None and model not in self.allowed.models:
            return "is not allowed on this server"
        return None

    def _counts(self, option: str, layer: Layer) -> bool:
        if option in self.origins:
            return False
        named = layer.flags.model
        if option in OF_ONE_MODEL and named not in (None, self.typed.model):
            return False
        if option in OF_ONE_PRESET and "preset" in self.origins:
            return False
        if option == "preset" and not self._takes_what_counts(layer):
            return False
        if layer.origin is Origin.OPTION_SET:
            return True  # Whoever chose it by name hears what cannot be done.
        if option == "seconds":
            return self.typed.command in COMMANDS_OF_ANY_LENGTH
        return option != "aspect" or self.typed.source is None

    def _takes_what_counts(self, layer: Layer) -> bool:
        """Whether the layer's preset can be run with the steps and guidance of stronger ones."""
        card = self.catalogue.get(self.typed.model or self.default_model)
        preset = card.presets.get(layer.flags.preset or "")
        if preset is None:
            return True  # It is not there: that is said.
        steps, guidance = self.typed.steps, self.typed.guidance
        takes = (steps is None or preset.steps_min <= steps <= preset.steps_max) and (
            guidance is None or preset.guidance_min <= guidance <= preset.guidance_max
        )
        if not takes:
            self.notes.append(
                f"{layer.words}: the preset {layer.flags.preset} does not take these steps and "
                "this guidance, so it is left out"
            )
        return takes

    def _cut_length(self, layer: Layer, changed: Iterable[str]) -> None:
        most, seconds = self.allowed.most_seconds, self.typed.seconds
        if "seconds" not in changed or most is None or seconds is None:
            return
        # What no model makes so short is refused by what moderators allow.
        most = max(most, self.catalogue.get(self.typed.model or self.default_model).seconds_min)
        if seconds > most:
            self.typed = replace(self.typed, seconds=most)
            self.notes.append(
                f"{layer.words}: moderators allow {written(most)} s, so {written(seconds)} s "
                f"became {written(most)} s"
            )

    def _shown(self, layer: Layer, changed: Iterable[str]) -> list[str]:
        """Each option that is from this layer, with its value."""
        mine = [name for name in OPTIONS if name in changed or self._is_of(name, layer)]
        return [f"{LABELS.get(name, name)} {_value(getattr(self.typed, name))}" for name in mine]

    def _is_of(self, option: str, layer: Layer) -> bool:
        return option in ("model", "private") and self.origins.get(option) is layer.origin


def _value(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return written(value)
        case Camera():
            return ", ".join(value.moves)
        case str():
            return quoted(value, 40).removeprefix("> ")
        case _:
            return str(value)
