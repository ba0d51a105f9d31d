"""A comparison from /compare to the leaderboard: two clips, blind votes, models revealed."""

from __future__ import annotations

import re
from pathlib import Path

from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
from generation.inspection import inspect, read_label
from storage import comparisons
from tests.journeys.moderators import asked, say
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    CLIP_SECONDS,
    Stage,
    credits_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
)

COMPARE = "/compare prompt:a red circle"
NAMES = ("Pocket", "quick")
MANY = {"waiting_jobs_per_user": 20}


async def compare(member: Member, line: str = COMPARE) -> str:
    """Asks for a comparison and returns its id."""
    said = await say(member, line)
    assert "is in: two clips" in said, said
    return said.split("`")[1]


async def showing(member: Member, comparison_id: str, title: str) -> SeenMessage:
    """The comparison's message once it is titled so."""
    return await member.wait_for_message(
        lambda message: (
            f"comparison {comparison_id}" in message.text
            and message.embeds[0].get("title") == title
        ),
        timeout_seconds=CLIP_SECONDS,
    )


async def voted_on(member: Member, comparison_id: str) -> SeenMessage:
    return await showing(member, comparison_id, "Which clip is better?")


async def pressed(member: Member, message: SeenMessage, label: str) -> SeenMessage:
    return await (await member.press(message, label=label)).reply()


