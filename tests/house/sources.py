"""The project's files, as the house rules look at them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
OUR_FOLDERS = ("bot", "generation", "storage", "config")
CODE_FOLDERS = (*OUR_FOLDERS, "tests", "scripts")


def files(*folders: str, suffixes: tuple[str, ...]) -> tuple[Path, ...]:
    """Files of these suffixes below the folders, relative to the root, in a fixed order."""
    return tuple(
        path.relative_to(ROOT)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in suffixes and "__pycache__" not in path.parts
    )


def documents() -> tuple[Path, ...]:
    """Every Markdown file that we wrote."""
    top = tuple(path.relative_to(ROOT) for path in sorted(ROOT.glob("*.md")))
    return top + files("docs", *CODE_FOLDERS, suffixes=(".md",))
