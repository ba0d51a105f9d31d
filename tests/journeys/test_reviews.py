"""The review queue: reports, take-downs, appeals, and what is seen of them where."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from bot.views.job_buttons import JobAction, job_view
from bot.views.review_buttons import ReviewAct, review_view
from tests.journeys.moderators import CLIP, say
from tests.journeys.reviewing import filled, queue, report, take_down, taken_down, told
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    CLIP_SECONDS,
    Stage,
    at_its_end,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)
from tests.journeys.test_gallery import like, share, shared_card


async def test_a_reported_clip_is_taken_down_appealed_and_restored_with_all_it_had(
    stage: Stage,
) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        await say(lin, "/admin showcase channel:#showcase likes:1")
        job_id = await share(ada, "a red circle")
        await like(grace, job_id)
        shown = await ada.wait_for_message(lambda message: "⭐ Showcase" in message.text)
        assert "/admin review" in await report(grace, job_id, "it is rude")
        assert "You have reported this before" in await report(grace, job_id, "still rude")
        await report(lin, job_id, "I agree")

        page = await queue(lin)
        assert "1 clip waiting" in page.text
        assert "Reported by 2" in page.text
        assert "it is rude" in page.text
        assert "a red circle" in page.text
        assert f"/channels/{ada.guild_id}/{ada.channel_id}/" in page.text
        assert page.body["embeds"][0]["image"]["url"].startswith("http")
        said = await filled(lin, page, "Take down", {"reason": "not for *school*"})
        assert f"Taken down: `{job_id}`" in said
        await lin.wait_for_message(
            lambda message: message.id == page.id and "Nothing waits" in message.text
        )

        card = await taken_down(grace, job_id)
        assert "a red circle" not in card.text
        assert "not for \\*school\\*" in card.text
        assert [button["label"] for button in card.buttons] == ["Appeal"]
        await ada.wait_until(
            lambda: True if ada.message(shown.id) is None else None, "its end", CLIP_SECONDS
        )
        assert "Nobody has shared" in await say(grace, "/gallery")
        assert "Moderators took that clip down" in await say(grace, f"/show clip:{job_id}")
        assert "Moderators took that clip down" in await say(grace, f"/extend clip:{job_id}")
        assert "taken down by moderators" in await say(ada, "/jobs")
        notice = await told(ada, "Moderators took your clip down")
        assert "not for \\*school\\*" in notice.text

        refusal = await (await grace.press(card, label="Appeal")).reply()
        assert "Only its author can appeal" in refusal.text
        said = await filled(ada, card, "Appeal", {"appeal": "it is only a circle"})
        assert "Moderators see your appeal" in said
        await taken_down(grace, job_id, "has appealed")
        again = await (await ada.press(notice, label="Appeal")).reply()
        assert "its author has appealed" in again.text

        page = await queue(lin)
        assert "it is only a circle" in page.text
        assert "not for \\*school\\*" in page.text
        await lin.press(page, label="Restore")
        restored = await shared_card(grace, job_id)
        assert "a red circle" in restored.text
        assert await grace.download(restored.attachments[0])
        assert "❤️ 1" in restored.text
        await told(ada, "Your clip is back")
        assert "a red circle" in await say(grace, "/gallery")
        await ada.wait_for_message(lambda message: "⭐ Showcase" in message.text)
        assert "You no longer like it: 0 likes" in await like(grace, job_id)

        log = await say(lin, "/admin log")
        for words in (
            f"reported job `{job_id}`: it is rude",
            f"took down job `{job_id}` (before: reported, reports: 2, shared and liked by 1)",
            f"appealed the take-down of job `{job_id}`: it is only a circle",
            f"restored job `{job_id}` (before: taken down and appealed)",
        ):
            assert words in log


async def test_every_step_survives_a_restart(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
            stage.member("Lin") as lin,
        ):
            job_id = await order(ada, CLIP)
            await finished_card(ada, job_id)
            await at_its_end(stage, job_id)
            await report(lin, job_id, "rude")
            page = await queue(lin)
        async with (
            open_stage(playground, settings, ScriptedExecutor()),
            stage.member("Ada") as ada,
            stage.member("Lin") as lin,
        ):
            # The page of a moderator who looked before the restart works on.
            await filled(lin, page, "Take down", {"reason": "no"})
            card = await taken_down(ada, job_id)
        async with (
            open_stage(playground, settings, ScriptedExecutor()),
            stage.member("Ada") as ada,
            stage.member("Lin") as lin,
        ):
            # From the direct message: there is no server there.
            notice = await told(ada, "Moderators took your clip down")
            said = await filled(ada, notice, "Appeal", {"appeal": "please"})
            assert "Moderators see your appeal" in said
            page = await queue(lin)
        async with (
            open_stage(playground, settings, ScriptedExecutor()),
            stage.member("Ada") as ada,
            stage.member("Lin") as lin,
        ):
            said = await filled(lin, page, "Refuse the appeal", {"reason": "it stays so"})
            assert "The appeal is refused" in said
            card = await taken_down(ada, job_id, "it stays so")
            assert not card.buttons
            await told(ada, "Moderators refused your appeal")
            assert f"Restored: `{job_id}`" in await say(lin, f"/admin restore clip:{job_id}")
            assert (await finished_card(ada, job_id)).attachments
            assert "is not taken down" in await say(lin, f"/admin restore clip:{job_id}")


async def test_of_two_moderators_one_decides_and_the_other_is_told(stage: Stage) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Lin") as lin,
        stage.member("Lin") as other,
    ):
        job_id = await order(ada, CLIP)
        await finished_card(ada, job_id)
        await report(lin, job_id, "rude")
        first, second = await queue(lin), await queue(other)
        modal = await (await other.press(second, label="Take down")).modal()
        await lin.press(first, label="Dismiss")
        await lin.wait_for_message(lambda message: "Dismissed: the clip stays" in message.text)
        late = await (await other.submit_modal(modal, {"reason": "rude"})).reply()
        assert "Nothing was changed" in late.text
        assert f"<@{lin.id}> was the last to change that" in late.text
        pressed = await (await other.press(second, label="Dismiss")).reply()
        assert "Nothing was changed" in pressed.text
        assert (await finished_card(ada, job_id)).attachments
        assert "dismissed 1 report" in await say(lin, "/admin log what:dismiss")


async def test_the_queue_pages_and_blocks_an_author_on_the_way(stage: Stage) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        for member, prompt in ((ada, "a red circle"), (grace, "a blue star")):
            job_id = await order(member, f"/imagine-video prompt:{prompt}")
            await finished_card(member, job_id)
            await report(lin, job_id, f"no {prompt}")
        page = await queue(lin)
        assert "2 clips waiting" in page.text
        assert "a blue star" in page.text
        await lin.press(page, label="Older")
        older = await lin.wait_for_message(
            lambda message: message.id == page.id and "no a red circle" in message.text
        )
        assert "Older" not in {button["label"] for button in older.buttons}
        wrong = await filled(lin, older, "Block the author", {"reason": "no", "days": "soon"})
        assert "number of days must be a number" in wrong
        said = await filled(lin, older, "Block the author", {"reason": "circles", "days": "2"})
        assert f"<@{ada.id}> may order nothing, until <t:" in said
        assert "circles" in await say(ada, CLIP)
        await order(grace, CLIP)
        await lin.press(older, label="Newest")
        await lin.wait_for_message(
            lambda message: message.id == page.id and "no a blue star" in message.text
        )


async def test_what_is_down_is_rerolled_by_nobody_who_asked_before(stage: Stage) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        job_id = await order(ada, CLIP)
        card = await finished_card(grace, job_id)
        await at_its_end(stage, job_id)
        modal = await (await grace.press(card, label="Remix")).modal()
        preview = await (await grace.type(f"/price prompt:{CLIP.split(':')[1]}")).reply()
        assert "Taken down" in await take_down(lin, job_id)
        assert "is taken down" in await say(lin, f"/admin takedown clip:{job_id} reason:once more")
        reply = await (await grace.submit_modal(modal, {"prompt": "a blue star"})).reply()
        assert "Moderators took that clip down" in reply.text
        for action in ("reroll", "vary", "animate", "loop", "like", "share", "send", "delete"):
            channel = stage.service.client.get_partial_messageable(int(grace.channel_id))
            await channel.send(f"an old {action}", view=job_view(job_id, (JobAction(action),)))
            seen = await grace.wait_for_message(
                lambda message, action=action: f"an old {action}" in message.text
            )
            pressed = await (await grace.press(seen, custom_id=f"job:{action}:{job_id}")).reply()
            assert "Moderators took that clip down" in pressed.text, action
        assert "is in" in (await (await grace.press(preview, label="Generate")).reply()).text


async def test_new_reports_are_announced_in_one_message(stage: Stage) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        refused = await say(lin, "/admin review channel:#read-only")
        assert "I may not post" in refused
        assert "announced in" in await say(lin, "/admin review channel:#showcase")
        jobs = [await order(ada, f"/imagine-video prompt:{words}") for words in ("one", "two")]
        for job_id in jobs:
            await finished_card(ada, job_id)
            await report(grace, job_id, "rude")
        announced = await lin.wait_for_message(
            lambda message: "2 clips wait for moderators" in message.text,
            timeout_seconds=CLIP_SECONDS,
        )
        assert len([one for one in lin.messages if "for moderators: /admin" in one.text]) == 1
        refusal = await (await grace.press(announced, label="Open the queue")).reply()
        assert "for moderators" in refusal.text
        page = await (await lin.press(announced, label="Open the queue")).reply()
        assert page.ephemeral
        assert "2 clips waiting" in page.text
        for _ in jobs:
            await lin.press(page, label="Dismiss")
            count = "Nothing waits" if _ == jobs[-1] else "1 clip waiting"
            page = await lin.wait_for_message(
                lambda message, count=count, page=page: (
                    message.id == page.id and count in message.text
                )
            )
        await lin.wait_for_message(
            lambda message: message.id == announced.id and "any more" in message.text,
            timeout_seconds=CLIP_SECONDS,
        )
        assert "announced nowhere" in await say(lin, "/admin review announce:false")


async def test_a_student_decides_nothing(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        job_id = await order(ada, CLIP)
        await finished_card(ada, job_id)
        await report(grace, job_id, "rude")
        channel = stage.service.client.get_partial_messageable(int(grace.channel_id))
        view = review_view(ReviewAct, job_id, 1, older=1, newest=True)
        await channel.send("for all to see", view=view)
        seen = await grace.wait_for_message(lambda message: "for all to see" in message.text)
        with capture_logs() as logs:
            for button in seen.buttons:
                pressed = await grace.press(seen, custom_id=str(button["custom_id"]))
                assert "for moderators" in (await pressed.reply()).text
        refused = [entry["what"] for entry in logs if entry["event"] == "refused"]
        assert refused == [button["custom_id"] for button in seen.buttons]
        assert (await finished_card(ada, job_id)).attachments
