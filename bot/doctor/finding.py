"""What the doctor found, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """A note is worth reading and needs no mending."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What was looked at, what was found, and in a sentence how to mend it."""

    subject: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def render(findings: tuple[Finding, ...]) -> str:
    """One line a finding, its remedy below it, and a last line that sums up."""
    signs = {Verdict.GOOD: "ok  ", Verdict.NOTE: "note", Verdict.BAD: "BAD "}
    width = max(len(finding.subject) for finding in findings)
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{signs[finding.verdict]}  {finding.subject:<{width}}  {finding.detail}")
        if finding.remedy:
            lines.append(f"{'':{width + 6}}  -> {finding.remedy}")
    bad = sum(finding.verdict is Verdict.BAD for finding in findings)
    lines.append("Everything needed is there." if not bad else f"{bad} to mend.")
    return "\n".join(lines)
