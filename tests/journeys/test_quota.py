"""What moderators do about credits, and what members then see."""

from __future__ import annotations

from tests.journeys.stage import Stage, credits_of


async def test_a_grant_can_be_spent_at_once_and_shows_in_the_history(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        before = await credits_of(ada)
        granted = await lin.type("/quota grant member:ada credits:50 reason:exam week")
        assert "50 credits" in (await granted.reply()).text
        assert await credits_of(ada) == before + 50
        history = (await (await ada.type("/credits")).reply()).text
        assert "50 received (exam week)" in history
        shown = (await (await lin.type("/quota show member:ada")).reply()).text
        assert f"**{before + 50} credits**" in shown


async def test_an_allowance_applies_from_the_next_refill_and_only_to_its_guild(
    stage: Stage,
) -> None:
    async with (
        stage.member("Lin") as lin,
        stage.member("Ada") as ada,
        stage.member("Ada", guild="Film Club") as ada_elsewhere,
    ):
        await (await lin.type("/quota set credits:7")).reply()
        await (await lin.type("/quota set credits:3 member:grace")).reply()
        assert await credits_of(ada) == 7  # her first touch in this guild is her first refill
        assert await credits_of(ada_elsewhere) == 100
    async with stage.member("Grace") as grace:
        assert await credits_of(grace) == 3


async def test_a_role_brings_credits_once_a_week_to_whoever_holds_it(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        guild = next(each for each in stage.service.client.guilds if each.name == "Study Hall")
        student = next(role for role in guild.roles if role.name == "student")
        before = await credits_of(ada)
        answer = (await (await lin.type(f"/quota role role:{student.id} credits:30")).reply()).text
        assert "30 credits a week" in answer
        assert [await credits_of(ada) for _ in range(2)] == [before + 30] * 2
        assert await credits_of(lin) == 100, "she is no student"
        shown = (await (await lin.type("/quota show member:ada")).reply()).text
        assert "30 received (for a role" in shown
        ended = (await (await lin.type(f"/quota role role:{student.id} credits:0")).reply()).text
        assert "brings nothing any more" in ended
        log = (await (await lin.type("/admin log")).reply()).text
        assert f"gave <@&{student.id}> 30 credits a week (before: nothing)" in log
        assert f"ended what <@&{student.id}> brings (before: 30 credits a week)" in log
        assert "granted" not in log, "what a role brought is nobody's act"


async def test_the_log_says_who_gave_whom_what_and_what_was_there_before(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await credits_of(ada)
        await (await lin.type("/quota grant member:ada credits:50 reason:exam week")).reply()
        await (await lin.type("/quota set credits:7 member:ada")).reply()
        await (await lin.type("/quota set credits:9 member:ada")).reply()
        log = (await (await lin.type("/admin log")).reply()).text
        who, whom = f"<@{lin.id}>", f"<@{ada.id}>"
        assert f"{who} granted {whom} 50 credits, from 100 to 150 (exam week)" in log
        assert f"{who} set {whom}'s daily allowance to 7 credits (before: not set)" in log
        assert f"{who} set {whom}'s daily allowance to 9 credits (before: 7 credits)" in log
