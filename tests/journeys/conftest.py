"""Fixtures: a stage with a scripted executor for each test, one with real workers for all."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, make_settings, open_playground, open_stage


@pytest.fixture
def executor() -> ScriptedExecutor:
    return ScriptedExecutor()


@pytest.fixture
async def stage(tmp_path: Path, executor: ScriptedExecutor) -> AsyncGenerator[Stage]:
    async with (
        open_playground() as playground,
        open_stage(playground, make_settings(tmp_path), executor) as opened,
    ):
        yield opened
