"""Guilds take turns, then members; one member's further jobs wait."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    Stage,
    card_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)


async def test_two_guilds_take_turns_whoever_came_first(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with (
        stage.member("Ada", guild="Study Hall") as ada,
        stage.member("Grace", guild="Film Club") as grace,
    ):
        hall = [await order(ada, f"/imagine-video prompt:{word}") for word in ("a1", "a2", "a3")]
        club = [await order(grace, f"/imagine-video prompt:{word}") for word in ("b1", "b2")]
        executor.let_go()
        for member, job_ids in ((ada, hall), (grace, club)):
            for job_id in job_ids:
                await finished_card(member, job_id)
    prompts = [execution.request.prompt for execution in executor.log]
    assert prompts == ["a1", "b1", "a2", "b2", "a3"]


async def test_a_members_second_job_waits_though_a_slot_is_free(tmp_path: Path) -> None:
    executor = ScriptedExecutor(slots=2)
    executor.hold()
    settings = make_settings(tmp_path, generation={"executor_slots": 2})
    async with (
        open_playground() as playground,
        open_stage(playground, settings, executor) as stage,
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
    ):
        first = await order(ada, "/imagine-video prompt:a1")
        second = await order(ada, "/imagine-video prompt:a2")
        third = await order(grace, "/imagine-video prompt:b1")
        await card_of(ada, first, having="step 1 of 4")
        await card_of(grace, third, having="step 1 of 4")
        await card_of(ada, second, having="in the queue")
        listed = await (await ada.type("/jobs")).reply()
        assert "place 1" in listed.text
        executor.let_go()
        for job_id in (first, second):
            await finished_card(ada, job_id)


async def test_a_guild_of_more_weight_is_given_more_turns(tmp_path: Path) -> None:
    executor = ScriptedExecutor()
    executor.hold()
    async with open_playground() as playground:
        async with open_stage(playground, make_settings(tmp_path), executor) as stage:
            (hall_id,) = (
                guild.id for guild in stage.service.client.guilds if guild.name == "Study Hall"
            )
        settings = make_settings(tmp_path, fairness={"guild_weights": {str(hall_id): 10}})
        async with (
            open_stage(playground, settings, executor) as stage,
            stage.member("Ada", guild="Study Hall") as ada,
            stage.member("Grace", guild="Film Club") as grace,
        ):
            hall = [await order(ada, f"/imagine-video prompt:a{number}") for number in (1, 2, 3)]
            club = [await order(grace, f"/imagine-video prompt:b{number}") for number in (1, 2)]
            executor.let_go()
            for member, job_ids in ((ada, hall), (grace, club)):
                for job_id in job_ids:
                    await finished_card(member, job_id)
    prompts = [execution.request.prompt for execution in executor.log]
    assert prompts == ["a1", "b1", "a2", "a3", "b2"]
