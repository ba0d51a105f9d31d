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
