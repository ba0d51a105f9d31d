"""Themes: a contest in a thread, from its opening to its winner."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
from storage.audit import audit
from storage.database import Connection
from storage.schema import themes
from storage.themes import phases, pot
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
    order,
)

OPEN = "/theme open title:Seas rules:Show a sea. ends:3d"


async def made(member: Member, prompt: str = "a blue sea", more: str = "") -> str:
    """A finished clip's job."""
    job_id = await order(member, f"/imagine-video prompt:{prompt}{more}")
    await finished_card(member, job_id)
    return job_id


async def seen(member: Member, words: str) -> SeenMessage:
    return await member.wait_for_message(
        lambda message: words in message.text, timeout_seconds=CLIP_SECONDS
    )


async def pressed(member: Member, words: str, label: str) -> SeenMessage:
    """What the bot answers to this button of the message that reads so."""
    return await (await member.press(await seen(member, words), label=label)).reply()


async def entered(member: Member, job_id: str) -> str:
    """Through the button and the menu in the thread."""
    menu = await pressed(member, "One entry a member", "Enter my clip")
    return (await (await member.select(menu, [job_id])).reply()).text


async def own_entry_number(member: Member) -> int:
    mine = await pressed(member, "One entry a member", "My entry")
    return int(mine.text.split("entry ")[1].split("\n")[0])


async def vote_on(member: Member, number: int) -> str:
    entry = await member.wait_for_message(
        lambda message: (
            any(b.get("label") == "Vote" for b in message.buttons)
            and message.embeds[0]["title"] == f"Entry {number}"
        ),
        timeout_seconds=CLIP_SECONDS,
    )
    return (await (await member.press(entry, label="Vote")).reply()).text


