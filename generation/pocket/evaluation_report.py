"""Writes what an evaluation found: JSON, a table, and a sheet of prompts and frames."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from generation.pocket.evaluate import Judged

ATTRIBUTES = (
    "colour", "thing", "background", "motion", "camera", "style", "companion", "everything",
)  # fmt: skip
_SHEET_FRAMES = (0, 6, 12, 18, 24)
_SHEET_COLUMNS = 2
_SHEET_CLIPS = 32
_CELL = 64
_LABEL_HEIGHT = 14


def shares(judged: Sequence[Judged]) -> dict[str, dict[str, float | int]]:
    """For each attribute the share of clips that have it right, and how many were judged."""
    found: dict[str, dict[str, float | int]] = {}
    for name in ATTRIBUTES:
        results = [one.right[name] for one in judged if name in one.right]
        if results:
            found[name] = {"right": sum(results), "of": len(results),
                           "share": round(sum(results) / len(results), 4)}  # fmt: skip
    return found


def write_report(
    folder: Path,
    judged: Sequence[Judged],
    figures: Mapping[str, float],
    *,
    facts: Mapping[str, object],
) -> None:
    """Write `evaluation.json`, `evaluation.md` and `contact_sheet.png` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    groups = {group: [one for one in judged if one.group == group] for group in
              dict.fromkeys(one.group for one in judged)}  # fmt: skip
    report = {
        **facts,
        "right": {group: shares(clips) for group, clips in groups.items()},
        "figures": {name: round(value, 4) for name, value in figures.items()},
        "clips": [
            {"group": one.group, "prompt": one.prompt, "seed": one.seed,
             "right": one.right, "seen": one.seen}
            for one in judged
        ],
    }  # fmt: skip
    (folder / "evaluation.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / "evaluation.md").write_text(_table(groups, figures))
    contact_sheet(judged).save(folder / "contact_sheet.png")


def _table(groups: Mapping[str, Sequence[Judged]], figures: Mapping[str, float]) -> str:
    lines = ["| prompts | attribute | right | of | share |", "|---|---|---|---|---|"]
    for group, clips in groups.items():
        for name, found in shares(clips).items():
            share = 100 * float(found["share"])
            lines.append(f"| {group} | {name} | {found['right']} | {found['of']} | {share:.0f} % |")
    lines += ["", "| figure | value |", "|---|---|"]
    lines += [f"| {name.replace('_', ' ')} | {value:.3g} |" for name, value in figures.items()]
    return "\n".join(lines) + "\n"


def contact_sheet(judged: Sequence[Judged]) -> Image.Image:
    """Frames of the first clips, each under its prompt, wrong ones marked with what was seen."""
    shown = list(judged)[:: max(1, len(judged) // _SHEET_CLIPS)][:_SHEET_CLIPS]
    width = len(_SHEET_FRAMES) * _CELL + 8
    height = _CELL + _LABEL_HEIGHT + 4
    rows = -(-len(shown) // _SHEET_COLUMNS)
    sheet = Image.new("RGB", (_SHEET_COLUMNS * width, rows * height), "white")
    draw = ImageDraw.Draw(sheet)
    for number, one in enumerate(shown):
        left, top = number % _SHEET_COLUMNS * width, number // _SHEET_COLUMNS * height
        wrong = [f"{name}: {one.seen[name]}" for name, right in one.right.items()
                 if not right and name in one.seen]  # fmt: skip
        draw.text((left + 2, top + 1), one.prompt[:58], fill="darkred" if wrong else "black")
        for place, frame in enumerate(_SHEET_FRAMES):
            picture = Image.fromarray(np.asarray(one.clip[min(frame, len(one.clip) - 1)]))
            cell = picture.resize((_CELL, _CELL), Image.Resampling.LANCZOS)
            sheet.paste(cell, (left + place * _CELL, top + _LABEL_HEIGHT))
    return sheet
