"""Measures a folder of weights: `python -m generation.pocket.evaluate --out build/evaluation`.

Clips are made from prompts of held-out combinations through the pipeline that users get, and
measured by `measure`, which knows nothing of the model. Writes `evaluation.json` (figures, each
clip's result, the digest of the weights), `evaluation.md` (the table) and `contact_sheet.png`.
"""

# diffusers and torch are partly typed, and diffusers exports its classes lazily.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false

import argparse
import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from diffusers import LTXConditionPipeline
from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition
from PIL import Image

from generation.loop_seam import seam
from generation.pocket.captions import simple_caption
from generation.pocket.evaluation_report import write_report
from generation.pocket.measure import Clip, background_of, look, thing_masks
from generation.pocket.measure_camera import camera_of
from generation.pocket.phrasing import DEFAULT_GUIDANCE, DEFAULT_STEPS, MAX_TOKENS, QUICK_STEPS
from generation.pocket.pipeline import WEIGHTS_FOLDER, load_pocket_pipeline, weights_digest
from generation.pocket.rendering import render
from generation.pocket.schedule import even_timesteps
from generation.pocket.world import (
    BACKGROUNDS,
    COLOURS,
    FRAMES_PER_SECOND,
    MOTIONS,
    THINGS,
    Scene,
    Thing,
    is_held_out,
    is_visible,
    sample_any_scene,
)

