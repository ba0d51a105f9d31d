"""From a model's card to a model in memory, and the one that is kept there.

Weights are safetensors in a local folder, or of the hub at a revision pinned by its 40 hex
digits; nothing is downloaded here and no code of a repository is ever run.
"""

# diffusers and the hub's client are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import gc
import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import LTXConditionPipeline
from diffusers.utils import logging as diffusers_logging
from huggingface_hub import snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError
from transformers.utils import logging as transformers_logging

from generation.device import Device
from generation.errors import GenerationFailed, OutOfMemory, UnknownModel
from generation.models.adapter import Shot, VideoModel
from generation.models.catalogue import ModelCard, read_catalogue
from generation.models.ltx import LtxModel, LtxStyle, ltx_video_style
from generation.pocket import phrasing as pocket_phrasing
from generation.pocket.pipeline import load_pocket_pipeline

logger = logging.getLogger(__name__)

PROJECT_FOLDER = Path(__file__).parents[2]
PINNED_REVISION = re.compile(r"[0-9a-f]{40}")
WORKING_MEMORY_SHARE = 0.3
"""Share of the device's free memory that activations may need beside the weights."""


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    card: ModelCard
    model: VideoModel


class LoadedModels:
    """Keeps one model in memory: the last one asked for."""

    def __init__(
        self, *, catalogue_file: Path, folders: Mapping[str, Path], device: Device
    ) -> None:
        self._cards = {card.id: card for card in read_catalogue(catalogue_file)}
        self._folders = folders
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
            source = find_weights(card, self._folders.get(model))
            self._loaded = LoadedModel(
                card=card, model=load(card, source, self._device, offload=self._spare_memory)
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


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A folder in diffusers' layout and what tells its content from another's."""

    folder: Path
    revision: str


def silence_libraries() -> None:
    """No progress bars and no advice on standard error: a worker's log is for faults."""
    for library in (diffusers_logging, transformers_logging):
        library.set_verbosity_error()
        library.disable_progress_bar()


def find_weights(card: ModelCard, folder: Path | None) -> Weights:
    """The folder from the settings, else of the project, else of the hub's cache.

    Raises GenerationFailed with what to set.
    """
    if folder is None and (PROJECT_FOLDER / card.source).is_dir():
        folder = PROJECT_FOLDER / card.source
    if folder is not None:
        if not (folder / "model_index.json").is_file():
            raise GenerationFailed(
                f"model {card.id}: {folder} holds no model_index.json; "
                f"generation.model_folders.{card.id} must name a folder in diffusers' layout"
            )
        return Weights(folder=folder, revision=content_hash(folder))
    if not PINNED_REVISION.fullmatch(card.revision):
        raise GenerationFailed(
            f"model {card.id}: set generation.model_folders.{card.id} to the folder of its "
            f"weights, or pin {card.source} in the catalogue by revision = the 40 hex digits "
            "of a commit"
        )
    try:
        cached = snapshot_download(card.source, revision=card.revision, local_files_only=True)
    except LocalEntryNotFoundError as error:
        raise GenerationFailed(
            f"model {card.id} is not on this machine; get it by: "
            f"hf download {card.source} --revision {card.revision}"
        ) from error
    return Weights(folder=Path(cached), revision=card.revision)


def load(card: ModelCard, weights: Weights, device: Device, *, offload: bool = False) -> VideoModel:
    """`offload` spares memory: pictures are decoded in tiles, and where the device is CUDA the
    weights are in main memory between uses.

    Raises GenerationFailed for a family without an adapter or weights that do not fit it.
    """
    try:
        load_family = FAMILIES[card.family]
    except KeyError:
        raise GenerationFailed(f"model {card.id}: no adapter for {card.family!r}") from None
    try:
        return load_family(weights, device, offload)
    except (OSError, ValueError, KeyError) as error:
        raise GenerationFailed(f"model {card.id} cannot be loaded: {error}") from error


def content_hash(folder: Path) -> str:
    """First 16 hex digits of the SHA-256 of names and contents of weights and configurations."""
    digest = hashlib.sha256()
    files = [file for file in folder.rglob("*") if file.suffix in (".safetensors", ".json")]
    for file in sorted(files):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def _load_ltx_video(weights: Weights, device: Device, offload: bool) -> VideoModel:
    pipeline = LTXConditionPipeline.from_pretrained(
        weights.folder, dtype=device.dtype, use_safetensors=True, local_files_only=True
    )
    style = ltx_video_style(decodes_with_noise=bool(pipeline.vae.config.timestep_conditioning))
    return _place(pipeline, style, weights, device, offload)


def _load_pocket(weights: Weights, device: Device, offload: bool) -> VideoModel:
    style = LtxStyle(
        prompt=_pocket_prompt,
        negative_prompt=lambda shot: shot.negative_prompt,
        picture_noise=0.0,
        options={"max_sequence_length": pocket_phrasing.MAX_TOKENS},
    )
    return _place(load_pocket_pipeline(weights.folder), style, weights, device, offload)


def _pocket_prompt(shot: Shot) -> str:
    # The pocket model knows one direction of rotation.
    camera = "rotate" if shot.camera.value.startswith("rotate") else shot.camera.value
    return pocket_phrasing.phrase(shot.prompt, camera=camera, motion=shot.motion)


FAMILIES: Mapping[str, Callable[[Weights, Device, bool], VideoModel]] = {
    "ltx": _load_ltx_video,
    "pocket": _load_pocket,
}


def _place(
    pipeline: LTXConditionPipeline,
    style: LtxStyle,
    weights: Weights,
    device: Device,
    offload: bool,
) -> VideoModel:
    """Puts the pipeline on the device, or beside it where it does not fit."""
    if device.is_cuda and (offload or not _fits(pipeline, device)):
        logger.warning("memory is short: %s is offloaded between uses", weights.folder)
        pipeline.enable_model_cpu_offload(device=device.torch_device)
        offload = True
    else:
        pipeline.to(device.torch_device)
    if offload:
        pipeline.vae.enable_tiling()
    return LtxModel(pipeline, style=style, revision=weights.revision)


def _fits(pipeline: LTXConditionPipeline, device: Device) -> bool:
    modules = [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]
    weight_bytes = sum(
        parameter.numel() * parameter.element_size()
        for module in modules
        for parameter in module.parameters()
    )
    return weight_bytes <= device.free_bytes() * (1 - WORKING_MEMORY_SHARE)