async def test_a_theme_goes_from_its_opening_to_its_winner_over_a_restart(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    async with open_playground() as playground, AsyncExitStack() as closing:
        async with open_stage(playground, settings, ScriptedExecutor()) as stage:
            ada, grace, lin = [
                await closing.enter_async_context(stage.member(name))
                for name in ("Ada", "Grace", "Lin")
            ]
            opened = await say(lin, f"{OPEN} voting:2d")
            assert "The theme is open in <#" in opened
            assert "Open for entries" in (await seen(ada, "Theme: Seas")).text
            jobs = {member: await made(member) for member in (ada, grace, lin)}
            for member in jobs:
                await member.go_to_thread("Seas")
            for member in (ada, grace):
                assert "takes part in “Seas”" in await entered(member, jobs[member])
        async with open_stage(playground, settings, ScriptedExecutor()) as stage:
            assert "takes part" in await entered(lin, jobs[lin])
            assert "The vote has begun" in await say(lin, "/theme close what:begin the vote now")
            await seen(ada, "The vote is open: 3 entries")
            entries = [await seen(ada, f"Entry {number}\n") for number in (1, 2, 3)]
            for entry in entries:
                everything = str(entry.body)
                assert entry.attachments[0]["filename"].startswith("entry-")
                assert b"a blue sea" not in await ada.download(entry.attachments[0])
                for member, job_id in jobs.items():
                    assert member.id not in everything
                    assert job_id not in everything
            numbers = {member: await own_entry_number(member) for member in jobs}
            assert "is your own" in await vote_on(ada, numbers[ada])
            assert "You vote for entry" in await vote_on(ada, numbers[grace])
            assert "You vote for entry" in await vote_on(lin, numbers[grace])
            assert "You vote for entry" in await vote_on(grace, numbers[ada])
        async with open_stage(playground, settings, ScriptedExecutor()) as stage:
            assert "You no longer vote" in await vote_on(grace, numbers[ada])
            assert "Your votes: none yet" not in await say(lin, "/theme show")
            assert "It is over" in await say(lin, "/theme close what:end the vote now")
            result = await seen(ada, "The theme is decided")
            assert f"<@{grace.id}> has won with 2 votes" in result.text
            assert f"by <@{ada.id}>: 0 votes" in result.text
            assert result.body["mentions"] == []
            await ada.wait_until(
                lambda: any(one["archived"] for one in ada.threads.values()) or None,
                "an archived thread",
                CLIP_SECONDS,
            )
            named = await seen(ada, f"🏆 Entry {numbers[grace]}")
            assert f"by <@{grace.id}>, 2 votes" in named.text
            assert not named.buttons
            told = await seen(ada, "Theme: Seas")
            assert "has won with 2 votes" in told.text
            ada.channel_id = told.channel_id
            assert "has won" in await say(ada, "/theme show")
            shown = [m for m in ada.messages if "The theme is decided" in m.text]
            assert len(shown) == 1


async def test_what_students_may_not_do_is_refused_and_logged(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        with capture_logs() as logs:
            assert "Manage Server" in await say(ada, OPEN)
        await say(lin, OPEN)
        with capture_logs() as more:
            assert "Manage Server" in await say(ada, "/theme close what:begin the vote now")
            assert "Manage Server" in await say(ada, "/theme cancel")
            question = await (await lin.type("/theme cancel")).reply()
            stage.playground.world.guilds[0].members[lin.id] = ()
            sent = await lin.press(question, label="Cancel the theme")
            assert "Manage Server" in (await sent.reply()).text
        refused = [entry["what"] for entry in (*logs, *more) if entry["event"] == "refused"]
        assert refused[:3] == ["/theme open", "/theme close", "/theme cancel"]
        assert refused[3].startswith("theme:cancel:"), "a moderator who is none any more"


async def test_wrong_words_get_a_sentence_and_open_nothing(stage: Stage) -> None:
    async with stage.member("Lin") as lin, stage.member("Ada") as ada:
        for ends, said in (
            ("soon", "I cannot read it"),
            ("0m", "it is over"),
            ("2020-01-01", "it is over"),
            ("1000d", "more than 90 days"),
        ):
            reply = await say(lin, f"/theme open title:Seas rules:Show. ends:{ends}")
            assert said in reply
            assert "Nothing was opened" in reply
        assert "No theme is open" in await say(ada, "/theme enter clip:abc")
        assert "No theme is open" in await say(ada, "/theme show")
        assert not ada.threads


async def test_without_permission_for_threads_moderators_are_told(stage: Stage) -> None:
    async with stage.member("Lin", channel="read-only") as lin:
        reply = await say(lin, OPEN)
        assert "missing: Send Messages, Create Public Threads, Send Messages in Threads" in reply
        lin.channel_id = next(
            one.id for one in stage.playground.world.guilds[0].channels if one.name == "studio"
        )
        stage.playground.faults.fail(
            "POST",
            "/channels/{channel_id}/messages/{message_id}/threads",
            status=403,
            code=50013,
            times=1,
        )
        reply = await say(lin, f"{OPEN} pot:20")
        assert "is not open, and its pot went back" in reply
        left = await stage.service.database.read(pot.to_give_back)
        assert left == ()
        assert not [m for m in lin.messages if "Theme: Seas" in m.text]


async def test_an_entry_is_one_s_own_finished_clip_and_private_ones_are_asked_about(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        await say(lin, OPEN)
        assert (
            "no finished clip here yet"
            in (await pressed(ada, "One entry a member", "Enter my clip")).text
        )
        hers = await made(grace)
        assert "is not yours" in await say(ada, f"/theme enter clip:{hers}")
        secret = await made(ada, "a secret sea", " private:true")
        suggested = await ada.autocomplete("/theme enter", "clip")
        assert [one["value"] for one in suggested] == [secret]
        asked_first = await (await ada.type(f"/theme enter clip:{secret}")).reply()
        assert "is private" in asked_first.text
        agreed = await (await ada.press(asked_first, label="Show it and enter")).reply()
        assert "takes part" in agreed.text
        other = await made(ada)
        assert f"It replaces `{secret}`" in await say(ada, f"/theme enter clip:{other}")
        executor.hold()
        running = await order(ada, "/imagine-video prompt:not yet")
        assert "no finished clip yet" in await say(ada, f"/theme enter clip:{running}")
        executor.let_go()
        mine = await pressed(ada, "One entry a member", "My entry")
        assert await ada.download(mine.attachments[0])
        assert (
            "takes part no more"
            in (await (await ada.press(mine, label="Withdraw it")).reply()).text
        )
        assert "no entry in this theme" in await say(ada, "/theme withdraw")


async def test_the_pot_pays_in_the_thread_and_what_is_left_goes_back(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    database = stage.service.database
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await say(lin, f"{OPEN} pot:5")
        had = await credits_of(ada)
        await ada.go_to_thread("Seas")
        replies = [await say(ada, "/imagine-video prompt:a sea") for _ in range(3)]
        paid = ["the theme's pot pays it" in reply for reply in replies]
        assert paid == [True, True, False]
        for reply in replies:
            await finished_card(ada, reply.split("`")[1])
        assert await credits_of(ada) == had - 2
        executor.hold()
        theme = (await database.read(lambda c: phases.running(c, guild_id=int(ada.guild_id))))[0]
        said = await asked(lin, "/theme cancel", "Cancel the theme")
        assert "went back" in said
        executor.let_go()
        await seen(ada, "The theme was cancelled")
        assert (
            await database.read(lambda c: pot.left(c, theme_id=theme.id, guild_id=theme.guild_id))
            == 0
        )
        assert await database.read(audit) == ()
        log = await say(lin, "/admin log what:theme")
        assert "cancelled the theme “Seas” (it was entering)" in log
        assert "opened the theme “Seas” with a pot of 5 credits" in log


async def test_a_theme_moves_by_itself_when_its_time_has_come(stage: Stage) -> None:
    database = stage.service.database
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await say(lin, OPEN)
        job_id = await made(ada)
        await say(ada, f"/theme enter clip:{job_id}")

        def pass_time(connection: Connection) -> None:
            past = datetime.now(UTC) - timedelta(seconds=1)
            connection.execute(update(themes).values(entering_ends=past, voting_ends=past))

        await database.write(pass_time)
        await seen(ada, "The vote is open: 1 entry")
        assert "is being voted on" in await say(ada, f"/theme enter clip:{job_id}")
        await database.write(pass_time)
        result = await seen(ada, "The theme is decided")
        assert "nobody voted" in result.text


async def test_a_deleted_clip_leaves_the_vote_and_its_message_goes(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await say(lin, OPEN)
        job_id = await made(ada)
        await say(ada, f"/theme enter clip:{job_id}")
        await say(lin, "/theme close what:begin the vote now")
        entry = await seen(lin, "Entry 1\n")
        card = await finished_card(ada, job_id)
        await (await ada.press(card, label="Delete")).reply()
        await lin.wait_until(
            lambda: True if lin.message(entry.id) is None else None, "its end", CLIP_SECONDS
        )
        await say(lin, "/theme close what:end the vote now")
        assert "nobody entered" in (await seen(lin, "The theme is decided")).text


@pytest.mark.parametrize("after_effect", [False, True])
async def test_what_discord_failed_to_take_is_posted_once_in_the_end(
    tmp_path: Path, after_effect: bool
) -> None:
    """A lost answer to the result: the next process finds the message, or posts it."""
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Lin") as lin,
        ):
            await say(lin, OPEN)
            await lin.go_to_thread("Seas")
            await seen(lin, "One entry a member")
            playground.faults.drop(
                "POST", "/channels/{channel_id}/messages", after_effect=after_effect, times=1
            )
            await say(lin, "/theme close what:begin the vote now")
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member("Lin") as lin,
        ):
            await seen(lin, "The theme is decided")
            await lin.wait_until(
                lambda: any(one["archived"] for one in lin.threads.values()) or None,
                "an archived thread",
                CLIP_SECONDS,
            )
            results = [m for m in lin.messages if "The theme is decided" in m.text]
            assert len(results) == 1


async def test_a_theme_whose_thread_somebody_deleted_is_cancelled_and_its_pot_goes_back(
    stage: Stage,
) -> None:
    database = stage.service.database
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await say(lin, f"{OPEN} pot:20")
        job_id = await made(ada)
        assert "takes part" in await say(ada, f"/theme enter clip:{job_id}")
        stage.playground.world.threads.clear()
        await say(lin, "/theme close what:begin the vote now")
        async with asyncio.timeout(CLIP_SECONDS):
            while True:
                if not await database.read(phases.unsettled):
                    break
                await asyncio.sleep(0.1)
        assert "No theme is open" in await say(ada, "/theme show")
        assert await database.read(pot.to_give_back) == ()
        assert await database.read(audit) == ()
