"""Models that make clips twice as large: LTX-Video's latent upsampler, and Swin2SR."""

# diffusers and transformers are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline
from diffusers.pipelines.ltx.pipeline_output import LTXPipelineOutput
from torch.nn import functional

from generation.models.adapter import Frames
from generation.models.card import Source, Task
from generation.models.family import Call, Family, pictures
from generation.models.parts import load_part
from generation.request import UPSCALE_FACTOR

TILE = 256
"""Pixels: a picture is computed in squares of this side, so memory does not grow with its size."""
MARGIN = 16
"""Pixels around a tile that are computed with it and dropped: two of Swin2SR's windows."""
WINDOW = 8
"""Swin2SR's own pads to its multiples by reflection, which a picture of fewer pixels cannot."""


class PictureUpscalePipeline(DiffusionPipeline):
    """Swin2SR picture by picture. `upscaler` may enlarge by more than UPSCALE_FACTOR: its pictures
    are then made as small as asked."""

    model_cpu_offload_seq = "upscaler"

    def __init__(self, upscaler: Any) -> None:
        super().__init__()
        self.register_modules(upscaler=upscaler)

    @torch.no_grad()
    def __call__(
        self, video: Frames, generator: torch.Generator | None = None, output_type: str = "np"
    ) -> LTXPipelineOutput:
        """Float pictures from 0 to 1, as diffusers' pipelines give them. Nothing is drawn."""
        made: list[torch.Tensor] = []
        bars: Any = self.progress_bar  # annotated as what wraps it
        with bars(total=len(video)) as bar:
            for picture in video:
                made.append(self._enlarged(torch.from_numpy(picture)))
                bar.update()
        return LTXPipelineOutput(frames=torch.stack(made)[None])

    def _enlarged(self, picture: torch.Tensor) -> torch.Tensor:
        """uint8, (height, width, 3) -> float32, (height, width, 3), UPSCALE_FACTOR times as large,
        in main memory."""
        height, width = picture.shape[:2]
        given = picture.permute(2, 0, 1)[None].float() / 255.0
        given = functional.pad(given, (0, -width % WINDOW, 0, -height % WINDOW), mode="replicate")
        factor = UPSCALE_FACTOR
        larger = torch.empty(1, 3, given.shape[2] * factor, given.shape[3] * factor)
        for top, left in product(range(0, given.shape[2], TILE), range(0, given.shape[3], TILE)):
            self._put_tile(given, larger, top, left)
        return larger[0, :, : height * factor, : width * factor].permute(1, 2, 0)

    def _put_tile(self, given: torch.Tensor, larger: torch.Tensor, top: int, left: int) -> None:
        factor = UPSCALE_FACTOR
        above, before = max(0, top - MARGIN), max(0, left - MARGIN)
        tile = given[:, :, above : top + TILE + MARGIN, before : left + TILE + MARGIN]
        made = self.upscaler(tile.to(self._execution_device)).reconstruction.float().cpu()
        if self.upscaler.config.upscale != factor:
            size = (tile.shape[2] * factor, tile.shape[3] * factor)
            made = functional.interpolate(made, size=size, mode="bicubic", antialias=True)
        room = larger[:, :, top * factor : (top + TILE) * factor, left * factor :]
        room = room[:, :, :, : TILE * factor]
        down, across = (top - above) * factor, (left - before) * factor
        room.copy_(made[:, :, down : down + room.shape[2], across : across + room.shape[3]])


def _assembled(folder: Path) -> PictureUpscalePipeline:
    """In float32: half precision would leave fewer shades than a picture has."""
    upscaler = load_part(Source(repository=str(folder)), folder, torch.float32)
    return PictureUpscalePipeline(upscaler.eval())


def _pictures(call: Call) -> dict[str, Any]:
    return {"video": np.ascontiguousarray(call.shot.source_video)}


def _ltx_arguments(call: Call) -> dict[str, Any]:
    shot = call.shot
    return {
        "video": pictures(shot.source_video),
        "width": shot.width,
        "height": shot.height,
        # The decoder of 0.9.1 and later takes the last denoising step itself.
        "decode_timestep": 0.05,
        "decode_noise_scale": 0.025,
        **call.preset.options,
    }


LTX_UPSCALER = Family(
    pipelines={Task.UPSCALE: "LTXLatentUpsamplePipeline"},
    arguments=_ltx_arguments,
    side_multiple=32,
)
SWIN2SR = Family(
    pipelines={Task.UPSCALE: PictureUpscalePipeline.__name__},
    arguments=_pictures,
    side_multiple=1,
    assemble=_assembled,
)
