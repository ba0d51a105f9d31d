"""A clip of a comparison is reported, taken down, appealed and restored."""

from __future__ import annotations

from pathlib import Path

from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
from bot.views.arena_buttons import VOTES, arena_view
from storage import comparisons, reviews, votes
from storage.audit import audit
from storage.comparisons import Comparison
from tests.journeys.moderators import say
from tests.journeys.reviewing import filled, queue, take_down, told
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    CLIP_SECONDS,
    Stage,
    at_its_end,
    make_settings,
    open_playground,
    open_stage,
)
from tests.journeys.test_arena import compare, pressed, showing, voted_on
from tests.journeys.test_arena_endings import showing_text, started

EDIT = ("PATCH", "/channels/{channel_id}/messages/{message_id}")
ALWAYS = 1000


def letters(message: SeenMessage) -> list[str]:
    """Of the clips that a message has, by their files' names."""
    return [attachment["filename"][0] for attachment in message.attachments]


def labels(message: SeenMessage) -> set[str]:
    return {str(button.get("label")) for button in message.buttons}


async def stopped(member: Member, comparison_id: str, letter: str) -> SeenMessage:
    return await member.wait_for_message(
        lambda message: (
            f"comparison {comparison_id}" in message.text
            and f"Moderators took **{letter}** down" in message.text
            and letter not in letters(message)
        ),
        timeout_seconds=CLIP_SECONDS,
    )


async def both_are_back(member: Member, comparison_id: str, title: str) -> SeenMessage:
    return await member.wait_for_message(
        lambda message: (
            f"comparison {comparison_id}" in message.text
            and message.embeds[0].get("title") == title
            and letters(message) == ["A", "B"]
        ),
        timeout_seconds=CLIP_SECONDS,
    )


async def found(stage: Stage, comparison_id: str) -> Comparison:
    return await stage.service.database.read(lambda c: comparisons.get(c, comparison_id))


async def shown(stage: Stage, ada: Member) -> tuple[SeenMessage, Comparison]:
    """A comparison that is voted on, whose message everybody knows."""
    comparison_id = await compare(ada)
    both = await voted_on(ada, comparison_id)
    comparison = await found(stage, comparison_id)
    for job_id in comparison.job_ids:
        await at_its_end(stage, job_id)
    return both, comparison


async def test_a_reported_clip_leaves_the_vote_and_comes_back_with_all_votes(stage: Stage) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        both, comparison = await shown(stage, ada)
        await pressed(grace, both, "A is better")
        assert "/admin review" in await filled(grace, both, "Report A", {"reason": "it is rude"})
        page = await queue(lin)
        assert "it is rude" in page.text
        assert f"clip A of comparison `{comparison.id}`" in page.text
        assert "Pocket" not in page.text, "whoever decides may vote too"
        await filled(lin, page, "Take down", {"reason": "not for *school*"})

        seen = await stopped(grace, comparison.id, "A")
        assert seen.id == both.id
        assert letters(seen) == ["B"]
        assert "not for \\*school\\*" in seen.text
        assert "red circle" not in seen.text, "B was made of the same words"
        assert labels(seen) == {"Reveal", "Report B", "Appeal A"}
        others = {*comparison.job_ids} - {comparison.id}
        assert not any(job_id in str(seen.body) for job_id in others), "the vote is blind still"
        channel = stage.service.client.get_partial_messageable(int(grace.channel_id))
        await channel.send("old votes", view=arena_view(comparison.id, VOTES))
        old = await grace.wait_for_message(lambda message: "old votes" in message.text)
        assert "nobody can vote" in (await pressed(grace, old, "B is better")).text

        refused = await (await grace.press(seen, label="Appeal A")).reply()
        assert "Only its author can appeal" in refused.text
        said = await filled(ada, seen, "Appeal A", {"appeal": "it is only a circle"})
        assert "Moderators see your appeal" in said
        appealed = await showing_text(grace, comparison.id, "Its author has appealed")
        assert "Appeal A" not in labels(appealed)
        await lin.press(await queue(lin), label="Restore")
        again = await both_are_back(grace, comparison.id, "Which clip is better?")
        assert again.id == both.id
        await told(ada, "Your clip is back")
        assert "2 have voted" in (await pressed(ada, again, "B is better")).text
        counted = await stage.service.database.read(lambda c: votes.counts(c, comparison.id))
        assert counted == {"a": 1, "b": 1, "tie": 0, "bad": 0}


