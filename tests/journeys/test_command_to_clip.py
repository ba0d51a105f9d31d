"""From a typed command to the posted clip, and what the card says on the way."""

from __future__ import annotations

from generation.inspection import inspect, read_label
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, card_of, credits_of, finished_card, order


async def test_a_command_becomes_a_clip_with_its_seed_and_settings(stage: Stage) -> None:
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle moving right seed:7")
        card = await finished_card(ada, job_id)
        assert not card.ephemeral
        assert "seed `7`" in card.text
        assert "a red circle moving right" in card.text
        media = await ada.download(card.attachments[0])
    facts, label = inspect(media), read_label(media)
    assert (facts.codec, facts.pixel_format, facts.faststart) == ("h264", "yuv420p", True)
    assert label is not None
    assert (label.prompt, label.seed) == ("a red circle moving right", 7)


async def test_price_and_place_are_shown_before_the_work_begins(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        first = await order(ada, "/imagine-video prompt:a red circle")
        await card_of(ada, first, having="step 1 of 4")
        second = await order(grace, "/imagine-video prompt:a blue square duration:3")
        card = await card_of(grace, second)
        assert "3 credits held" in card.text
        assert "Next in the queue" in (await card_of(grace, second, having="queue")).text
        third = await order(ada, "/imagine-video prompt:a green star")
        assert "Place 2" in (await card_of(ada, third, having="Place")).text
        executor.let_go()
        for member, job_id in ((ada, first), (grace, second), (ada, third)):
            assert (await finished_card(member, job_id)).attachments


async def test_progress_on_the_card_is_the_pipelines_own(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        assert "step 1 of 4" in (await card_of(ada, job_id, having="step 1")).text
        executor.let_go()
        await finished_card(ada, job_id)


async def test_a_clip_is_paid_for_once(stage: Stage) -> None:
    async with stage.member() as ada:
        before = await credits_of(ada)
        job_id = await order(ada, "/imagine-video prompt:a red circle duration:2")
        await finished_card(ada, job_id)
        assert await credits_of(ada) == before - 2
