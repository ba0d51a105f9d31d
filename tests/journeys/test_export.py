"""What members are sent of their own: whole, in files that Discord takes, and to nobody else."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from bot.playground.member import Member
from generation.errors import GenerationFailed
from storage import exports
from storage.exports import MOST_EXPORTS, Export
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


def unzipped(media: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(media)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def parts_of(member: Member, line: str) -> tuple[str, list[dict[str, bytes]], list[bytes]]:
    """Types the command; its last words, the zips it brings and the files beside them."""
    seen = {message.id for message in member.messages}
    answer = await (await member.type(line)).reply()
    done = await member.wait_for_message(
        lambda message: (
            message.id == answer.id
            and " in " in message.content
            and "newest first" in message.content
        ),
        timeout_seconds=CLIP_SECONDS,
    )
    brought = [message for message in member.messages if message.id not in seen]
    assert all(message.ephemeral for message in brought)
    attachments = [one for message in brought for one in message.attachments]
    media = {one["filename"]: await member.download(one) for one in attachments}
    zips = [unzipped(data) for name, data in media.items() if name.endswith(".zip")]
    return done.content, zips, [data for name, data in media.items() if name.endswith(".mp4")]


async def test_an_export_is_a_zip_with_every_job_and_a_contact_sheet(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Grace") as grace:
        shared = await share(ada, "a red circle")
        executor.faults.append(GenerationFailed("it cannot be drawn"))
        failed = await order(ada, "/imagine-video prompt:a blue star -seed 9007199254740991")
        await finished_card(ada, failed)
        still = await order(ada, "/storyboard-image prompt:a house private:true")
        await finished_card(ada, still)
        await finished_card(grace, await order(grace, "/imagine-video prompt:not hers"))

        said, zips, beside = await parts_of(ada, "/export")
        assert said == "3 jobs and 2 clips in 1 part, newest first."
        assert beside == []
        [files] = zips
        lines = [json.loads(line) for line in files["manifest.jsonl"].decode().splitlines()]
        assert [line["id"] for line in lines] == [still, failed, shared]
        by_id = {line["id"]: line for line in lines}
        clip = by_id[shared]
        assert (clip["prompt"], clip["shared"], clip["credits"]) == ("a red circle", True, 2)
        assert clip["settings"]["command"] == "imagine-video"
        assert clip["model_revision"] == "scripted"
        media = files[f"clips/{clip['file']}"]
        assert hashlib.sha256(media).hexdigest() == clip["sha256"]
        assert by_id[failed]["seed"] == "9007199254740991"
        assert (by_id[failed]["credits"], by_id[failed]["file"]) == (0, None)
        sheet = Image.open(io.BytesIO(files["contact_sheet.png"]))
        colours = sheet.convert("RGB").getcolors(maxcolors=2**20) or []
        assert len(colours) > 10
        assert "part 1 of 1" in files["README.txt"].decode()
        assert "not hers" not in b"".join(files.values()).decode(errors="replace")


async def test_an_export_fits_into_messages_in_several_parts(tmp_path: Path) -> None:
    """Also a clip that fills a message by itself."""
    settings = make_settings(tmp_path, delivery={"attachment_bytes": 160_000})
    executor = ScriptedExecutor(noisy=True)
    async with (
        open_playground() as playground,
        open_stage(playground, settings, executor) as stage,
        stage.member() as ada,
    ):
        ordered = [
            await order(ada, f"/imagine-video prompt:circle {number}") for number in range(4)
        ]
        for job_id in ordered:
            await finished_card(ada, job_id)
        said, zips, beside = await parts_of(ada, "/export")
        kept = {hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.rglob("*.mp4")}
    lines = [
        json.loads(line) for files in zips for line in files["manifest.jsonl"].decode().splitlines()
    ]
    assert [line["id"] for line in lines] == ordered[::-1]
    assert len(zips) + len(beside) > 1, said
    sent = [
        hashlib.sha256(data).hexdigest()
        for files in zips
        for name, data in files.items()
        if name.endswith(".mp4")
    ] + [hashlib.sha256(data).hexdigest() for data in beside]
    assert set(sent) == kept


async def test_all_that_is_stored_is_exported_from_all_servers_and_nothing_of_others(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Ada", guild="Film Club") as elsewhere,
        stage.member("Grace") as grace,
        stage.member("Lin") as lin,
    ):
        here = await share(ada, "a red circle")
        there = await order(elsewhere, "/imagine-video prompt:a film")
        await finished_card(elsewhere, there)
        await like(grace, here)
        await (await lin.type("/quota grant member:@ada credits:5 reason:well done")).reply()
        _, zips, _ = await parts_of(ada, "/privacy export")
        files = {
            name: data.decode(errors="replace") for part in zips for name, data in part.items()
        }
        jobs = [json.loads(line)["id"] for line in files["data/jobs.jsonl"].splitlines()]
        assert jobs == [here, there]
        assert "well done" in files["data/moderator_log.jsonl"]
        everything = "".join(files.values())
        assert lin.id not in everything
        assert grace.id not in everything


async def test_exports_come_one_at_a_time_and_not_too_often(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada:
        nothing = await (await ada.type("/export")).reply()
        assert "nothing of yours" in nothing.text
        await finished_card(ada, await order(ada, "/imagine-video prompt:a red circle"))
        for _ in range(MOST_EXPORTS - 1):
            await parts_of(ada, "/export")
        refused = await (await ada.type("/export")).reply()
        assert f"You had {MOST_EXPORTS} exports in a day" in refused.text
        assert not any(stage.settings.storage.exports_folder.iterdir())


async def test_an_export_that_a_restart_cut_off_comes_as_a_direct_message(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    async with open_playground() as playground:
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
        ):
            await finished_card(ada, await order(ada, "/imagine-video prompt:a red circle"))
            export = Export(
                id="a" * 13,
                user_id=int(ada.id),
                guild_id=None,
                kind="clips",
                before_job_id=None,
                asked_at=datetime.now(UTC),
            )
            await stage.service.database.write(lambda c: exports.begin(c, export))
        async with (
            open_stage(playground, settings, ScriptedExecutor()) as stage,
            stage.member() as ada,
        ):
            sent = await ada.wait_for_message(
                lambda message: "The export that you asked for" in message.content,
                timeout_seconds=CLIP_SECONDS,
            )
            files = unzipped(await ada.download(sent.attachments[0]))
            assert b"a red circle" in files["manifest.jsonl"]
