"""From a model's card to a model in memory, and the one that is kept there.

Weights are safetensors; nothing is downloaded here and no code of a repository is ever run.
"""

# diffusers and the hub's client are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import gc
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from generation.device import Device
from generation.errors import GenerationFailed, OutOfMemory, UnknownModel
from generation.models.adapter import VideoModel
from generation.models.card import ModelCard
from generation.models.card_file import read_catalogue
from generation.models.diffusers_model import DiffusersModel
from generation.models.families.animatediff import ANIMATEDIFF
from generation.models.families.cogvideox import COGVIDEOX
from generation.models.families.hunyuan import FRAMEPACK, HUNYUAN, HUNYUAN15
from generation.models.families.kandinsky import KANDINSKY
from generation.models.families.ltx import LTX, POCKET
from generation.models.families.ltx2 import LTX2
from generation.models.families.mochi import MOCHI
from generation.models.families.modelscope import MODELSCOPE
from generation.models.families.sana import SANA_VIDEO
from generation.models.families.skyreels import SKYREELS
from generation.models.families.stable_video import STABLE_VIDEO
from generation.models.families.stills import STABLE_DIFFUSION, STABLE_DIFFUSION_XL
from generation.models.families.wan import WAN, WAN_VACE
from generation.models.family import Family
from generation.models.parts import load_part
from generation.models.weights import WeightFolders, Weights
from generation.pocket.pipeline import load_pocket_pipeline

logger = logging.getLogger(__name__)

WORKING_MEMORY_SHARE = 0.3
"""Share of the device's free memory that activations may need beside the weights."""

FAMILIES: Mapping[str, Family] = {
    "animatediff": ANIMATEDIFF,
    "cogvideox": COGVIDEOX,
    "framepack": FRAMEPACK,
    "hunyuan": HUNYUAN,
    "hunyuan-1.5": HUNYUAN15,
    "kandinsky-5": KANDINSKY,
    "ltx": LTX,
    "ltx-2": LTX2,
    "mochi": MOCHI,
    "modelscope": MODELSCOPE,
    "pocket": POCKET,
    "sana-video": SANA_VIDEO,
    "skyreels-2": SKYREELS,
    "stable-diffusion": STABLE_DIFFUSION,
    "stable-diffusion-xl": STABLE_DIFFUSION_XL,
    "stable-video": STABLE_VIDEO,
    "wan": WAN,
    "wan-vace": WAN_VACE,
}


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    card: ModelCard
    model: VideoModel


class LoadedModels:
    """Keeps one model in memory: the last one asked for."""

    def __init__(
        self,
        *,
        catalogue_file: Path,
        folders: Mapping[str, Path],
        device: Device,
        operator_catalogue: Path | None = None,
        lock_file: Path | None = None,
    ) -> None:
        cards = read_catalogue(catalogue_file, operator_catalogue)
        self._cards = {card.id: card for card in cards}
        self._weights = WeightFolders(folders, lock_file=lock_file)
        self._device = device
        self._loaded: LoadedModel | None = None
        self._spare_memory = False

    def get(self, model: str) -> LoadedModel:
        """Raises GenerationFailed where it cannot be loaded, with what to set or to install."""
        if self._loaded is None or self._loaded.card.id != model:
            if model not in self._cards:
                raise UnknownModel(model, tuple(self._cards))
            self._unload()
            card = self._cards[model]
            self._loaded = LoadedModel(
                card=card,
                model=load(card, self._weights, self._device, offload=self._spare_memory),
            )
        return self._loaded

    def is_loaded(self, model: str) -> bool:
        return self._loaded is not None and self._loaded.card.id == model

    def after(self, fault: Exception) -> None:
        """Prepares for the next try: after OutOfMemory, models take less memory and more time."""
        if isinstance(fault, OutOfMemory):
            self._spare_memory = True
            self._unload()

    def spare_memory(self) -> None:
        """From now on models take less memory and more time; what is loaded is loaded so anew."""
        if not self._spare_memory:
            self._spare_memory = True
            self._unload()

    def _unload(self) -> None:
        self._loaded = None
        gc.collect()
        self._device.free_unused_memory()


def silence_libraries() -> None:
    """No progress bars and no advice on standard error: a worker's log is for faults."""
    for library in (diffusers_logging, transformers_logging):
        library.set_verbosity_error()
        library.disable_progress_bar()


def load(
    card: ModelCard, weights: WeightFolders, device: Device, *, offload: bool = False
) -> VideoModel:
    """`offload` spares memory: pictures are decoded in tiles, and where the device is CUDA the
    weights are in main memory between uses.

    Raises GenerationFailed for a family without an adapter or weights that do not fit it.
    """
    try:
        family = FAMILIES[card.family]
    except KeyError:
        raise GenerationFailed(f"model {card.id}: no adapter for {card.family!r}") from None
    missing = [task for task in card.tasks if task not in family.pipelines]
    if missing:
        raise GenerationFailed(
            f"model {card.id}: {card.family} models are not given {', '.join(missing)}"
        )
    found = weights.of_model(card)
    try:
        pipeline = _open(card, family, found, weights, device)
    except (OSError, ValueError, KeyError) as error:
        raise GenerationFailed(f"model {card.id} cannot be loaded: {error}") from error
    _place(pipeline, device, offload=offload)
    return DiffusersModel(
        pipeline,
        card=card,
        family=family,
        revision=found.revision,
        find=lambda source: weights.of_source(card, source).folder,
    )


def _open(
    card: ModelCard, family: Family, found: Weights, weights: WeightFolders, device: Device
) -> Any:
    if card.family == "pocket":
        return load_pocket_pipeline(found.folder)
    dtype = getattr(torch, card.dtype) if device.is_cuda else device.dtype
    parts = {
        name: load_part(source, weights.of_source(card, source).folder, dtype)
        for name, source in card.parts.items()
    }
    pipeline_class = getattr(diffusers, family.pipelines[card.tasks[0]])
    return pipeline_class.from_pretrained(
        found.folder,
        dtype={"default": dtype, **dict.fromkeys(family.full_precision, torch.float32)},
        use_safetensors=True,
        local_files_only=True,
        **family.components(found.folder),
        **parts,
    )


def _place(pipeline: Any, device: Device, *, offload: bool) -> None:
    """Puts the pipeline on the device, or beside it where it does not fit."""
    if device.is_cuda and (offload or not _fits(pipeline, device)):
        logger.warning("memory is short: %s is offloaded between uses", type(pipeline).__name__)
        pipeline.enable_model_cpu_offload(device=device.torch_device)
        offload = True
    else:
        pipeline.to(device.torch_device)
    if offload and hasattr(pipeline.vae, "use_tiling"):  # not every autoencoder can
        pipeline.vae.enable_tiling()


def _fits(pipeline: Any, device: Device) -> bool:
    modules = [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]
    weight_bytes = sum(
        parameter.numel() * parameter.element_size()
        for module in modules
        for parameter in module.parameters()
    )
    return weight_bytes <= device.free_bytes() * (1 - WORKING_MEMORY_SHARE)