FRAMES = 25
SIDE = 128
_DIRECTIONS = MOTIONS[:4]
_PATTERNED = BACKGROUNDS[3:]
"""Backgrounds on which a camera's move can be seen."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One clip: its prompt and, for each attribute measured, whether it was right."""

    group: str
    prompt: str
    seed: int
    right: dict[str, bool]
    seen: dict[str, str | None]
    clip: Clip = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How clips are sampled."""

    steps: int
    guidance: float
    batch: int = 4


def direction_scenes(count: int) -> list[Scene]:
    """Plain prompts of one direction, all held out: "a red circle moving right".

    The directions come round evenly; things and colours are drawn, always the same ones.
    """
    rng = np.random.default_rng(8)
    scenes: list[Scene] = []
    while len(scenes) < count:
        thing = Thing(
            name=THINGS[int(rng.integers(len(THINGS)))],
            colour=COLOURS[int(rng.integers(len(COLOURS)))],
        )
        scene = Scene(thing=thing, motion=_DIRECTIONS[len(scenes) % 4])
        fresh = scene not in scenes and is_visible(thing.colour, scene.background)
        if fresh and is_held_out(scene):
            scenes.append(scene)
    return scenes


def world_scenes(count: int, seed: int) -> list[Scene]:
    """Held-out scenes of the whole world, every other with a moving camera."""
    rng = np.random.default_rng([seed, 7])
    scenes: list[Scene] = []
    while len(scenes) < count:
        scene = sample_any_scene(rng)
        seen_move = scene.camera != "none" and scene.background in _PATTERNED
        fits = seen_move if len(scenes) % 2 else scene.camera == "none"
        if fits and is_held_out(scene):
            scenes.append(scene)
    return scenes


def make_clips(
    pipeline: LTXConditionPipeline, prompts: Sequence[str], settings: Settings, *, seed: int,
    conditions: list[LTXVideoCondition] | None = None,
) -> list[Clip]:  # fmt: skip
    """One clip a prompt; the noise of each follows from `seed` and its number."""
    clips: list[Clip] = []
    for start in range(0, len(prompts), settings.batch):
        part = list(prompts[start : start + settings.batch])
        generators = [torch.Generator().manual_seed(seed + start + n) for n in range(len(part))]
        call: Any = pipeline
        frames = call(
            prompt=part, conditions=conditions, height=SIDE, width=SIDE, num_frames=FRAMES,
            frame_rate=FRAMES_PER_SECOND, num_inference_steps=settings.steps,
            timesteps=even_timesteps(settings.steps),
            guidance_scale=settings.guidance, image_cond_noise_scale=0.0, generator=generators,
            max_sequence_length=MAX_TOKENS, output_type="np",
        ).frames  # fmt: skip
        clips.extend((np.clip(video, 0, 1) * 255).round().astype(np.uint8) for video in frames)
    return clips


def judge(group: str, scene: Scene, prompt: str, seed: int, clip: Clip) -> Judged:
    """Compare what is seen with what was asked; what cannot be seen is not judged."""
    assert scene.thing is not None
    sight = look(clip)
    seen: dict[str, str | None] = {"background": sight.background, "colour": sight.colour}
    seen |= {"thing": sight.thing, "style": sight.style}
    wanted = {"background": scene.background, "colour": scene.thing.colour,
              "thing": scene.thing.name, "style": scene.style}  # fmt: skip
    if scene.companion is not None:
        seen["companion"] = None if sight.companion is None else " ".join(sight.companion)
        wanted["companion"] = f"{scene.companion.colour} {scene.companion.name}"
    if scene.camera == "none":
        # A moving camera moves the thing as well, so motion is judged only when it rests.
        seen["motion"], wanted["motion"] = sight.motion, scene.motion
    if scene.background in _PATTERNED:
        seen["camera"] = camera_of(clip, thing_masks(clip, background_of(clip)))
        wanted["camera"] = scene.camera
    right = {name: seen[name] == value for name, value in wanted.items()}
    right["everything"] = all(right.values())
    return Judged(group=group, prompt=prompt, seed=seed, right=right, seen=seen, clip=clip)


def judge_prompts(
    pipeline: LTXConditionPipeline, group: str, scenes: list[Scene], settings: Settings, seed: int
) -> list[Judged]:
    """Make and judge one clip a scene."""
    prompts = [simple_caption(scene) for scene in scenes]
    clips = make_clips(pipeline, prompts, settings, seed=seed)
    return [
        judge(group, scene, prompt, seed + n, clip)
        for n, (scene, prompt, clip) in enumerate(zip(scenes, prompts, clips, strict=True))
    ]


def picture_figures(
    pipeline: LTXConditionPipeline, settings: Settings, *, count: int, seed: int
) -> dict[str, float]:
    """First-frame fidelity of image to video, and how well first = last loops close."""
    likeness: list[float] = []
    closed: list[bool] = []
    for n, scene in enumerate(direction_scenes(count)):
        first = render([scene], frames=1, height=SIDE, width=SIDE)[0, :, 0].permute(1, 2, 0)
        pixels = (first.numpy() * 255).round().astype(np.uint8)
        image = Image.fromarray(pixels)
        prompt = simple_caption(scene)
        ends = [LTXVideoCondition(image=image, frame_index=index) for index in (0, FRAMES - 1)]
        one = dataclasses.replace(settings, batch=1)
        clip = make_clips(pipeline, [prompt], one, seed=seed + n, conditions=ends[:1])[0]
        likeness.append(similarity(clip[0], pixels))
        loop = make_clips(pipeline, [prompt], one, seed=seed + n, conditions=ends)[0]
        closed.append(seam(loop[:-1]).is_seamless)
    return {"first_frame_ssim": float(np.mean(likeness)), "loops_closed": float(np.mean(closed))}


def similarity(a: Clip, b: Clip) -> float:
    """Structural similarity of two pictures (Wang et al., 2004), windows of 7 x 7, mean of RGB."""
    x, y = a.astype(np.float64), b.astype(np.float64)
    mean_x, mean_y = cv2.blur(x, (7, 7)), cv2.blur(y, (7, 7))
    var_x = cv2.blur(x * x, (7, 7)) - mean_x**2
    var_y = cv2.blur(y * y, (7, 7)) - mean_y**2
    both = cv2.blur(x * y, (7, 7)) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    value = (2 * mean_x * mean_y + c1) * (2 * both + c2)
    return float((value / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))).mean())


def background_flicker(judged: Sequence[Judged]) -> float:
    """Mean absolute change, of 255, of still backgrounds from frame to frame."""
    changes: list[float] = []
    for one in judged:
        if (
            one.right.get("camera") is False
            or "camera" not in one.seen
            or one.seen["camera"] != "none"
        ):
            continue
        clip = one.clip.astype(np.float64)
        masks = thing_masks(one.clip, background_of(one.clip))
        near = [cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0 for mask in masks]
        still = ~(np.stack(near[1:]) | np.stack(near[:-1]))
        changes.append(float(np.abs(np.diff(clip, axis=0)).mean(axis=-1)[still].mean()))
    return float(np.mean(changes)) if changes else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--prompts", type=int, default=512, help="prompts of the whole world")
    parser.add_argument("--directions", type=int, default=16, help="prompts of plain directions")
    parser.add_argument("--quick", type=int, default=256, help=f"prompts at {QUICK_STEPS} steps")
    parser.add_argument("--pictures", type=int, default=24, help="first frames given")
    parser.add_argument("--steps", type=int, default=DEFAULT_STEPS)
    parser.add_argument("--guidance", type=float, default=DEFAULT_GUIDANCE)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--out", type=Path, required=True)
    found = parser.parse_args()
    pipeline = load_pocket_pipeline(found.weights)
    settings = Settings(steps=found.steps, guidance=found.guidance)
    started = time.monotonic()
    judged = judge_prompts(
        pipeline, "direction", direction_scenes(found.directions), settings, found.seed
    )
    judged += judge_prompts(
        pipeline, "world", world_scenes(found.prompts, found.seed), settings, found.seed + 500
    )
    figures = {"seconds_per_clip": (time.monotonic() - started) / max(1, len(judged))}
    judged += judge_prompts(
        pipeline,
        f"world in {QUICK_STEPS} steps",
        world_scenes(found.quick, found.seed),
        dataclasses.replace(settings, steps=QUICK_STEPS),
        found.seed + 500,
    )
    if found.pictures:
        figures |= picture_figures(pipeline, settings, count=found.pictures, seed=found.seed)
    figures["background_flicker"] = background_flicker(judged)
    write_report(
        found.out,
        judged,
        figures,
        facts={
            "weights_sha256": weights_digest(found.weights),
            "steps": found.steps,
            "guidance": found.guidance,
            "seed": found.seed,
        },
    )


if __name__ == "__main__":
    main()
