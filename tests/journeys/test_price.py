"""What a clip would cost, before anything is spent."""

from __future__ import annotations

from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, credits_of, finished_card, order


async def test_a_preview_costs_nothing_until_generate_is_pressed_and_then_once(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        before = await credits_of(ada)
        line = "/price prompt:a red circle -dur 3 -camera zoom in -gs 99 -seed 7"
        preview = await (await ada.type(line)).reply()
        assert preview.ephemeral
        assert f"**3 credits**; you have {before}" in preview.text
        assert "next" in preview.text
        assert "3 s: 36 frames at 12 a second" in preview.text
        assert "zoom in (told in words)" in preview.text
        assert "99 became 12" in preview.text
        assert await credits_of(ada) == before
        assert executor.log == []

        reply = await (await ada.press(preview, label="Generate")).reply()
        card = await finished_card(grace, reply.text.split("`")[1])
        assert "seed `7`" in card.text
        again = await (await ada.press(preview, label="Generate")).reply()
        assert "nothing more was charged" in again.text
        assert await credits_of(ada) == before - 3
        assert len(executor.log) == 1


async def test_the_preview_tells_the_place_behind_those_who_wait(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        jobs = [await order(ada, "/imagine-video prompt:a red circle") for _ in range(3)]
        preview = await (await ada.type("/price prompt:a blue star")).reply()
        assert "number 3 in the queue" in preview.text
        preview = await (await grace.type("/price prompt:a blue star")).reply()
        assert "Place\nnext" in preview.text, "her turn comes before Ada's third clip"
        executor.let_go()
        for job_id in jobs:
            await finished_card(ada, job_id)


async def test_what_is_dear_is_previewed_by_itself_where_moderators_say_so(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await (await lin.type("/admin preview above:3")).reply()
        cheap = await order(ada, "/imagine-video prompt:a red circle duration:3")
        await finished_card(ada, cheap)
        preview = await (await ada.type("/imagine-video prompt:a fox duration:4")).reply()
        assert "before you spend anything" in preview.text
        assert len(executor.log) == 1
        reply = await (await ada.press(preview, label="Generate")).reply()
        await finished_card(ada, reply.text.split("`")[1])
        log = await (await lin.type("/admin log")).reply()
        assert "previews what costs more than 3 credits" in log.text
