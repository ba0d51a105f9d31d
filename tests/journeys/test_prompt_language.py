"""Prompts as people type them elsewhere, from the command to the card."""

from __future__ import annotations

from generation.request import Camera, CameraMove
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, credits_of, finished_card


async def test_flags_in_a_prompt_make_the_request_and_what_is_odd_is_told_privately(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada:
        line = "/imagine-video prompt:a red circle --AR 9:16, -gs 33 -camera zoom in -sg 4 -seed 7"
        reply = await (await ada.type(line)).reply()
        assert reply.ephemeral
        assert "I do not know `-sg`" in reply.text
        assert "33 became 12" in reply.text
        card = await finished_card(ada, reply.text.split("`")[1])
        assert "a red circle -sg 4" in card.text
        assert "camera zoom in" in card.text
        assert "I do not know" not in card.text
    (execution,) = executor.log
    assert execution.request.prompt == "a red circle -sg 4"
    assert execution.request.aspect == "9:16"
    assert (execution.request.guidance, execution.request.seed) == (12.0, 7)
    assert execution.request.camera == Camera.of(CameraMove.ZOOM_IN)


async def test_a_prompt_of_flags_alone_or_of_too_many_words_costs_nothing(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        before = await credits_of(ada)
        refused = await (await ada.type("/imagine-video prompt:-gs 8 -motion 1")).reply()
        assert "The prompt is empty" in refused.text
        refused = await (await ada.type(f"/imagine-video prompt:{'word ' * 700}")).reply()
        assert "1500 are allowed" in refused.text
        assert await credits_of(ada) == before


async def test_whatever_can_be_typed_is_made_or_refused_with_a_reason(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        for prompt in ("ثعلب 🦊 -gs 4", "a &quot;red&quot; circle", "“a circle”", "a\x00b\u202ec"):
            reply = await (await ada.type(f"/imagine-video prompt:{prompt}")).reply()
            assert " is in. " in reply.text, reply.text
            await finished_card(ada, reply.text.split("`")[1])
