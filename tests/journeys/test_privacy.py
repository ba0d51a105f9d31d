"""What a member has erased: through the bot, and to the last byte on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text

from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
from bot.privacy import command_line
from generation.errors import GenerationFailed
from storage import audit, erasing, erasures, schema
from storage.database import Connection, Database
from storage.schema import metadata
from tests.journeys.reviewing import filled, take_down, told
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
from tests.journeys.test_gallery import like, share
from tests.storage import postgres_server

CANARY = "xyzzyplugh"


@asynccontextmanager
async def stage_on(
    kind: str, folder: Path, executor: ScriptedExecutor, request: pytest.FixtureRequest
) -> AsyncGenerator[Stage]:
    """The service on this kind of database."""
    async with open_playground() as playground:
        if kind == "sqlite":
            async with open_stage(playground, make_settings(folder), executor) as stage:
                yield stage
            return
        server: postgres_server.PostgresServer = request.getfixturevalue("postgres")
        async with server.database() as url:
            storage = {"data_folder": folder, "database_url": url}
            settings = make_settings(folder, storage=storage)
            async with open_stage(playground, settings, executor) as stage:
                yield stage


async def leave_traces(
    stage: Stage, executor: ScriptedExecutor, ada: Member, grace: Member, lin: Member, folder: Path
) -> None:
    """Orders of all kinds with the canary in them, and what others do about them."""
    shared = await share(ada, f"a red circle {CANARY}")
    await like(grace, shared)
    flagged = await order(
        ada, f'/imagine-video prompt:a {CANARY} -seed 3 -neg "{CANARY} blurry" -unknown{CANARY} 4'
    )
    await finished_card(ada, flagged)
    picture = folder / f"{CANARY}.png"
    Image.new("RGB", (64, 64), "blue").save(picture)
    animated = await order(ada, f"/animate image:@{picture} prompt:it is {CANARY}")
    await finished_card(ada, animated)
    story = await order(ada, f"/narrate story:The {CANARY} rises. The {CANARY} sets.")
    await finished_card(ada, story)
    executor.faults.append(GenerationFailed(f"cannot draw {CANARY}"))
    failed = await order(ada, f"/imagine-video prompt:a broken {CANARY}")
    await finished_card(ada, failed)
    private = await order(ada, f"/imagine-video prompt:my {CANARY} private:true")
    await finished_card(ada, private)
    await (await ada.type(f"/price prompt:what does {CANARY} cost")).reply()
    await (await ada.type(f"/gallery search:{CANARY}")).reply()
    await (await ada.type(f"/options save name:{CANARY} options:{CANARY} -ar 16:9")).reply()
    await (await ada.type(f"/prefer set suffix:{CANARY}")).reply()
    others = await share(grace, "a green star")
    await like(ada, others)
    await report(ada, others, f"it looks like my {CANARY}")
    await report(grace, shared, f"it says {CANARY}")
    await remix(grace, shared)
    await take_down(lin, flagged, f"it says {CANARY}")
    notice = await told(ada, "Moderators took your clip down")
    await filled(ada, notice, "Appeal", {"appeal": f"let me say {CANARY}"})


async def report(member: Member, job_id: str, words: str) -> None:
    card = await finished_card(member, job_id)
    modal = await (await member.press(card, label="Report")).modal()
    await (await member.submit_modal(modal, {"reason": words})).reply()


async def remix(member: Member, job_id: str) -> str:
    """With words of their own; returns the new job's id."""
    card = await finished_card(member, job_id)
    modal = await (await member.press(card, label="Remix")).modal()
    reply = await (await member.submit_modal(modal, {"prompt": "a house of my own"})).reply()
    remixed = reply.text.split("`")[1]
    await finished_card(member, remixed)
    return remixed


def shown_in_public(member: Member) -> list[str]:
    """Messages for all with the canary in them."""
    return [one.text for one in member.messages if CANARY in one.text and not one.ephemeral]


