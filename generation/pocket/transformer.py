"""The pocket model's transformer: LTX's, with tokens that know where they are.

LTX tells tokens their places only by rotary embeddings, that is relative to one another. Large
models find the picture's edges from that; a small one hardly learns that "moving right" begins
on the left. Here each token also enters with its own time and place as numbers, with the mean
of the caption's states, and with products of both: "here and now, given these words" is one
step away, where attention finds it only after many hours.
"""

# diffusers and torch are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# `forward` needs `video_coords`, which LTX's may do without.
# pyright: reportPrivateImportUsage=false, reportIncompatibleMethodOverride=false

import math
from typing import Any, Literal

import torch
from diffusers import LTXVideoTransformer3DModel
from diffusers.configuration_utils import register_to_config
from diffusers.models.modeling_outputs import Transformer2DModelOutput
from torch import Tensor, nn

_LEAST_TIME = 0.05
"""Below this the velocity is taken as if the time were this."""
_WAVES = 4
_COURSE_WAVES = 2
PLACE_FEATURES = 3 * (1 + 2 * _WAVES) + 3 + 2 + 4 * 2 * _COURSE_WAVES
"""For time, y and x a ramp and waves of four lengths; the clip's length and size; the products
of time and place, and waves that travel up, down, left and right through the clip.

With these "the thing is where it should be by now" is one comparison with the caption. From time
and place alone it is a product of three, which stays undiscovered for thousands of steps."""

_GATES = 256
"""Products of a mix of place features and a mix of what the caption means."""


class PocketTransformer(LTXVideoTransformer3DModel):
    """Takes and gives what `LTXVideoTransformer3DModel` does; `video_coords` is needed."""

    @register_to_config
    def __init__(
        self,
        in_channels: int = 256,
        out_channels: int = 256,
        patch_size: int = 1,
        patch_size_t: int = 1,
        num_attention_heads: int = 8,
        attention_head_dim: int = 32,
        cross_attention_dim: int = 256,
        num_layers: int = 6,
        activation_fn: str = "gelu-approximate",
        qk_norm: str = "rms_norm_across_heads",
        norm_elementwise_affine: bool = False,
        norm_eps: float = 1e-6,
        caption_channels: int = 128,
        attention_bias: bool = True,
        attention_out_bias: bool = True,
    ) -> None:
        super().__init__(
            in_channels=in_channels,
            out_channels=out_channels,
            patch_size=patch_size,
            patch_size_t=patch_size_t,
            num_attention_heads=num_attention_heads,
            attention_head_dim=attention_head_dim,
            cross_attention_dim=cross_attention_dim,
            num_layers=num_layers,
            activation_fn=activation_fn,
            qk_norm=qk_norm,
            norm_elementwise_affine=norm_elementwise_affine,
            norm_eps=norm_eps,
            caption_channels=caption_channels,
            attention_bias=attention_bias,
            attention_out_bias=attention_out_bias,
        )
        width = num_attention_heads * attention_head_dim
        self.proj_in = nn.Linear(in_channels + PLACE_FEATURES + caption_channels + _GATES, width)
        self.place_mix = nn.Linear(PLACE_FEATURES, _GATES)
        self.caption_gate = nn.Linear(caption_channels, _GATES)

    def forward(
        self,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor,
        timestep: Tensor,
        encoder_attention_mask: Tensor,
        *,
        video_coords: Tensor,
        extent: Tensor | None = None,
        wanted: Literal["velocity", "clean"] = "velocity",
        return_dict: bool = True,
        **options: Any,
    ) -> Any:
        """Predict the velocity of `hidden_states` (batch, tokens, channels).

        The network itself guesses the clean latents: what it says of a token need not repeat
        the noise in it. `wanted="clean"` returns that guess. `extent` (1 or batch, 3, 1) is the
        clip's largest place where the tokens are only an excerpt of it.
        """
        whole = video_coords.amax(dim=2, keepdim=True) if extent is None else extent
        places = place_features(video_coords, whole).to(hidden_states.dtype)
        shown = encoder_attention_mask.to(encoder_hidden_states.dtype).unsqueeze(-1)
        meaning = (encoder_hidden_states * shown).sum(1, keepdim=True) / shown.sum(1, keepdim=True)
        gated = self.place_mix(places) * self.caption_gate(meaning)
        tokens = hidden_states.shape[:2]
        known = [part.expand(*tokens, -1) for part in (hidden_states, places, meaning, gated)]
        clean = super().forward(
            torch.cat(known, dim=-1),
            encoder_hidden_states,
            timestep,  # pyright: ignore[reportArgumentType]
            encoder_attention_mask,
            video_coords=video_coords,
            return_dict=False,
            **options,
        )[0]
        if wanted == "clean":
            return clean
        time = (timestep.float() / 1000).clamp(min=_LEAST_TIME).view(len(clean), -1, 1)
        velocity = ((hidden_states - clean) / time).to(hidden_states.dtype)
        return Transformer2DModelOutput(sample=velocity) if return_dict else (velocity,)


def place_features(coords: Tensor, extent: Tensor) -> Tensor:
    """Numbers from -1 to 1 for seconds, y and x in pixels (batch, 3, tokens).

    `extent` holds the largest of each, (1 or batch, 3, 1). Returns (batch, tokens,
    PLACE_FEATURES).
    """
    ramp = 2 * coords / extent.clamp(min=1e-3) - 1
    waves = [
        wave(ramp * math.pi / 2 * 2**octave)
        for octave in range(_WAVES)
        for wave in (torch.sin, torch.cos)
    ]
    time, place = ramp[:, :1], ramp[:, 1:]
    courses = torch.cat([place - time, place + time], dim=1)
    travelling = [
        wave(courses * math.pi / 2 * 2**octave)
        for octave in range(_COURSE_WAVES)
        for wave in (torch.sin, torch.cos)
    ]
    scale = torch.tensor([4.0, 160.0, 160.0], device=coords.device)[None, :, None]
    size = (extent / scale).expand_as(coords)
    found = [ramp, *waves, size, time * place, *travelling]
    return torch.cat(found, dim=1).transpose(1, 2)