async def test_two_members_vote_blind_and_are_told_the_models_afterwards(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        before = await credits_of(ada)
        comparison_id = await compare(ada)
        both = await voted_on(grace, comparison_id)
        assert [each["filename"][:2] for each in both.attachments] == ["A-", "B-"]
        assert await credits_of(ada) < before
        assert {execution.request.preset for execution in executor.log} == {"default", "quick"}
        assert len({execution.request.seed for execution in executor.log}) == 1

        said = await pressed(grace, both, "A is better")
        assert said.ephemeral
        assert "You say that A is better. You are the first." in said.text
        assert "2 have voted" in (await pressed(ada, both, "Tie")).text
        changed = await pressed(grace, both, "B is better")
        assert "that B is better. 2 have voted" in changed.text

        told = await pressed(grace, changed, "Tell me the models")
        assert "Pocket" in told.text
        assert "preset quick" in told.text
        late = await pressed(grace, both, "A is better")
        assert "your vote stays as it is" in late.text

        assert "Only the author or a moderator" in (await pressed(grace, both, "Reveal")).text
        await pressed(ada, both, "Reveal")
        revealed = await showing(grace, comparison_id, "Comparison, revealed")
        assert len(revealed.attachments) == 2, "the clips stay"
        assert "2 votes" in revealed.text
        fields = {field["name"]: field["value"] for field in revealed.embeds[0]["fields"]}
        assert fields["Neither"] == "tie **1** · both bad **0**"
        side = next(name for name in fields if name.startswith("B: "))
        assert "**1**" in fields[side]
        assert "A is better" not in {button.get("label") for button in revealed.buttons}


async def test_nothing_tells_which_model_made_which_clip(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        comparison_id = await compare(ada)
        both = await voted_on(ada, comparison_id)
        for attachment in both.attachments:
            media = await ada.download(attachment)
            assert inspect(media).frames == 12
            assert read_label(media) is None
            assert b"AI-generated." in media
            for word in (b"pocket", b"quick", b"red circle", b"seed"):
                assert word not in media
        everything = str(both.body)
        for name in NAMES:
            assert name not in everything
        job_ids = re.findall(r"`([a-z2-7]{13})`", await say(ada, "/jobs"))
        assert len(job_ids) == 2
        for job_id in job_ids:
            assert job_id == comparison_id or job_id not in everything
            assert "not revealed yet" in await say(ada, f"/show clip:{job_id}")
            assert "not revealed yet" in await say(ada, f"/extend clip:{job_id} prompt:on")
        assert "not revealed yet" in await say(
            ada,
            f"/show clip:https://discord.com/channels/{ada.guild_id}/{both.channel_id}/{both.id}",
        )
        await pressed(ada, both, "Reveal")
        await showing(ada, comparison_id, "Comparison, revealed")
        assert "steps" in await say(ada, f"/show clip:{job_ids[0]}")


async def test_contenders_are_suggested_and_those_of_other_models_refused(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        found = await ada.autocomplete("/compare prompt:a fox model_a:qui", "model_a")
        assert [choice["value"] for choice in found] == ["pocket/quick"]
        await say(lin, "/admin block member:ada reason:a test")
        refused = await say(ada, "/compare prompt:a fox model_a:pocket/quick")
        assert "do not let you make clips" in refused


async def test_sides_are_drawn_and_the_revealed_clips_can_be_worked_on(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        comparison_id = await compare(ada)
        both = await voted_on(ada, comparison_id)
        await pressed(ada, both, "Reveal")
        revealed = await showing(ada, comparison_id, "Comparison, revealed")
        assert "Only the author" in (await pressed(grace, revealed, "A: Share to gallery")).text
        assert "in the gallery" in (await pressed(ada, revealed, "A: Share to gallery")).text
        reply = await pressed(grace, revealed, "B: Vary")
        card = await finished_card(grace, reply.text.split("`")[1])
        assert "remix of" in card.text
        current = ada.message(revealed.id)
        assert current is not None
        assert current.embeds[0]["title"] == "Comparison, revealed", "sharing leaves it as it is"


async def test_one_price_is_shown_for_both_and_held_for_both_or_not_at_all(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await say(lin, "/admin preview above:1")
        preview = await (await ada.type(f"{COMPARE} -gs 9 duration:4")).reply()
        assert "Price of both clips" in preview.text
        price = int(re.search(r"\*\*(\d+) credits", preview.text)[1])  # type: ignore[index]
        assert executor.log == []
        assert "drawn, and told after the votes" in preview.text
        assert "are each contender's own" in preview.text
        assert await credits_of(ada) >= price

        await say(lin, f"/quota set credits:{price - 1} member:ada")
        await asked(lin, "/quota reset member:ada", "Reset")
        assert await credits_of(ada) == price - 1
        refused = await pressed(ada, preview, "Generate both")
        assert f"costs {price} credits and you have {price - 1}" in refused.text
        assert await credits_of(ada) == price - 1
        assert executor.log == []

        await say(lin, "/quota grant member:ada credits:1 reason:one")
        accepted = await pressed(ada, preview, "Generate both")
        assert f"{price} credits held for both, 0 left" in accepted.text
        again = await pressed(ada, preview, "Generate both")
        assert "nothing more was charged" in again.text
        await voted_on(ada, accepted.text.split("`")[1])
        assert len(executor.log) == 2


async def test_the_leaderboard_ranks_who_has_votes_enough_and_counts_no_chosen_pairs(
    tmp_path: Path,
) -> None:
    settings = make_settings(tmp_path, arena={"least_votes": 3}, limits=MANY)
    async with (
        open_playground() as playground,
        open_stage(playground, settings, ScriptedExecutor()) as stage,
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        assert "Nobody has voted yet" in await say(ada, "/arena leaderboard")
        chosen = await compare(ada, f"{COMPARE} model_a:pocket model_b:pocket/quick")
        both = await voted_on(ada, chosen)
        await pressed(ada, both, "A is better")
        await pressed(ada, both, "Reveal")
        revealed = await showing(ada, chosen, "Comparison, revealed")
        assert "not in the ratings" in revealed.text
        assert "Nobody has voted yet" in await say(ada, "/arena leaderboard")

        first = await voted_on(ada, await compare(ada))
        quick = await _side_of(stage, first, "pocket/quick")
        await pressed(ada, first, f"{quick} is better")
        await pressed(grace, first, "Both are bad")
        few = await (await grace.type("/arena leaderboard")).reply()
        assert "No model has enough votes yet" in few.text
        assert "Too few votes yet (fewer than 3)" in few.text
        assert "image" not in few.embeds[0]

        second = await voted_on(ada, await compare(ada))
        quick = await _side_of(stage, second, "pocket/quick")
        for member in (ada, grace, lin):
            await pressed(member, second, f"{quick} is better")
        board = await (await lin.type("/arena leaderboard")).reply()
        assert board.ephemeral
        lines = board.embeds[0]["description"].splitlines()
        assert len(lines) == 2
        assert "preset quick" in lines[0]
        assert "5 votes, 1 of them" in lines[0]
        assert "5 votes on 2 blind comparisons" in board.text
        picture = await lin.download({"url": board.embeds[0]["image"]["url"]})
        assert picture.startswith(b"\x89PNG")
        everywhere = await (await lin.type("/arena leaderboard of:all servers")).reply()
        assert everywhere.embeds[0]["description"] == board.embeds[0]["description"]
        async with stage.member("Ada", guild="Film Club") as elsewhere:
            assert "Nobody has voted yet" in await say(elsewhere, "/arena leaderboard")


async def _side_of(stage: Stage, both: SeenMessage, contender: str) -> str:
    """Where the contender is shown, which no member can know."""
    comparison_id = both.text.split("comparison ")[-1].split()[0]
    found = await stage.service.database.read(lambda c: comparisons.get(c, comparison_id))
    return "A" if found.contender_a == contender else "B"