async def delete_everything(member: Member) -> SeenMessage:
    question = await (await member.type("/privacy delete")).reply()
    assert "cannot be undone" in question.text
    await member.press(question, label="Delete everything")
    return await member.wait_for_message(
        lambda message: (
            message.id == question.id
            and "delete" in message.content.lower()
            and "…" not in message.content
        ),
        timeout_seconds=CLIP_SECONDS,
    )


async def at_the_end_of_all(stage: Stage) -> None:
    """No erasure is under way any more."""
    async with asyncio.timeout(CLIP_SECONDS):
        while await stage.service.database.read(erasures.under_way):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def files_with(folder: Path, words: bytes) -> list[str]:
    """Names and contents of all files beneath."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if words in path.name.encode() or (path.is_file() and words in path.read_bytes())
    ]


def dump(connection: Connection) -> str:
    """Every cell of every table."""
    cells: list[str] = []
    for table in metadata.sorted_tables:
        rows = connection.execute(text(f'SELECT * FROM "{table.name}"'))
        cells += [str(cell) for row in rows for cell in row]
    return "\n".join(cells)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_after_the_deletion_no_byte_on_the_disk_says_what_the_member_said(
    kind: str,
    tmp_path: Path,
    executor: ScriptedExecutor,
    request: pytest.FixtureRequest,
    capfd: pytest.CaptureFixture[str],
) -> None:
    data, uploads = tmp_path / "data", tmp_path / "uploads"
    data.mkdir()
    uploads.mkdir()
    async with (
        stage_on(kind, data, executor, request) as stage,
        stage.member("Ada") as ada,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        await leave_traces(stage, executor, ada, grace, lin, uploads)
        before = await stage.service.database.read(dump)
        assert CANARY in before
        assert files_with(data, CANARY.encode()), "the clips' own labels say it"
        said = await delete_everything(ada)
        assert said.content.startswith("Everything about you is deleted"), said.content

        after = await stage.service.database.read(dump)
        assert CANARY not in after
        assert ada.id not in after
        assert files_with(data, CANARY.encode()) == []
        assert await stage.service.database.read(audit.audit) == ()
        async with stage.member("Grace") as grace_anew:
            shown = [message for message in grace_anew.messages if CANARY in message.text]
        assert shown == [], "the cards are gone from the channel too"
        remixed = await grace.wait_for_message(
            lambda message: (
                "a house of my own" in message.text and "by a former member" in message.text
            ),
            timeout_seconds=CLIP_SECONDS,
        )
        assert remixed.attachments, "what others made stays"
        refused = await (await ada.type("/imagine-video prompt:a new beginning")).reply()
        assert "you have 0" in refused.text, "today's refill is not given twice"
        await (await lin.type("/quota grant member:@ada credits:10 reason:welcome back")).reply()
        await finished_card(ada, await order(ada, "/imagine-video prompt:a new beginning"))
    logged = capfd.readouterr()
    assert CANARY not in logged.out + logged.err


async def test_a_deletion_that_was_begun_is_finished_after_a_restart(tmp_path: Path) -> None:
    settings, executor = make_settings(tmp_path), ScriptedExecutor()
    async with open_playground() as playground:
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            job_id = await order(ada, f"/imagine-video prompt:a {CANARY}")
            await finished_card(ada, job_id)
            executor.hold()
            await order(ada, f"/imagine-video prompt:another {CANARY}")
            user_id = int(ada.id)

            def begin(connection: Connection) -> None:
                erasures.begin(connection, erasure_id="e", user_id=user_id, now=datetime.now(UTC))

            await stage.service.database.write(begin)
        executor.let_go()
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            await ada.wait_until(
                lambda: None if any(CANARY in m.text for m in ada.messages) else True,
                "the end of the cards",
                CLIP_SECONDS,
            )
            await at_the_end_of_all(stage)
            assert CANARY not in await stage.service.database.read(dump)
            assert files_with(tmp_path, CANARY.encode()) == []
            assert await stage.service.database.read(audit.audit) == ()


async def test_only_the_member_answers_the_question_and_may_leave_it(stage: Stage) -> None:
    async with stage.member("Ada") as ada:
        job_id = await order(ada, "/imagine-video prompt:a red circle")
        card = await finished_card(ada, job_id)
        question = await (await ada.type("/privacy delete")).reply()
        assert "1 jobs" in question.text
        await ada.press(question, label="Keep it")
        await ada.wait_for_message(
            lambda message: message.id == question.id and "Nothing was deleted" in message.content
        )
        assert ada.message(card.id) is not None


async def test_an_operator_deletes_while_the_bot_is_stopped_and_messages_go_at_its_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, executor = make_settings(tmp_path), ScriptedExecutor()
    async with open_playground() as playground:
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            job_id = await order(ada, f"/imagine-video prompt:a {CANARY}")
            await finished_card(ada, job_id)
            user_id = int(ada.id)
        assert await command_line.delete(settings, user_id) == 0
        printed = capsys.readouterr().out
        assert "Nothing about this user is stored" in printed
        assert "1 messages in Discord" in printed
        assert files_with(tmp_path, CANARY.encode()) == []
        async with open_stage(playground, settings, executor) as stage:
            await at_the_end_of_all(stage)
            async with stage.member() as ada:
                assert not [message for message in ada.messages if CANARY in message.text]


async def test_messages_that_nobody_lived_to_remember_are_looked_for_and_deleted(
    tmp_path: Path,
) -> None:
    settings, executor = make_settings(tmp_path), ScriptedExecutor()
    executor.hold()
    async with open_playground() as playground:
        async with open_stage(playground, settings, executor) as stage, stage.member() as ada:
            await order(ada, f"/imagine-video prompt:a {CANARY}")
            await (await ada.type(f"/compare prompt:another {CANARY}")).reply()
            assert len(shown_in_public(ada)) == 2
            user_id = int(ada.id)

            def forget(connection: Connection) -> None:
                connection.execute(schema.jobs.update().values(card_message_id=None))
                connection.execute(schema.comparisons.update().values(message_id=None))

        database = await Database.open(settings.storage.database_url)
        await database.write(forget)
        await database.close()
        assert await command_line.delete(settings, user_id) == 0
        playground.faults.drop("GET", "/channels/{channel_id}/messages")
        async with open_stage(playground, settings, executor) as stage:
            async with asyncio.timeout(CLIP_SECONDS):
                while await stage.service.database.read(erasures.under_way):
                    await stage.service.client.erasing.sweep()
            async with stage.member() as ada:
                assert shown_in_public(ada) == []


async def test_a_clip_that_others_built_on_goes_also_after_a_crash(tmp_path: Path) -> None:
    settings, executor = make_settings(tmp_path), ScriptedExecutor()
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, executor) as stage,
            stage.member() as ada,
            stage.member("Grace") as grace,
        ):
            job_id = await order(ada, f"/imagine-video prompt:a {CANARY}")
            await finished_card(ada, job_id)
            built = await order(grace, f"/extend clip:{job_id} prompt:a house of my own")
            await finished_card(grace, built)
            user_id = int(ada.id)
        database = await Database.open(settings.storage.database_url)

        def die_after_the_transaction(connection: Connection) -> None:
            now = datetime.now(UTC)
            wish = erasures.begin(connection, erasure_id="e", user_id=user_id, now=now)
            erasing.erase(connection, wish, now=now)

        await database.write(die_after_the_transaction)
        await database.close()
        assert any(name.endswith(".mp4") for name in files_with(tmp_path, CANARY.encode()))
        async with open_stage(playground, settings, executor) as stage:
            await at_the_end_of_all(stage)
            assert files_with(tmp_path, CANARY.encode()) == []
            async with stage.member("Grace") as grace:
                assert (await finished_card(grace, built)).attachments, "what others made stays"


async def test_an_operator_s_wish_is_done_by_the_bot_that_runs(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    async with stage.member() as ada:
        await finished_card(ada, await order(ada, f"/imagine-video prompt:a {CANARY}"))
        assert await command_line.delete(stage.settings, int(ada.id)) == 0
        assert "The bot is running" in capsys.readouterr().out
        refused = await (await ada.type("/imagine-video prompt:a red circle")).reply()
        assert "is being deleted" in refused.text
