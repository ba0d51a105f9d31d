"""Take-downs while Discord, an author's settings or the disk are in the way."""

from __future__ import annotations

from pathlib import Path

from storage import reviews
from tests.journeys.moderators import CLIP, say
from tests.journeys.reviewing import filled, take_down, taken_down, told
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

EDIT = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
OPEN_DIRECT = ("POST", "/users/@me/channels")
ALWAYS = 1000


async def test_what_discord_did_not_take_is_shown_after_a_restart(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
            stage.member("Lin") as lin,
        ):
            job_id = await order(ada, CLIP)
            card = await finished_card(ada, job_id)
            await at_its_end(stage, job_id)
            playground.faults.fail(*EDIT, times=ALWAYS)
            playground.faults.fail(*OPEN_DIRECT, times=ALWAYS)
            assert "Taken down" in await take_down(lin, job_id)
            seen = ada.message(card.id)
            assert seen is not None
            assert seen.attachments, "Discord takes nothing"
            refused = await (await ada.press(card, label="Reroll")).reply()
            assert "Moderators took that clip down" in refused.text
        playground.faults.clear()
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
        ):
            await taken_down(ada, job_id)
            await told(ada, "Moderators took your clip down")


async def test_an_author_without_direct_messages_reads_it_on_the_card_alone(
    stage: Stage,
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        stage.playground.faults.fail(*OPEN_DIRECT, status=403, code=50007, times=ALWAYS)
        job_id = await order(ada, CLIP)
        await finished_card(ada, job_id)
        await at_its_end(stage, job_id)
        await take_down(lin, job_id)
        card = await taken_down(ada, job_id)
        assert "Moderators see your appeal" in await filled(
            ada, card, "Appeal", {"appeal": "please"}
        )
        await taken_down(ada, job_id, "has appealed")
        due = await stage.service.database.read(reviews.due)
        assert not [one for one in due if one.notice_due]


async def test_a_clip_in_an_archived_thread_is_deleted_and_posted_anew(stage: Stage) -> None:
    """There a bot may delete messages and not edit them."""
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        job_id = await order(ada, CLIP)
        card = await finished_card(ada, job_id)
        await at_its_end(stage, job_id)
        stage.playground.faults.fail(*EDIT, status=400, code=50083)
        await take_down(lin, job_id)
        await ada.wait_until(
            lambda: True if ada.message(card.id) is None else None, "its end", CLIP_SECONDS
        )
        assert "Restored" in await say(lin, f"/admin restore clip:{job_id}")
        again = await finished_card(ada, job_id)
        assert again.id != card.id
        assert again.attachments


async def test_a_clip_whose_file_is_lost_is_not_promised_back(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        job_id = await order(ada, CLIP)
        await finished_card(ada, job_id)
        await at_its_end(stage, job_id)
        await take_down(lin, job_id)
        await taken_down(ada, job_id)
        (file,) = stage.settings.storage.media_folder.rglob("*.mp4")
        file.unlink()
        assert "no longer kept here" in await say(lin, f"/admin restore clip:{job_id}")
        await taken_down(ada, job_id)
