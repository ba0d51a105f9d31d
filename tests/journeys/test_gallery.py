"""The gallery: consent, likes, the showcase, search, and what a restart leaves of them."""

from __future__ import annotations

from pathlib import Path

from bot.playground.exchange import Exchange
from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    CLIP_SECONDS,
    Stage,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)


async def share(member: Member, prompt: str) -> str:
    """Makes a clip and puts it into the gallery."""
    job_id = await order(member, f"/imagine-video prompt:{prompt}")
    card = await finished_card(member, job_id)
    await (await member.press(card, label="Share to gallery")).reply()
    return job_id


async def shared_card(member: Member, job_id: str) -> SeenMessage:
    return await member.wait_for_message(
        lambda message: any(
            button.get("custom_id") == f"job:like:{job_id}" for button in message.buttons
        ),
        timeout_seconds=CLIP_SECONDS,
    )


async def like(member: Member, job_id: str) -> str:
    return (
        await (await member.press(await shared_card(member, job_id), label="Like")).reply()
    ).text


async def test_likes_lift_a_clip_into_the_showcase_once_also_over_a_restart(
    tmp_path: Path,
) -> None:
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
            stage.member("Grace") as grace,
            stage.member("Lin") as lin,
        ):
            await (await lin.type("/admin showcase channel:#showcase likes:2")).reply()
            job_id = await share(ada, "a red circle")
            assert "your own clip" in await like(ada, job_id)
            assert await like(grace, job_id) == "You like it: 1 like."
            assert await like(grace, job_id) == "You no longer like it: 0 likes."
            assert await like(grace, job_id) == "You like it: 1 like."
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
            stage.member("Grace") as grace,
            stage.member("Lin") as lin,
        ):
            assert "2 likes. It is in the showcase now." in await like(lin, job_id)
            shown = await ada.wait_for_message(lambda message: "⭐ Showcase" in message.text)
            assert "a red circle" in shown.text
            assert f"<@{ada.id}>" in shown.text
            assert await ada.download(shown.attachments[0])
            await like(lin, job_id)
            assert "showcase" not in await like(lin, job_id)
            posts = [message for message in ada.messages if "⭐ Showcase" in message.text]
            assert len(posts) == 1
            page = await (await ada.type("/gallery order:most liked")).reply()
            assert "❤️ 2" in page.text
            card = await shared_card(ada, job_id)
            await (await ada.press(card, label="Take out of gallery")).reply()
            await ada.wait_until(
                lambda: True if ada.message(shown.id) is None else None, "its end", CLIP_SECONDS
            )


async def test_the_gallery_is_searched_and_filtered_and_remixed_from_a_result(
    stage: Stage,
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        for prompt in ("a red circle", "a blue circle that is red at last", "a green star"):
            await share(ada, prompt)
        await share(grace, "Círcle of trees")
        private = await order(ada, "/imagine-video prompt:a secret circle private:true")
        await finished_card(ada, private)

        first = await (await grace.type("/gallery search:CIRCLE red")).reply()
        assert "a red circle" in first.text, "the best match, though another is newer"
        await grace.press(first, label="Next")
        second = await grace.wait_for_message(
            lambda message: message.id == first.id and "at last" in message.text
        )
        assert "Next" not in {button.get("label") for button in second.buttons}
        await grace.press(second, label="First")
        await grace.wait_for_message(
            lambda message: message.id == first.id and "a red circle" in message.text
        )

        found = await (await ada.type("/gallery search:circle author:@grace")).reply()
        assert "Círcle of trees" in found.text
        nothing = await (await ada.type("/gallery search:secret")).reply()
        assert "No shared clip here is like that" in nothing.text
        nothing = await (await ada.type("/gallery command:loop")).reply()
        assert "No shared clip here is like that" in nothing.text

        modal = await (await ada.press(found, label="Remix")).modal()
        reply = await (await ada.submit_modal(modal, {"prompt": "a circle of houses"})).reply()
        card = await finished_card(ada, reply.text.split("`")[1])
        assert f"by <@{grace.id}>" in card.text
        assert "remix of" in card.text


async def test_likes_stand_on_the_card_which_is_edited_once_for_many(
    tmp_path: Path,
) -> None:
    edits: list[str] = []

    def note(exchange: Exchange) -> None:
        if exchange.method == "PATCH" and "Liked by" in str(exchange.request_json):
            edits.append(exchange.path)

    async with (
        open_playground() as playground,
        open_stage(playground, make_settings(tmp_path), ScriptedExecutor()) as stage,
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        job_id = await share(ada, "a red circle")
        await shared_card(ada, job_id)
        playground.exchanges = note
        for member in (grace, grace, grace, lin):
            await like(member, job_id)
        await ada.wait_for_message(
            lambda message: "Liked by" in message.text and "❤️ 2" in message.text, CLIP_SECONDS
        )
        assert len(edits) <= 3, "four likes within the interval are at most a few edits"
