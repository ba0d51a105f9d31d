"""The doctor's round: every check in the order in which their remedies make sense."""

from __future__ import annotations

import asyncio
import sys

from bot.doctor.data import examine_data_folder, examine_database
from bot.doctor.finding import Finding, Verdict, render
from bot.doctor.process import (
    examine_generation,
    examine_health,
    examine_python,
    examine_token,
)
from config.settings import Settings


def run(settings: Settings, *, quick: bool = False) -> int:
    """Examines, prints, and returns the exit code: 1 if anything must be mended."""
    findings = asyncio.run(examine(settings, quick=quick))
    print(render(findings))
    return int(any(finding.verdict is Verdict.BAD for finding in findings))


async def examine(settings: Settings, *, quick: bool = False) -> tuple[Finding, ...]:
    """All findings. With `quick` those of a health check: what can change while the bot runs,
    and the running bot's own word where `web.health_port` is set."""
    data_folder = settings.storage.data_folder
    findings = [await asyncio.to_thread(examine_data_folder, data_folder)]
    findings += await examine_database(settings.storage.database_url, thorough=not quick)
    if quick:
        if settings.web.health_port:
            findings.append(await examine_health(settings.web))
        return tuple(findings)
    return (
        examine_python(sys.version_info[:3]),
        await asyncio.to_thread(examine_token, settings),
        *findings,
        *await examine_generation(settings),
    )
