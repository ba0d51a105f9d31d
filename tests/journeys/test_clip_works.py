"""The card's buttons that go on from a clip, and that make it anew."""

from __future__ import annotations

from pathlib import Path

from generation.request import Command
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    Stage,
    credits_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)
from tests.journeys.test_card_buttons import made_by

CLIP = "/imagine-video prompt:a red circle"


async def test_anybody_extends_a_public_clip_by_its_own_words(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        first = await order(ada, CLIP)
        card = await finished_card(grace, first)
        before = await credits_of(grace)
        longer = await made_by(
            grace, (await (await grace.press(card, label="Extend")).reply()).text
        )
        assert f"the clip of job {first} (1.0 s), and 2 s more" in longer.text
        assert f"a remix of {first} by <@{ada.id}>" in longer.text
        assert await credits_of(grace) == before - 2
        again = await (await grace.press(longer, label="Extend")).reply()
        await made_by(grace, again.text)
    one, other = (execution.request for execution in executor.log[1:])
    assert (one.command, one.prompt) == (Command.EXTEND, "a red circle")
    assert other.source is not None
    assert other.source.job_id == longer.text.rsplit("job ", 1)[1].split()[0]


async def test_restyle_asks_for_words_and_strength_also_of_a_clip_that_no_model_made(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada:
        first = await order(ada, CLIP)
        card = await finished_card(ada, first)
        before = await credits_of(ada)
        modal = await (await ada.press(card, label="Restyle")).modal()
        assert modal.fields[0]["value"] == "a red circle"
        for typed, said in (
            ({"strength": "strong"}, "strength must be a number"),
            ({"strength": "7"}, "strength"),
            ({"prompt": " "}, "prompt"),
        ):
            modal = await (await ada.press(card, label="Restyle")).modal()
            reply = await (await ada.submit_modal(modal, typed)).reply()
            assert said in reply.text, (typed, reply.text)
            assert reply.ephemeral
        assert await credits_of(ada) == before
        modal = await (await ada.press(card, label="Restyle")).modal()
        typed = {"prompt": "a blue star -seed 5", "strength": "0,5"}
        restyled = await made_by(ada, (await (await ada.submit_modal(modal, typed)).reply()).text)
        assert f"made anew from the clip of job {first}" in restyled.text
        request = executor.log[-1].request
        assert (request.prompt, request.seed, request.strength) == ("a blue star", 5, 0.5)
        smooth = await finished_card(ada, await order(ada, f"/smooth clip:{first} fps:24"))
        modal = await (await ada.press(smooth, label="Restyle")).modal()
        await made_by(ada, (await (await ada.submit_modal(modal, {})).reply()).text)
        assert executor.log[-1].request.strength == 0.7


async def test_both_buttons_work_after_a_restart_and_not_on_another_member_s_private_clip(
    tmp_path: Path, executor: ScriptedExecutor
) -> None:
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            card = await finished_card(ada, await order(ada, CLIP))
            hidden = await finished_card(ada, await order(ada, f"{CLIP} private:true"))
        async with (
            open_stage(playground, settings, executor) as stage,
            stage.member() as ada,
            stage.member("Grace") as grace,
        ):
            await made_by(ada, (await (await ada.press(card, label="Extend")).reply()).text)
            modal = await (await ada.press(hidden, label="Restyle")).modal()
            await made_by(ada, (await (await ada.submit_modal(modal, {})).reply()).text)
            assert executor.log[-1].request.private, "what is made of it stays private"
            for label in ("Extend", "Restyle"):
                refusal = await (await grace.press(hidden, label=label)).reply()
                assert "Only the author" in refusal.text


async def test_a_card_has_its_buttons_in_rows_by_what_they_are_for(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        job_id = await order(ada, CLIP)
        card = await finished_card(ada, job_id)
        rows = [
            [button["label"] for button in row["components"]] for row in card.body["components"]
        ]
        assert rows == [
            ["Reroll", "Vary", "Remix", "Edit options", "Other model"],
            ["Make it a loop", "Animate a frame", "Extend", "Restyle"],
            ["Share to gallery", "Send to me", "Report", "Delete"],
        ]
        still = await finished_card(ada, await order(ada, "/storyboard-image prompt:a red circle"))
        assert len(still.body["components"]) == 2
