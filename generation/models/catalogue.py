"""The models that can be chosen by name here.

Importing this module does not import torch, so the bot can check and price a request.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from generation.errors import LicenceNotAccepted, UnknownModel, UnsupportedOption
from generation.models.card import ModelCard
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.request import GenerationRequest

__all__ = ["CATALOGUE_FILE", "Catalogue", "ModelCard", "read_catalogue"]


class Catalogue:
    """The enabled models, in the order of the file."""

    def __init__(self, cards: Iterable[ModelCard]) -> None:
        self._cards = {card.id: card for card in cards}
        self._unable: Callable[[], Mapping[str, str]] = dict[str, str]

    @classmethod
    def load(
        cls,
        enabled: Iterable[str],
        *,
        accepted_licences: Iterable[str] = (),
        file: Path = CATALOGUE_FILE,
        operator_file: Path | None = None,
    ) -> Catalogue:
        """`accepted_licences` names the models whose restrictions the operator accepts;
        `operator_file` is read over `file`.

        Raises InvalidCatalogue, UnknownModel for an enabled id that the files do not have, and
        LicenceNotAccepted.
        """
        cards = {card.id: card for card in read_catalogue(file, operator_file)}
        wanted, accepted = tuple(enabled), set(accepted_licences)
        for model in wanted:
            if model not in cards:
                raise UnknownModel(model, tuple(cards))
            licence = cards[model].licence
            if licence.needs_consent and model not in accepted:
                raise LicenceNotAccepted(model, licence.name, licence.restriction)
        return cls(card for card in cards.values() if card.id in wanted)

    def __iter__(self) -> Iterator[ModelCard]:
        return iter(self._cards.values())

    def get(self, model: str) -> ModelCard:
        """Raises UnknownModel."""
        try:
            return self._cards[model]
        except KeyError:
            raise UnknownModel(model, tuple(self._cards)) from None

    def heed(self, unable: Callable[[], Mapping[str, str]]) -> None:
        """From now on models that cannot run here are refused; `unable` says why, by id."""
        self._unable = unable

    def why_not(self, model: str) -> str | None:
        """What keeps the model from running here; None where nothing is known to."""
        return self._unable().get(model)

    def check(self, request: GenerationRequest) -> None:
        """Raises UnknownModel, or UnsupportedOption with the enabled models that could do it."""
        if not request.needs_model:
            return
        try:
            card = self.get(request.model)
            reason = self.why_not(card.id)
            if reason is not None:
                raise UnsupportedOption("model", card.id, f"cannot run here: {reason}")
            card.check(request)
        except UnsupportedOption as refused:
            able = tuple(card.id for card in self if self._could(card, request, refused.field))
            raise UnsupportedOption(refused.field, refused.model, refused.said, able) from refused

    def _could(self, card: ModelCard, request: GenerationRequest, field: str) -> bool:
        """Whether this is not what another model would refuse; it may refuse something else."""
        if self.why_not(card.id) is not None:
            return False
        try:
            card.check(dataclasses.replace(request, model=card.id))
        except UnsupportedOption as refused:
            return refused.field not in (field, "model")
        return True

    def title(self, model: str) -> str:
        """The model's title; its id where it is no longer enabled."""
        card = self._cards.get(model)
        return card.title if card else model