async def test_a_clip_of_a_revealed_comparison_goes_and_comes_back(stage: Stage) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        both, comparison = await shown(stage, ada)
        await pressed(grace, both, "Tie")
        link = f"https://discord.com/channels/{ada.guild_id}/{both.channel_id}/{both.id}"
        asked = await lin.type(f"/admin takedown clip:{link} reason:rude")
        refused = (await asked.reply()).text
        assert f"A is job `{comparison.job_a_id}`, B is job `{comparison.job_b_id}`" in refused
        assert "not revealed yet" in await say(grace, f"/show clip:{link}")
        await pressed(ada, both, "Reveal")
        await showing(grace, comparison.id, "Comparison, revealed")
        await take_down(lin, comparison.job_b_id)

        seen = await stopped(grace, comparison.id, "B")
        assert letters(seen) == ["A"]
        assert "1 vote" in seen.text
        assert {"A: Remix", "Report A", "Appeal B"} <= labels(seen)
        assert not any(label.startswith("B: ") for label in labels(seen))
        assert "Moderators took that clip down" in await say(
            grace, f"/show clip:{comparison.job_b_id}"
        )
        await take_down(lin, comparison.job_a_id, "rude too")
        seen = await stopped(grace, comparison.id, "A")
        assert letters(seen) == []
        assert labels(seen) == {"Appeal A", "Appeal B"}
        for job_id in comparison.job_ids:
            assert "Restored" in await say(lin, f"/admin restore clip:{job_id}")
        back = await both_are_back(grace, comparison.id, "Comparison, revealed")
        assert {"A: Remix", "B: Remix", "Report A", "Report B"} <= labels(back)
        assert "shows two clips" in await say(grace, f"/show clip:{link}")


async def test_a_clip_goes_from_its_comparison_once_discord_answers_again(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
            stage.member("Lin") as lin,
        ):
            both, comparison = await shown(stage, ada)
            playground.faults.fail(*EDIT, times=ALWAYS)
            assert "Taken down" in await take_down(lin, comparison.job_a_id)
            due = await stage.service.database.read(reviews.due)
            assert [one.job_id for one in due if one.card_due] == [comparison.job_a_id]
        playground.faults.clear()
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Ada") as ada,
            stage.member("Lin") as lin,
        ):
            seen = await stopped(ada, comparison.id, "A")
            assert seen.id == both.id
            await pressed(ada, seen, "Reveal")
            revealed = await showing(lin, comparison.id, "Comparison, revealed")
            assert letters(revealed) == ["B"], "it stays away"
            assert await stage.service.database.read(audit) == ()


async def test_a_comparison_in_an_archived_thread_is_deleted_and_posted_anew(stage: Stage) -> None:
    """There a bot may delete messages and not edit them."""
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        both, comparison = await shown(stage, ada)
        await pressed(lin, both, "A is better")
        stage.playground.faults.fail(*EDIT, status=400, code=50083)
        await take_down(lin, comparison.job_a_id)
        await ada.wait_until(
            lambda: True if ada.message(both.id) is None else None, "its end", CLIP_SECONDS
        )
        assert "Restored" in await say(lin, f"/admin restore clip:{comparison.job_a_id}")
        again = await both_are_back(ada, comparison.id, "Which clip is better?")
        assert again.id != both.id
        assert "2 have voted" in (await pressed(ada, again, "A is better")).text
        await pressed(ada, again, "Reveal")
        revealed = await showing(ada, comparison.id, "Comparison, revealed")
        assert revealed.id == again.id


async def test_what_was_taken_down_before_the_vote_is_never_shown(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        comparison_id = await compare(ada)
        await started(executor, 1)
        await say(lin, "/admin pause")
        executor.let_go()
        await showing_text(ada, comparison_id, "One of two clips is made")
        await take_down(lin, executor.log[0].job_id)
        await say(lin, "/admin resume")
        seen = await showing(ada, comparison_id, "Comparison, stopped")
        assert len(seen.attachments) == 1
        assert len(executor.log) == 2
        assert f"Restored: `{executor.log[0].job_id}`" in await say(
            lin, f"/admin restore clip:{executor.log[0].job_id}"
        )
        await both_are_back(ada, comparison_id, "Which clip is better?")
