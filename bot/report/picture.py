"""The moderators' report as a picture: bars of minutes by member and role, waits, refunds."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from bot.drawing import FAINT, INK, MARGIN, PAPER, WIDTH, font, shortened
from bot.report.numbers import Line, Report
from bot.text import credit_count, duration

ROW = 34
NAME_WIDTH = 250
NUMBERS_WIDTH = 330
MOST_MEMBERS = 12
MOST_ROLES = 6
NAME_CHARACTERS = 20

MEMBER_BAR = (59, 130, 246)
ROLE_BAR = (34, 160, 107)


class _Page:
    """A sheet that is written from above; `y` is where the next row goes, in pixels."""

    def __init__(self, height: int) -> None:
        self.image = Image.new("RGB", (WIDTH, height), PAPER)
        self._draw = ImageDraw.Draw(self.image)
        self.y = MARGIN

    def text(self, words: str, *, size: int = 18, colour: tuple[int, int, int] = INK) -> None:
        self._draw.text((MARGIN, self.y), words, font=font(size), fill=colour)
        self.y += round(size * 1.7)

    def bar(self, line: Line, share: float, colour: tuple[int, int, int]) -> None:
        """A line of the report; `share` of the longest bar."""
        room = WIDTH - 2 * MARGIN - NAME_WIDTH - NUMBERS_WIDTH
        left = MARGIN + NAME_WIDTH
        self._draw.text(
            (MARGIN, self.y), shortened(line.name, NAME_CHARACTERS), font=font(17), fill=INK
        )
        self._draw.rounded_rectangle(
            (left, self.y + 3, left + max(3, round(room * share)), self.y + ROW - 14),
            radius=4,
            fill=colour,
        )
        clips = f"{line.clips} clip{'' if line.clips == 1 else 's'}"
        numbers = f"{line.minutes:.1f} min · {clips} · {_waits(line)}"
        self._draw.text((left + room + 14, self.y + 2), numbers, font=font(14), fill=FAINT)
        self.y += ROW


def draw(report: Report) -> bytes:
    """A PNG."""
    members, roles = report.members[:MOST_MEMBERS], report.roles[:MOST_ROLES]
    page = _Page(MARGIN * 2 + 330 + ROW * (len(members) + len(roles) + len(report.remixed)))
    page.text(report.title, size=28)
    page.text(f"{report.since:%Y-%m-%d} to {report.until:%Y-%m-%d} (UTC)", size=16, colour=FAINT)
    total = report.total
    page.text(
        f"{total.minutes:.1f} GPU minutes · {total.clips} clips of {total.jobs} jobs · "
        f"{credit_count(total.credits)} spent"
    )
    page.text(
        f"wait: {_waits(total)} · given back: {credit_count(report.refunds.credits)} "
        f"({report.refunds.jobs} jobs)"
    )
    _bars(page, "Members", members, MEMBER_BAR, len(report.members))
    _bars(page, "Roles", roles, ROLE_BAR, len(report.roles))
    if report.remixed:
        page.y += 12
        page.text("Most remixed", size=20)
        for each in report.remixed:
            page.text(f"job {each.job_id}: {each.remixes} ×", size=17)
    out = io.BytesIO()
    page.image.crop((0, 0, WIDTH, page.y + MARGIN)).save(out, "PNG")
    return out.getvalue()


def _bars(
    page: _Page, title: str, lines: Sequence[Line], colour: tuple[int, int, int], count: int
) -> None:
    if not lines:
        return
    page.y += 12
    page.text(title, size=20)
    longest = max(line.minutes for line in lines)
    for line in lines:
        page.bar(line, line.minutes / longest if longest else 0.0, colour)
    if count > len(lines):
        page.text(f"and {count - len(lines)} more in the table", size=14, colour=FAINT)


def _waits(line: Line) -> str:
    if line.wait_p50_seconds is None or line.wait_p95_seconds is None:
        return "none began"
    return f"p50 {duration(line.wait_p50_seconds)}, p95 {duration(line.wait_p95_seconds)}"
