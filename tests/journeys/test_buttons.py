"""The card's buttons: what they do, and for whom."""

from __future__ import annotations

from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, at_its_end, card_of, credits_of, finished_card, order


async def test_a_waiting_job_is_cancelled_and_its_credits_come_back(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member() as ada:
        before = await credits_of(ada)
        running = await order(ada, "/imagine-video prompt:a red circle")
        waiting = await order(ada, "/imagine-video prompt:a blue square")
        await ada.press(await card_of(ada, waiting, having="queue"), label="Cancel")
        assert "Cancelled" in (await finished_card(ada, waiting)).text
        executor.let_go()
        await finished_card(ada, running)
        assert await credits_of(ada) == before - 2
    assert [execution.job_id for execution in executor.log] == [running]


async def test_a_running_job_is_cancelled_mid_step_and_its_credits_come_back(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member() as ada:
        before = await credits_of(ada)
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        await ada.press(await card_of(ada, job_id, having="step 1 of 4"), label="Cancel")
        card = await finished_card(ada, job_id)
        assert "Cancelled" in card.text
        assert not card.attachments
        assert await credits_of(ada) == before


async def test_only_the_author_or_a_moderator_may_cancel(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with (
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        card = await card_of(grace, job_id, having="step 1 of 4")
        refusal = await (await grace.press(card, label="Cancel")).reply()
        assert refusal.ephemeral
        assert "Only the author or a moderator" in refusal.text
        await lin.press(await card_of(lin, job_id), label="Cancel")
        assert "Cancelled" in (await finished_card(ada, job_id)).text


async def test_reroll_makes_another_clip_with_a_new_seed_for_whoever_presses(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        first = await order(ada, "/imagine-video prompt:a red circle seed:7")
        card = await finished_card(grace, first)
        before = await credits_of(grace)
        reply = await (await grace.press(card, label="Reroll")).reply()
        second = reply.text.split("`")[1]
        rerolled = await finished_card(grace, second)
        assert "a red circle" in rerolled.text
        assert "seed `7`" not in rerolled.text
        assert f"remix of {first}" in rerolled.text
        assert await credits_of(grace) == before - 2


async def test_remix_offers_the_prompt_and_takes_other_words(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        first = await order(ada, "/imagine-video prompt:a red circle")
        sent = await grace.press(await finished_card(grace, first), label="Remix")
        modal = await sent.modal()
        assert modal.fields[0]["value"] == "a red circle"
        submitted = await grace.submit_modal(modal, {"prompt": "a blue star", "seed": "11"})
        second = (await submitted.reply()).text.split("`")[1]
        card = await finished_card(grace, second)
        assert "a blue star" in card.text
        assert "seed `11`" in card.text
        assert f"remix of {first}" in card.text


async def test_a_remix_with_a_bad_seed_is_refused_and_costs_nothing(stage: Stage) -> None:
    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        modal = await (await ada.press(await finished_card(ada, job_id), label="Remix")).modal()
        before = await credits_of(ada)
        reply = await (await ada.submit_modal(modal, {"seed": "seven"})).reply()
        assert "seed must be a whole number" in reply.text
        assert await credits_of(ada) == before


async def test_delete_takes_the_card_away_for_its_author_only(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        card = await finished_card(ada, job_id)
        refusal = await (
            await grace.press(await finished_card(grace, job_id), label="Delete")
        ).reply()
        assert "Only the author" in refusal.text
        await (await ada.press(card, label="Delete")).reply()
        assert ada.message(card.id) is None


async def test_a_deleted_clip_is_gone_from_the_disk_too(stage: Stage) -> None:
    media_folder = stage.settings.storage.media_folder

    def files() -> list[str]:
        return [path.name for path in media_folder.rglob("*") if path.is_file()]

    async with stage.member() as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        card = await finished_card(ada, job_id)
        await at_its_end(stage, job_id)
        assert len(files()) == 1
        await (await ada.press(card, label="Delete")).reply()
        assert files() == []
        listed = await (await ada.type("/jobs")).reply()
        assert "https://" not in listed.text, "it links to no message that is gone"


async def test_a_shared_clip_is_in_the_gallery_with_its_author_and_seed(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        job_id = await order(ada, "/imagine-video prompt:a red circle seed:7")
        await (await ada.press(await finished_card(ada, job_id), label="Share to gallery")).reply()
        page = await (await grace.type("/gallery")).reply()
        assert page.ephemeral
        assert "a red circle" in page.text
        assert f"<@{ada.id}>" in page.text
        assert "`7`" in page.text
        assert await grace.download(page.attachments[0])
        taken_out = await ada.press(await finished_card(ada, job_id), label="Take out of gallery")
        await taken_out.reply()
        empty = await (await grace.type("/gallery")).reply()
        assert "Nobody has shared" in empty.text


async def test_the_gallery_pages_from_newest_to_oldest_and_back(stage: Stage) -> None:
    async with stage.member() as ada:
        for prompt in ("a red circle", "a blue star"):
            job_id = await order(ada, f"/imagine-video prompt:{prompt}")
            card = await finished_card(ada, job_id)
            await (await ada.press(card, label="Share to gallery")).reply()
        newest = await (await ada.type("/gallery")).reply()
        assert "a blue star" in newest.text
        await ada.press(newest, label="Next")
        older = await ada.wait_for_message(
            lambda message: message.id == newest.id and "a red circle" in message.text
        )
        await ada.press(older, label="First")
        await ada.wait_for_message(
            lambda message: message.id == newest.id and "a blue star" in message.text
        )


async def test_a_private_clip_cannot_be_shared_or_remixed_by_others(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        job_id = await order(ada, "/imagine-video prompt:a red circle private:true")
        card = await finished_card(grace, job_id)
        assert "Share to gallery" not in {button.get("label") for button in card.buttons}
        refusal = await (await grace.press(card, label="Reroll")).reply()
        assert "Only the author" in refusal.text
