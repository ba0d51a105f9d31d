"""Jobs that keep killing their worker: who sees them, and how they get another try."""

from __future__ import annotations

import pytest

from bot.playground.member import Member
from bot.playground.member_errors import Refused
from generation.errors import WorkerCrashed, WorkerHung
from storage import attempts, jobs
from storage.audit import audit
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, card_of, credits_of, finished_card, order


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause before another try is tested where it is made, and not waited for here."""
    monkeypatch.setattr(attempts, "BACKOFF", tuple(pause * 0 for pause in attempts.BACKOFF))


async def dead_job(ada: Member, executor: ScriptedExecutor) -> str:
    executor.faults += [WorkerCrashed(-9), WorkerHung(120, "generating")]
    job_id = await order(ada, "/imagine-video prompt:a red circle")
    await card_of(ada, job_id, having="came back")
    return job_id


async def say(member: Member, line: str) -> str:
    return (await (await member.type(line)).reply()).text


async def test_a_job_that_crashes_and_then_hangs_is_dead_and_on_the_moderators_list(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        assert "There are none" in await say(lin, "/admin dead")
        job_id = await dead_job(ada, executor)
        assert await credits_of(ada) == 100
        listed = await say(lin, "/admin dead")
        assert job_id in listed
        assert "a red circle" in listed
        assert "stopped making progress" in listed
        assert "2 attempts, 2 workers lost" in listed
    async with stage.member("Lin", guild="Film Club") as lin_elsewhere:
        assert "There are none" in await say(lin_elsewhere, "/admin dead")


async def test_a_moderator_gives_a_dead_job_another_try_and_its_author_pays(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        dead = await dead_job(ada, executor)
        listed = await (await lin.type("/admin dead")).reply()
        answer = await (await lin.press(listed, label=f"Try {dead} again")).reply()
        assert "is tried again as" in answer.text
        again = answer.text.split("`")[3]
        assert (await finished_card(ada, again)).attachments
        assert await credits_of(ada) == 98
        assert "There are none" in await say(lin, "/admin dead")
        assert f"tried dead job `{dead}` again as `{again}`" in await say(lin, "/admin log")
        twice = await say(lin, f"/admin requeue job:{dead}")
        assert "not on the list of dead jobs any more" in twice
        assert await credits_of(ada) == 98
    assert await stage.service.database.read(audit) == ()


async def test_another_try_keeps_what_the_member_had_chosen(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.faults += [WorkerCrashed(-9), WorkerCrashed(-9)]
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        dead = await order(ada, "/imagine-video prompt:a red circle private:true seed:5")
        await card_of(ada, dead, having="came back")
        again = (await say(lin, f"/admin requeue job:{dead}")).split("`")[3]
        await finished_card(ada, again)
        record = await stage.service.database.read(lambda c: jobs.get(c, again))
        assert record.private
        assert '"seed": 5' in record.request_json


async def test_another_try_that_the_author_cannot_pay_is_refused_and_changes_nothing(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await say(lin, "/quota set credits:3")
        dead = await dead_job(ada, executor)
        await finished_card(ada, await order(ada, "/imagine-video prompt:a blue square"))
        assert await credits_of(ada) == 1
        refusal = await say(lin, f"/admin requeue job:{dead}")
        assert "That costs 2 credits" in refusal
        assert "has 1" in refusal
        assert dead in await say(lin, "/admin dead")
        await say(lin, "/quota grant member:ada credits:5")
        assert "is tried again" in await say(lin, f"/admin requeue job:{dead}")


async def test_only_moderators_see_the_dead_or_try_them_again(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    """Neither where the client hides the commands, nor where it sends them all the same."""
    async with stage.member("Ada") as ada:
        dead = await dead_job(ada, executor)
        lines = ("/admin dead", f"/admin requeue job:{dead}", "/admin relaxed allowed:true")
        for line in lines:
            with pytest.raises(Refused):
                await ada.type(line)
        stage.playground.permit("admin", ada.id)
        for line in lines:
            assert "for moderators" in await say(ada, line)
    record = await stage.service.database.read(lambda c: jobs.get(c, dead))
    assert record.requeued_as is None


async def test_a_job_of_another_server_is_not_tried_again(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin", guild="Film Club") as lin:
        dead = await dead_job(ada, executor)
        assert "does not exist" in await say(lin, f"/admin requeue job:{dead}")
        assert "does not exist" in await say(lin, "/admin requeue job:aaaaaaaaaaaaa")


async def test_a_long_list_is_read_page_by_page(stage: Stage, executor: ScriptedExecutor) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        dead = [await dead_job(ada, executor) for _ in range(6)]
        first = await (await lin.type("/admin dead")).reply()
        assert [job_id in first.text for job_id in dead] == [False, *[True] * 5]
        assert "6 in all · page 1 of 2" in first.text
        await lin.press(first, label="Older")
        second = await lin.wait_for_message(lambda message: "page 2 of 2" in message.text)
        assert dead[0] in second.text
        await lin.press(second, label="Newer")
        await lin.wait_for_message(lambda message: "page 1 of 2" in message.text)
