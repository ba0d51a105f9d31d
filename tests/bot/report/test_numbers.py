"""The report's figures, from rows that are easy to add up."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from PIL import Image

from bot.report import picture
from bot.report.numbers import Member, Report, as_csv, line, member_lines, percentile, role_lines
from storage.usage import JobUse, Refunds, Remixed
from tests.generation.builders import make_clip

PEOPLE = {
    1: Member(name="Ada", roles=("student",)),
    2: Member(name='=HYPERLINK("x")', roles=("student", "tutor")),
    3: Member(name="Лин", roles=()),
}


def use(user_id: int, *, seconds: float | None = 60.0, wait: float | None = 1.0) -> JobUse:
    clip = None
    if seconds is not None:
        facts = make_clip(generation_seconds=seconds, encoding_seconds=0.0).facts
        clip = facts.to_json()
    return JobUse(
        user_id=user_id,
        state="succeeded" if clip else "failed",
        wait_seconds=wait,
        clip_json=clip,
        price_credits=2 if clip else 0,
    )


USES = (use(1), use(1, seconds=30.0, wait=3.0), use(2, seconds=240.0), use(3, seconds=None), use(9))


def make_report() -> Report:
    return Report(
        title="Reelroom in Study Hall",
        since=datetime(2026, 11, 14, tzinfo=UTC),
        until=datetime(2026, 11, 21, tzinfo=UTC),
        total=line("everybody", USES),
        members=member_lines(USES, PEOPLE),
        roles=role_lines(USES, PEOPLE),
        refunds=Refunds(jobs=1, credits=2),
        remixed=(Remixed(job_id="abc", user_id=1, remixes=3),),
    )


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 5.0), (0.95, 10.0), (0.1, 1.0), (1.0, 10.0), (0.0, 1.0)]
)
def test_a_percentile_is_the_nearest_rank(share: float, expected: float) -> None:
    assert percentile([float(each) for each in range(1, 11)], share) == expected


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile([], 0.5) is None
    assert line("nobody", ()).wait_p50_seconds is None


def test_members_and_roles_add_up_and_the_most_minutes_come_first() -> None:
    members = member_lines(USES, PEOPLE)
    assert [(each.name, each.minutes, each.jobs, each.clips, each.credits) for each in members] == [
        ('=HYPERLINK("x")', 4.0, 1, 1, 2),
        ("Ada", 1.5, 2, 2, 4),
        ("9", 1.0, 1, 1, 2),
        ("Лин", 0.0, 1, 0, 0),
    ]
    roles = {each.name: each.minutes for each in role_lines(USES, PEOPLE)}
    assert roles == {"student": 5.5, "tutor": 4.0, "(no role)": 1.0}


def test_the_table_is_csv_that_no_spreadsheet_executes() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(make_report()))))
    assert [row["kind"] for row in rows] == ["total", *["member"] * 4, *["role"] * 3]
    assert rows[1]["name"] == '\'=HYPERLINK("x")'
    assert (rows[0]["gpu_minutes"], rows[0]["wait_p50_s"]) == ("6.50", "1.0")
    assert rows[2]["wait_p95_s"] == "3.0"


def test_the_picture_shows_every_bar_in_proportion() -> None:
    image = Image.open(io.BytesIO(picture.draw(make_report()))).convert("RGB")
    width, height = image.size
    assert width == picture.WIDTH
    runs = [
        sum(image.getpixel((x, y)) == picture.MEMBER_BAR for x in range(width))
        for y in range(height)
    ]
    bars: list[int] = []
    for before, now in zip([0, *runs], runs, strict=False):
        if now and not before:
            bars.append(0)
        if now:
            bars[-1] = max(bars[-1], now)
    assert len(bars) == 4
    assert bars == sorted(bars, reverse=True)
    assert bars[1] / bars[0] == pytest.approx(1.5 / 4.0, abs=0.02)


def test_a_server_without_jobs_has_a_report_too() -> None:
    empty = Report(
        title="x" * 200,
        since=datetime(2026, 11, 14, tzinfo=UTC),
        until=datetime(2026, 11, 21, tzinfo=UTC),
        total=line("everybody", ()),
        members=(),
        roles=(),
        refunds=Refunds(jobs=0, credits=0),
        remixed=(),
    )
    assert Image.open(io.BytesIO(picture.draw(empty))).size[0] == picture.WIDTH
    assert len(as_csv(empty).splitlines()) == 2
