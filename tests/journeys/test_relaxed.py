"""The relaxed lane: who has no credits left waits behind everybody who has, and pays nothing."""

from __future__ import annotations

from generation.errors import GenerationFailed
from storage.audit import audit
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, card_of, credits_of, finished_card, order

CLIP = "/imagine-video prompt:a red circle"


async def test_without_credits_one_is_refused_until_a_moderator_opens_the_relaxed_lane(
    stage: Stage,
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await (await lin.type("/quota set credits:1")).reply()
        refusal = (await (await ada.type(CLIP)).reply()).text
        assert "That costs 2 credits and you have 1" in refusal
        await (await lin.type("/admin relaxed allowed:true")).reply()
        receipt = (await (await ada.type(CLIP)).reply()).text
        assert "It costs 2 credits and you have 1, so it waits relaxed" in receipt
        card = await finished_card(ada, receipt.split("`")[1])
        assert card.attachments
        assert "Done · relaxed, no credits" in card.text
        assert await credits_of(ada) == 1
        await (await lin.type("/admin relaxed allowed:false")).reply()
        assert "you have 1" in (await (await ada.type(CLIP)).reply()).text
        log = (await (await lin.type("/admin log")).reply()).text
        assert "opened the relaxed lane" in log
        assert "closed the relaxed lane" in log
    assert await stage.service.database.read(audit) == ()


async def test_a_relaxed_job_starts_after_all_that_pay_even_if_they_come_later(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with (
        stage.member("Lin") as lin,
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
    ):
        await (await lin.type("/admin relaxed allowed:true")).reply()
        await (await lin.type("/quota set credits:0 member:ada")).reply()
        executor.hold()
        running = await order(lin, CLIP)
        await card_of(lin, running, having="step 1 of 4")
        relaxed = await order(ada, CLIP)
        shown = await card_of(ada, relaxed, having="Next in the queue")
        assert "relaxed: free, and after everybody who pays" in shown.text
        paying = [await order(grace, CLIP) for _ in range(2)]
        await card_of(ada, relaxed, having="Place 3 in the queue")
        executor.let_go()
        for job_id in (*paying, relaxed):
            await finished_card(ada, job_id)
    started = [execution.job_id for execution in executor.log]
    assert started == [running, *paying, relaxed]


async def test_a_relaxed_job_that_fails_or_is_cancelled_says_that_it_cost_nothing(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await (await lin.type("/admin relaxed allowed:true")).reply()
        await (await lin.type("/quota set credits:0 member:ada")).reply()
        executor.faults.append(GenerationFailed("the weights are damaged"))
        failed = await finished_card(ada, await order(ada, CLIP))
        assert "It cost nothing." in failed.text
        executor.hold()
        job_id = await order(ada, CLIP)
        await ada.press(await card_of(ada, job_id, having="step 1 of 4"), label="Cancel")
        cancelled = await card_of(ada, job_id, having="Cancelled")
        assert "It cost nothing." in cancelled.text
        assert await credits_of(ada) == 0
    assert await stage.service.database.read(audit) == ()
