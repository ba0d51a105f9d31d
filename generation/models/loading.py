"""The models in memory: as many as fit, each held in the fastest way that fits."""

from __future__ import annotations

import gc
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from generation.device import Device
from generation.errors import GenerationFailed, OutOfMemory, UnknownModel
from generation.models.ability import unable_models
from generation.models.adapter import Footage, OnStep, Shot, VideoModel
from generation.models.card import ModelCard
from generation.models.card_file import read_catalogue
from generation.models.embeddings import EmbeddingCache
from generation.models.levers import Levers
from generation.models.opening import load, part_bytes
from generation.models.peaks import PeakFile
from generation.models.quantising import can_quantise
from generation.models.tiers import Tier, best_tier, needed_bytes, resting_bytes, tiers_of
from generation.models.weights import WeightFolders, Weights

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """`resting_bytes` of the device it takes between two shots, and perhaps `working_bytes` more
    during one, until that was measured."""

    card: ModelCard
    model: VideoModel
    tier: Tier
    resting_bytes: int
    working_bytes: int


class LoadedModels:
    """Keeps models loaded while they fit into `memory_bytes` of the device (None: all it has);
    the one not used for longest goes first.

    How much a model needs is what `peaks_file` says of its earlier runs, else estimated by its
    weights. One that is offloaded goes as soon as another is asked for: memory was short. Encoded
    prompts outlive the models that encoded them.
    """

    def __init__(
        self,
        *,
        catalogue_file: Path,
        folders: Mapping[str, Path],
        device: Device,
        operator_catalogue: Path | None = None,
        lock_file: Path | None = None,
        peaks_file: Path | None = None,
        memory_bytes: int | None = None,
        levers: Levers | None = None,
    ) -> None:
        cards = read_catalogue(catalogue_file, operator_catalogue)
        self._cards = {card.id: card for card in cards}
        self._weights = WeightFolders(folders, lock_file=lock_file)
        self._device = device
        self._levers = levers or Levers()
        self._embeddings = EmbeddingCache(self._levers.embedding_cache_bytes)
        self._peaks = PeakFile(peaks_file, device=device.description)
        self._memory_bytes = device.memory_bytes if memory_bytes is None else memory_bytes
        self._loaded: OrderedDict[str, LoadedModel] = OrderedDict()  # the last one used last
        self._last: tuple[str, Tier] | None = None
        self._tiers = tiers_of(device, quantises=can_quantise(self._levers.quantisation, device))
        self._fastest: dict[str, int] = {}
        """Per model the first of the tiers that may be tried, where it is not the first of all."""

    def get(self, model: str, *, tier: Tier | None = None) -> LoadedModel:
        """The model, held in this tier or the one that suits the memory.

        Raises GenerationFailed where it cannot be loaded, with what to set or to install.
        """
        if model not in self._cards:
            raise UnknownModel(model, tuple(self._cards))
        if tier is not None and tier not in self._tiers:
            raise GenerationFailed(f"on this device no model can be {tier.value}")
        if tier is not None and model in self._loaded and self._loaded[model].tier is not tier:
            self._unload(model)
        if model not in self._loaded:
            self._loaded[model] = self._load(self._cards[model], tier)
        self._loaded.move_to_end(model)
        self._last = (model, self._loaded[model].tier)
        self._make_room(self._working_bytes(self._loaded[model]), keep=model)
        return self._loaded[model]

    def least_bytes(self, card: ModelCard) -> int:
        """What a model needs of the memory in the way that needs least, as far as is known.

        Raises GenerationFailed where its weights are not here.
        """
        found = self._weights.found(card)
        parts = part_bytes(card, found, self._weights, self._device)
        tier = self._tiers[-1]
        measured = self._peaks.working_bytes(card.id, found.revision, tier.value)
        return needed_bytes(tier, parts, measured)

    def unable(self, models: Iterable[str], failed: Mapping[str, str]) -> dict[str, str]:
        """Which of these cannot run here, and why; see `unable_models`."""
        return unable_models(
            (self._cards[model] for model in models if model in self._cards),
            device=self._device,
            memory_bytes=self._memory_bytes,
            least_bytes=self.least_bytes,
            failed=failed,
        )

    @property
    def device(self) -> str:
        """What they compute on, in words."""
        return self._device.description

    @property
    def loaded(self) -> tuple[str, ...]:
        """The one used last is the last."""
        return tuple(self._loaded)

    def after(self, fault: Exception) -> None:
        """Prepares for the next try: after OutOfMemory nothing stays loaded, and the model that
        was loaded or used last is held one tier lower from now on."""
        if isinstance(fault, OutOfMemory):
            if self._last is not None:
                model, tier = self._last
                self._hold_below(model, self._tiers.index(tier) + 1)
            self._unload(*self._loaded)

    def spare_memory(self, model: str) -> None:
        """From now on the model is not held in the fastest way: it ran out of memory, perhaps in
        another worker."""
        self._hold_below(model, 1)
        loaded = self._loaded.get(model)
        if loaded is not None and self._tiers.index(loaded.tier) < self._fastest[model]:
            self._unload(model)

    def _hold_below(self, model: str, first: int) -> None:
        first = min(first, len(self._tiers) - 1)
        self._fastest[model] = max(first, self._fastest.get(model, 0))

    def _load(self, card: ModelCard, tier: Tier | None) -> LoadedModel:
        found = self._weights.of_model(card)
        parts = part_bytes(card, found, self._weights, self._device)
        tier = tier or self._best_tier(card, found, parts)
        resting = resting_bytes(tier, parts)
        measured_before = self._peaks.working_bytes(card.id, found.revision, tier.value)
        self._make_room(needed_bytes(tier, parts, measured_before))
        self._last = (card.id, tier)
        model = load(
            card,
            found,
            self._weights,
            self._device,
            tier,
            embeddings=self._embeddings,
            levers=self._levers,
        )
        if tier is not self._tiers[0]:
            logger.warning("memory is short: %s is %s", card.id, tier.value)
        measured = MeasuredModel(card.id, model, tier, self._device, self._peaks)
        return LoadedModel(
            card=card,
            model=measured,
            tier=tier,
            resting_bytes=resting,
            working_bytes=needed_bytes(tier, parts) - resting,
        )

    def _best_tier(self, card: ModelCard, found: Weights, parts: Mapping[str, int]) -> Tier:
        tiers = self._tiers[self._fastest.get(card.id, 0) :]
        measured = {
            tier: self._peaks.working_bytes(card.id, found.revision, tier.value) for tier in tiers
        }
        return best_tier(tiers, parts, measured, self._memory_bytes)

    def _working_bytes(self, loaded: LoadedModel) -> int:
        revision, tier = loaded.model.revision, loaded.tier.value
        known = self._peaks.working_bytes(loaded.card.id, revision, tier)
        return loaded.working_bytes if known is None else known

    def _make_room(self, wanted_bytes: int, *, keep: str = "") -> None:
        """Unloads others until so much is free beside what stays."""
        others = [model for model in self._loaded if model != keep]
        self._unload(*(each for each in others if self._loaded[each].tier.rests_in_main_memory))
        for model in others:
            held = sum(loaded.resting_bytes for loaded in self._loaded.values())
            if held + wanted_bytes <= self._memory_bytes:
                return
            self._unload(model)

    def _unload(self, *models: str) -> None:
        for model in models:
            self._loaded.pop(model, None)
        if models:
            gc.collect()
            self._device.free_unused_memory()


class MeasuredModel:
    """A model whose runs are measured."""

    def __init__(
        self, model_id: str, model: VideoModel, tier: Tier, device: Device, peaks: PeakFile
    ) -> None:
        self._id = model_id
        self.model = model
        self._tier = tier
        self._device = device
        self._peaks = peaks

    @property
    def revision(self) -> str:
        return self.model.revision

    @property
    def dtype(self) -> str:
        return self.model.dtype

    @property
    def goes_round(self) -> bool:
        return self.model.goes_round

    def scheduler(self, preset: str) -> str:
        """See `VideoModel.scheduler`."""
        return self.model.scheduler(preset)

    def generate(self, shot: Shot, on_step: OnStep) -> Footage:
        """See `VideoModel.generate`. A run that fails needed at least what it had."""
        before = self._device.begin_peak()
        try:
            return self.model.generate(shot, on_step)
        finally:
            working_bytes = max(0, self._device.peak_bytes() - before)
            self._peaks.saw(self._id, self.revision, self._tier.value, working_bytes)
