"""A model that this machine cannot run is not offered, and refused before anything is charged."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    Stage,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)
from tests.journeys.test_refusals import refused

REASON = "it needs a graphics card, and this machine has none to compute on"


@pytest.fixture
async def stage(tmp_path: Path, executor: ScriptedExecutor) -> AsyncGenerator[Stage]:
    settings = make_settings(
        tmp_path, generation={"enabled_models": ["pocket", "wan-2.1-1.3b", "mochi"]}
    )
    async with (
        open_playground() as playground,
        open_stage(playground, settings, executor) as opened,
    ):
        yield opened


async def test_what_cannot_run_here_is_neither_offered_nor_charged(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    line = "/imagine-video prompt:a red circle model:"
    async with stage.member() as ada:
        offered = [choice["value"] for choice in await ada.autocomplete(line, "model")]
        assert offered == ["pocket", "wan-2.1-1.3b", "mochi"], "nothing is known yet"
        first = await order(ada, f"{line}wan-2.1-1.3b")
        await finished_card(ada, first)
        executor.unable = {"wan-2.1-1.3b": REASON, "mochi": REASON}
        offered = [choice["value"] for choice in await ada.autocomplete(line, "model")]
        assert offered == ["pocket"]
        text = await refused(ada, f"{line}wan-2.1-1.3b")
        assert f"wan-2.1-1.3b cannot run here: {REASON}. These can: pocket." in text
        card = await finished_card(ada, first)
        reroll = await (await ada.press(card, label="Reroll")).reply()
        assert "cannot run here" in reroll.text
        assert f"Cannot run here:** {REASON}" in (await (await ada.type("/models")).reply()).text
    assert len(executor.log) == 1
