"""The documents point at things that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.sources import ROOT, documents

LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The `#anchor` of every heading, made as GitHub makes it."""
    headings = re.findall(r"^#{1,6}\s+(.*?)\s*#*$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(document: Path, target: str) -> bool:
    """Whether a link's file exists, and its heading where it names one; other sites may differ."""
    if re.match(r"[a-z][a-z+.-]*:", target):
        return True
    name, _, anchor = target.partition("#")
    file = (ROOT / document.parent / name) if name else ROOT / document
    if anchor and file.suffix == ".md":
        return file.exists() and anchor in anchors(file.read_text(encoding="utf-8"))
    return file.exists()


@pytest.mark.parametrize("document", documents(), ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    text = FENCE.sub("", (ROOT / document).read_text(encoding="utf-8"))
    assert not [link for link in LINK.findall(text) if not leads_somewhere(document, link)]


def test_the_changelog_has_room_for_the_next_change() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in changelog


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers
