"""Weights rounded to eight bits while they are loaded, by torchao through diffusers.

Only the activations' number format computes: a weight is widened where it is used, so this saves
memory, not steps. torchao is an optional extra (`pip install reelroom[quantised]`).
"""

# diffusers, transformers and torchao are partly typed, and export their classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false, reportMissingImports=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import Any

import torch

from generation.device import Device
from generation.models.levers import Quantisation
from generation.models.tiers import is_text_encoder

LEAST_CAPABILITY = {"int8": (8, 0), "float8": (8, 9)}
"""CUDA compute capabilities with fast kernels for the format: Ampere, Ada."""


def can_quantise(quantisation: Quantisation, device: Device) -> bool:
    """Whether the setting asks for it, torchao is installed, and the device is made for it."""
    if quantisation == "none" or not device.is_cuda or not is_installed():
        return False
    return torch.cuda.get_device_capability(device.torch_device) >= LEAST_CAPABILITY[quantisation]


def is_installed() -> bool:
    return importlib.util.find_spec("torchao") is not None


def quantisation_config(quantisation: Quantisation, parts: Iterable[str]) -> Any:
    """For `from_pretrained` of a pipeline: these parts of it, denoisers and text encoders."""
    from diffusers import PipelineQuantizationConfig
    from diffusers import TorchAoConfig as OfDiffusers
    from torchao.quantization import Float8WeightOnlyConfig, Int8WeightOnlyConfig
    from transformers import TorchAoConfig as OfTransformers

    rounding = Int8WeightOnlyConfig() if quantisation == "int8" else Float8WeightOnlyConfig()
    rounded: dict[str, Any] = {
        name: (OfTransformers if is_text_encoder(name) else OfDiffusers)(rounding) for name in parts
    }
    return PipelineQuantizationConfig(quant_mapping=rounded)
