"""Weights from elsewhere that a pipeline is put together with: a motion adapter, a transformer,
an image encoder. What a folder holds says its class; only diffusers' and transformers' own are
made.
"""

# diffusers and transformers are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import MotionAdapter

# What diffusers itself calls when a LoRA changes the layers of a model that is streamed.
from diffusers.hooks.group_offloading import (
    _is_group_offload_enabled as is_group_offload_enabled,  # pyright: ignore[reportPrivateUsage]
)
from diffusers.hooks.group_offloading import (
    _maybe_remove_and_reapply_group_offloading as reapply_group_offloading,  # pyright: ignore[reportPrivateUsage]
)
from safetensors.torch import load_file

from generation.errors import GenerationFailed
from generation.models.card import Source

SAFE = {"use_safetensors": True, "local_files_only": True}


def load_part(source: Source, folder: Path, dtype: torch.dtype) -> Any:
    """The component that the folder holds. Raises GenerationFailed where that is unclear."""
    folder = folder / source.subfolder
    if (folder / "preprocessor_config.json").is_file():
        name = _named(folder / "preprocessor_config.json", "image_processor_type", "Image")
        return _class(transformers, name, folder).from_pretrained(folder, local_files_only=True)
    config = folder / "config.json"
    if not config.is_file():
        raise GenerationFailed(f"{folder} holds no config.json")
    fields = json.loads(config.read_text(encoding="utf-8"))
    if "_class_name" in fields:
        made = _class(diffusers, fields["_class_name"], folder)
    else:
        made = _class(transformers, (fields.get("architectures") or [""])[0], folder)
    return made.from_pretrained(folder, dtype=dtype, **SAFE)


def put_part(pipeline: Any, name: str, source: Source, folder: Path) -> None:
    """Exchanges a part of a loaded pipeline. Raises GenerationFailed where that cannot be done.

    A motion adapter's weights go into the UNet that it was woven into.
    """
    if name != "motion_adapter":
        raise GenerationFailed(f"a preset can exchange the motion adapter, not {name}")
    unet = pipeline.unet
    device, dtype = unet.device, unet.dtype
    if source.file:
        # AnimateDiff-Lightning is a file of weights without a configuration: the usual adapter's.
        adapter: Any = MotionAdapter.from_config(pipeline.motion_adapter.config)
        adapter.load_state_dict(load_file(folder / source.subfolder / source.file))
    else:
        adapter = load_part(source, folder, dtype)
    unet.load_motion_modules(adapter)
    if is_group_offload_enabled(unet):
        unet.to(dtype=dtype)
        reapply_group_offloading(unet)
    else:
        unet.to(device=device, dtype=dtype)


def lora_file(source: Source, folder: Path) -> Path:
    """The file that a LoRA's source names, else the only one its folder has.

    Raises GenerationFailed.
    """
    folder = folder / source.subfolder
    files = [folder / source.file] if source.file else sorted(folder.glob("*.safetensors"))
    if len(files) != 1 or not files[0].is_file():
        raise GenerationFailed(f"{folder} holds no LoRA as one .safetensors file; name its file")
    return files[0]


def _named(file: Path, key: str, kind: str) -> str:
    name = str(json.loads(file.read_text(encoding="utf-8")).get(key, ""))
    if kind not in name:
        raise GenerationFailed(f"{file} does not say its {key}")
    return name


def _class(library: Any, name: str, folder: Path) -> Any:
    made = getattr(library, name, None) if name else None
    if not (isinstance(made, type) and hasattr(made, "from_pretrained")):
        raise GenerationFailed(f"{folder} holds {name or 'no class that is named'}, not a model")
    return made
