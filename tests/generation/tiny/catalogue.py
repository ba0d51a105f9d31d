"""For every model of the catalogue a tiny one of the same classes, and a card that suits it.

The card keeps what an adapter goes by (family, tasks, features, presets, frame rule) and changes
sizes and sources only. Models whose classes and configuration agree share one folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from generation.models.card import Lora, ModelCard, Preset, Source
from tests.generation.tiny import hunyuan, transformers, unets, upscalers, wan
from tests.generation.tiny_ltx import save_tiny_ltx

SIDE = 64
SMALL_SIDE = 32
SMALL_FAMILIES = ("cogvideox", "framepack", "hunyuan", "mochi")
"""Whose attention would take seconds at the usual side."""

LAYOUTS: Mapping[str, Callable[[Path], object]] = {
    "ltx-video": save_tiny_ltx,
    "ltx-video-13b": save_tiny_ltx,
    "ltx-2": transformers.save_ltx2,
    "modelscope": unets.save_modelscope,
    "zeroscope": unets.save_modelscope,
    "zeroscope-xl": unets.save_modelscope,
    "stable-video": unets.save_stable_video,
    "stable-video-xt": unets.save_stable_video,
    "animatediff": unets.save_stable_diffusion,
    "cogvideox-2b": transformers.save_cogvideox,
    "cogvideox-5b": transformers.save_cogvideox,
    "cogvideox-5b-image": transformers.save_cogvideox_image,
    "cogvideox-1.5-5b": transformers.save_cogvideox_pairs,
    "cogvideox-1.5-5b-image": transformers.save_cogvideox_image_pairs,
    "wan-2.1-1.3b": wan.save_wan,
    "wan-2.1-14b": wan.save_wan,
    "wan-2.1-14b-image": wan.save_wan_image,
    "wan-2.1-14b-first-last": wan.save_wan_first_last,
    "wan-2.1-vace-1.3b": wan.save_wan_vace,
    "wan-2.1-vace-14b": wan.save_wan_vace,
    "wan-2.2-5b": wan.save_wan_ti2v,
    "wan-2.2-a14b": wan.save_wan_pair,
    "wan-2.2-a14b-image": wan.save_wan_pair_image,
    "hunyuan-video": hunyuan.save_hunyuan,
    "hunyuan-video-1.5": hunyuan.save_hunyuan15,
    "hunyuan-video-1.5-image": hunyuan.save_hunyuan15_image,
    "framepack": hunyuan.save_hunyuan,
    "sana-video": wan.save_sana_video,
    "kandinsky-5-lite": hunyuan.save_kandinsky,
    "kandinsky-5-lite-fast": hunyuan.save_kandinsky,
    "kandinsky-5-pro-image": hunyuan.save_kandinsky_image,
    "mochi": transformers.save_mochi,
    "skyreels-2-1.3b": wan.save_skyreels,
    "skyreels-2-14b": wan.save_skyreels,
    "stable-diffusion": unets.save_stable_diffusion,
    "sdxl": unets.save_stable_diffusion_xl,
    "swin2sr": upscalers.save_swin2sr,
    "swin2sr-light": upscalers.save_swin2sr_light,
    "ltx-upscaler": upscalers.save_ltx_upscaler,
}

PARTS: Mapping[str, Callable[[Path], object]] = {
    "guoyww/animatediff-motion-adapter-v1-5-2": unets.save_motion_adapter,
    "wangfuyun/AnimateLCM": unets.save_lcm_adapter,
    "ByteDance/AnimateDiff-Lightning": unets.save_lightning_adapter,
    "lllyasviel/FramePackI2V_HY": hunyuan.save_framepack_transformer,
    "lllyasviel/flux_redux_bfl": hunyuan.save_siglip,
}


class TinyWeights:
    """Builds each folder once, when it is first asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def card(self, card: ModelCard) -> ModelCard:
        """The card of the tiny model that stands for this one; the pocket model is small enough
        itself."""
        if card.id == "pocket":
            return card
        layout = LAYOUTS[card.id]
        side = SMALL_SIDE if card.family in SMALL_FAMILIES else SIDE
        return replace(
            card,
            source=Source(repository=str(self._folder(layout.__name__, layout))),
            parts={name: self._part(source) for name, source in card.parts.items()},
            presets={name: self._preset(preset) for name, preset in card.presets.items()},
            camera_loras={
                move: Lora(source=self._part(lora.source))
                for move, lora in card.camera_loras.items()
            },
            sizes={"1:1": (side, side)},
        )

    def _preset(self, preset: Preset) -> Preset:
        return replace(
            preset,
            steps_min=preset.steps_min if preset.timesteps else 1,
            loras=tuple(replace(lora, source=self._part(lora.source)) for lora in preset.loras),
            parts={name: self._part(source) for name, source in preset.parts.items()},
        )

    def _part(self, source: Source) -> Source:
        name = source.repository
        if name.startswith("guoyww/animatediff-motion-lora-"):
            folder = self._folder("motion lora", unets.save_camera_lora)
        else:
            folder = self._folder(name.replace("/", "-"), PARTS[name])
        return replace(source, repository=str(folder))

    def _folder(self, name: str, save: Callable[[Path], object]) -> Path:
        folder = self._root / name
        if not folder.exists():
            save(folder)
        return folder
