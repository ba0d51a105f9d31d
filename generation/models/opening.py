"""From a model's card to a model in memory, and the one that is kept there.

Weights are safetensors; nothing is downloaded here and no code of a repository is ever run.
"""

# diffusers and the hub's client are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from generation.device import Device
from generation.errors import GenerationFailed
from generation.models.acceleration import refuse_unsuited_caches
from generation.models.adapter import VideoModel
from generation.models.attention import attend_by
from generation.models.card import ModelCard, Task
from generation.models.diffusers_model import DiffusersModel
from generation.models.embeddings import EmbeddingCache
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
from generation.models.families.upscalers import LTX_UPSCALER, SWIN2SR
from generation.models.families.wan import WAN, WAN_VACE
from generation.models.family import Family
from generation.models.levers import Levers, Quantisation
from generation.models.parts import load_part
from generation.models.quantising import quantisation_config
from generation.models.tiers import Tier, is_quantised, place
from generation.models.upscaling_model import UpscalingModel
from generation.models.weights import WeightFolders, Weights, count_of_weights
from generation.pocket.pipeline import load_pocket_pipeline

FAMILIES: Mapping[str, Family] = {
    "animatediff": ANIMATEDIFF,
    "cogvideox": COGVIDEOX,
    "framepack": FRAMEPACK,
    "hunyuan": HUNYUAN,
    "hunyuan-1.5": HUNYUAN15,
    "kandinsky-5": KANDINSKY,
    "ltx": LTX,
    "ltx-2": LTX2,
    "ltx-upscaler": LTX_UPSCALER,
    "mochi": MOCHI,
    "modelscope": MODELSCOPE,
    "pocket": POCKET,
    "sana-video": SANA_VIDEO,
    "skyreels-2": SKYREELS,
    "stable-diffusion": STABLE_DIFFUSION,
    "stable-diffusion-xl": STABLE_DIFFUSION_XL,
    "stable-video": STABLE_VIDEO,
    "swin2sr": SWIN2SR,
    "wan": WAN,
    "wan-vace": WAN_VACE,
}


def silence_libraries() -> None:
    """No progress bars and no advice on standard error: a worker's log is for faults."""
    for library in (diffusers_logging, transformers_logging):
        library.set_verbosity_error()
        library.disable_progress_bar()


def load(
    card: ModelCard,
    found: Weights,
    weights: WeightFolders,
    device: Device,
    tier: Tier,
    *,
    embeddings: EmbeddingCache,
    levers: Levers,
) -> VideoModel:
    """The model of these weights; `weights` finds its parts and LoRAs.

    Raises GenerationFailed for a family without an adapter, weights that do not fit it, step caches
    that do not fit those, and attention that this machine cannot compute so.
    """
    family = family_of(card)
    missing = [task for task in card.tasks if task not in family.pipelines]
    if missing:
        raise GenerationFailed(
            f"model {card.id}: {card.family} models are not given {', '.join(missing)}"
        )
    quantisation = levers.quantisation if tier is Tier.QUANTISED else "none"
    try:
        pipeline = _open(card, family, found, weights, device, quantisation)
    except (OSError, ValueError, KeyError) as error:
        raise GenerationFailed(f"model {card.id} cannot be loaded: {error}") from error
    refuse_unsuited_caches(card, pipeline)
    place(pipeline, device, tier)
    attend_by(pipeline, levers.attention)
    if Task.UPSCALE in card.tasks:
        return UpscalingModel(pipeline, card=card, family=family, revision=found.revision)
    return DiffusersModel(
        pipeline,
        card=card,
        family=family,
        revision=found.revision,
        find=lambda source: weights.of_source(card, source).folder,
        embeddings=embeddings,
        precision=quantisation,
    )


def family_of(card: ModelCard) -> Family:
    """Raises GenerationFailed where it has no adapter."""
    try:
        return FAMILIES[card.family]
    except KeyError:
        raise GenerationFailed(f"model {card.id}: no adapter for {card.family!r}") from None


def part_bytes(
    card: ModelCard, found: Weights, weights: WeightFolders, device: Device
) -> Mapping[str, int]:
    """What the weights of each component will take in memory, by the headers of their files."""
    family = family_of(card)
    if family.assemble is not None:
        return {"network": count_of_weights(found.folder) * torch.float32.itemsize}
    folders = {folder.name: folder for folder in found.folder.iterdir() if folder.is_dir()}
    for name, source in card.parts.items():
        folders[name] = weights.of_source(card, source).folder / source.subfolder
    usual = torch.float32 if card.family == "pocket" else _dtype(card, device)
    whole = family.full_precision
    return {
        name: count_of_weights(folder) * (torch.float32 if name in whole else usual).itemsize
        for name, folder in folders.items()
    }


def _dtype(card: ModelCard, device: Device) -> torch.dtype:
    return getattr(torch, card.dtype) if device.is_cuda else device.dtype


def _open(
    card: ModelCard,
    family: Family,
    found: Weights,
    weights: WeightFolders,
    device: Device,
    quantisation: Quantisation,
) -> Any:
    if card.family == "pocket":
        return load_pocket_pipeline(found.folder)
    if family.assemble is not None:
        return family.assemble(found.folder)
    dtype = _dtype(card, device)
    parts = {
        name: load_part(source, weights.of_source(card, source).folder, dtype)
        for name, source in card.parts.items()
    }
    rounded: dict[str, Any] = {}
    if quantisation != "none":
        names = [name for name in _components(found.folder) if is_quantised(name)]
        names = [name for name in names if name not in (*card.parts, *family.full_precision)]
        rounded = {"quantization_config": quantisation_config(quantisation, names)}
    pipeline_class = getattr(diffusers, family.pipelines[card.tasks[0]])
    return pipeline_class.from_pretrained(
        found.folder,
        dtype={"default": dtype, **dict.fromkeys(family.full_precision, torch.float32)},
        use_safetensors=True,
        local_files_only=True,
        **family.components(found.folder),
        **parts,
        **rounded,
    )


def _components(folder: Path) -> Sequence[str]:
    """The names of a pipeline's components that have weights."""
    return [each.name for each in folder.iterdir() if any(each.glob("*.safetensors"))]
