"""The numbers of the moderators' report. Pure: from rows to figures and CSV.

Minutes are those of an executor slot, that is of the GPU where there is one, as the clips' own
facts tell; a job without a clip counts none.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from generation.clip import ClipFacts
from storage.usage import JobUse, Refunds, Remixed


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """Who somebody is for readers of the report; the roles by their names."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What one member, or all holders of one role, used."""

    name: str
    jobs: int
    clips: int
    minutes: float
    credits: int
    wait_p50_seconds: float | None
    wait_p95_seconds: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Of one server and time; lines by minutes, the most first."""

    title: str
    since: datetime
    until: datetime
    total: Line
    members: tuple[Line, ...]
    roles: tuple[Line, ...]
    """A member of several roles is in each of their lines."""
    refunds: Refunds
    remixed: tuple[Remixed, ...]


def unnamed(user_id: int) -> str:
    """Somebody whom Discord does not name."""
    return "a former member" if user_id < 0 else str(user_id)


def member_lines(uses: Sequence[JobUse], people: Mapping[int, Member]) -> tuple[Line, ...]:
    """A line for each member; one who has left is called by their id."""
    by_member: dict[int, list[JobUse]] = {}
    for use in uses:
        by_member.setdefault(use.user_id, []).append(use)
    return _sorted(
        line(people[user_id].name if user_id in people else unnamed(user_id), of_member)
        for user_id, of_member in by_member.items()
    )


def role_lines(uses: Sequence[JobUse], people: Mapping[int, Member]) -> tuple[Line, ...]:
    """A line for each role that somebody holds who ordered, and one for who holds none."""
    by_role: dict[str, list[JobUse]] = {}
    for use in uses:
        member = people.get(use.user_id)
        for role in (member.roles if member else ()) or ("(no role)",):
            by_role.setdefault(role, []).append(use)
    return _sorted(line(name, of_role) for name, of_role in by_role.items())


def line(name: str, uses: Sequence[JobUse]) -> Line:
    """These jobs summed up."""
    waits = sorted(use.wait_seconds for use in uses if use.wait_seconds is not None)
    return Line(
        name=name,
        jobs=len(uses),
        clips=sum(use.state == "succeeded" for use in uses),
        minutes=sum(map(_seconds, uses)) / 60,
        credits=sum(use.price_credits for use in uses),
        wait_p50_seconds=percentile(waits, 0.5),
        wait_p95_seconds=percentile(waits, 0.95),
    )


def percentile(ascending: Sequence[float], share: float) -> float | None:
    """The least value that this share of all does not exceed (nearest rank); None of none."""
    if not ascending:
        return None
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]


def as_csv(report: Report) -> str:
    """One row a member and role, with a heading; names that a spreadsheet would take for a
    formula are quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(
        ["kind", "name", "jobs", "clips", "gpu_minutes", "credits", "wait_p50_s", "wait_p95_s"]
    )
    rows = [("total", report.total)]
    rows += [("member", each) for each in report.members]
    rows += [("role", each) for each in report.roles]
    for kind, each in rows:
        writer.writerow(
            [
                kind,
                _harmless(each.name),
                each.jobs,
                each.clips,
                f"{each.minutes:.2f}",
                each.credits,
                _seconds_text(each.wait_p50_seconds),
                _seconds_text(each.wait_p95_seconds),
            ]
        )
    return out.getvalue()


def _sorted(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda each: (-each.minutes, -each.jobs, each.name)))


def _seconds(use: JobUse) -> float:
    if use.clip_json is None:
        return 0.0
    facts = ClipFacts.from_json(use.clip_json)
    return facts.generation_seconds + facts.encoding_seconds


def _harmless(name: str) -> str:
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def _seconds_text(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"
