import json
from pathlib import Path

import numpy as np
import pytest

from generation.pocket.captions import simple_caption
from generation.pocket.evaluate import (
    Judged,
    background_flicker,
    direction_scenes,
    judge,
    world_scenes,
)
from generation.pocket.evaluation_report import write_report
from generation.pocket.measure import Clip
from generation.pocket.rendering import render
from generation.pocket.world import MOTIONS, Scene, is_held_out


def pixels(scene: Scene) -> Clip:
    clip = render([scene], frames=25, height=128, width=128)[0]
    return (clip.permute(1, 2, 3, 0).numpy() * 255).round().astype(np.uint8)


def judged_truth(count: int) -> list[Judged]:
    return [
        judge("world", scene, simple_caption(scene), seed, pixels(scene))
        for seed, scene in enumerate(world_scenes(count, seed=5))
    ]


def test_the_plain_prompts_go_every_way_equally_often() -> None:
    scenes = direction_scenes(16)
    assert len(set(scenes)) == 16
    for motion in MOTIONS[:4]:
        assert sum(scene.motion == motion for scene in scenes) == 4


def test_evaluation_asks_only_for_what_training_never_saw() -> None:
    assert all(is_held_out(scene) for scene in direction_scenes(16) + world_scenes(30, seed=1))


def test_rendered_truth_passes_the_evaluation() -> None:
    assert all(one.right["everything"] for one in judged_truth(12))


def test_a_clip_of_something_else_fails() -> None:
    asked, shown, *_ = direction_scenes(8)
    one = judge("direction", asked, simple_caption(asked), 0, pixels(shown))
    assert not one.right["motion"]
    assert not one.right["everything"]


def test_still_backgrounds_do_not_flicker_when_rendered() -> None:
    assert background_flicker(judged_truth(8)) == pytest.approx(0, abs=0.01)


def test_the_report_holds_table_clips_and_sheet(tmp_path: Path) -> None:
    write_report(tmp_path, judged_truth(4), {"seconds_per_clip": 1.5}, facts={"steps": 20})
    report = json.loads((tmp_path / "evaluation.json").read_text())
    assert report["steps"] == 20
    assert report["right"]["world"]["everything"] == {"right": 4, "of": 4, "share": 1.0}
    assert len(report["clips"]) == 4
    assert "| world | colour | 4 | 4 | 100 % |" in (tmp_path / "evaluation.md").read_text()
    assert (tmp_path / "contact_sheet.png").read_bytes().startswith(b"\x89PNG")
