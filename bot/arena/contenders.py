"""Who meets in the arena: models, each with its presets. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from generation.errors import UnsupportedOption
from generation.models.card import DEFAULT_PRESET
from generation.models.catalogue import Catalogue
from generation.request import Command
from storage.conduct import Allowed


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """A model with a preset; its name is `pocket`, or `pocket/quick` for another preset than the
    default."""

    model: str
    preset: str = DEFAULT_PRESET

    @classmethod
    def named(cls, name: str) -> Contender:
        """The contender of this name."""
        model, _, preset = name.strip().partition("/")
        return cls(model=model, preset=preset or DEFAULT_PRESET)

    @property
    def name(self) -> str:
        return self.model if self.preset == DEFAULT_PRESET else f"{self.model}/{self.preset}"

    def title(self, catalogue: Catalogue) -> str:
        """For people: `Pocket, preset quick`; ids for what is no longer enabled."""
        title = catalogue.title(self.model)
        return title if self.preset == DEFAULT_PRESET else f"{title}, preset {self.preset}"


def contenders(catalogue: Catalogue, allowed: Allowed) -> tuple[Contender, ...]:
    """All that turn words into a clip, run on this machine and are allowed in the guild."""
    return tuple(
        Contender(model=card.id, preset=preset)
        for card in catalogue
        if Command.IMAGINE_VIDEO in card.commands
        and catalogue.why_not(card.id) is None
        and (allowed.models is None or card.id in allowed.models)
        for preset in card.presets
    )


def contender_of(name: str, catalogue: Catalogue) -> Contender:
    """The contender that a member named, whether or not the guild allows it.

    Raises UnknownModel, and UnsupportedOption for a preset that it lacks, a model that cannot run
    here or does not make clips of words.
    """
    contender = Contender.named(name)
    card = catalogue.get(contender.model)
    card.preset(contender.preset)
    reason = catalogue.why_not(card.id)
    if reason is not None:
        raise UnsupportedOption("model", card.id, f"cannot run here: {reason}")
    if Command.IMAGINE_VIDEO not in card.commands:
        able = tuple(each.id for each in catalogue if Command.IMAGINE_VIDEO in each.commands)
        raise UnsupportedOption("model", card.id, "does not make clips of words", able)
    return contender
