"""Bad input: a clear private answer, nothing charged, nothing lost."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from PIL import Image

from bot.playground.member import Member
from bot.playground.member_errors import Refused
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import (
    Stage,
    card_of,
    credits_of,
    finished_card,
    make_settings,
    open_playground,
    open_stage,
    order,
)


async def refused(member: Member, line: str) -> str:
    """What the member reads; asserts that it is private and that nothing was charged."""
    before = await credits_of(member)
    reply = await (await member.type(line)).reply()
    assert reply.ephemeral
    assert " is in. " not in reply.text, reply.text
    assert await credits_of(member) == before
    return reply.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("prompt:a red circle model:nosuch", "no model called “nosuch”"),
        ("prompt:a red circle duration:59", "duration"),
        ("prompt:a red circle aspect:16:9 model:nosuch", "no model"),
        ("prompt:a red circle steps:99", "steps"),
        ("prompt:" + "x" * 1501, "1501 characters; 1500 are allowed"),
    ],
)
async def test_an_impossible_option_is_named(stage: Stage, options: str, words: str) -> None:
    async with stage.member() as ada:
        assert words in await refused(ada, f"/imagine-video {options}")


@pytest.mark.parametrize(
    "options",
    ["prompt:" + "x" * 4001, "prompt:a red circle seed:-1", "prompt:a red circle motion:5"],
)
async def test_discords_own_limits_are_declared_with_the_command(
    stage: Stage, options: str
) -> None:
    async with stage.member() as ada:
        with pytest.raises(Refused):
            await ada.type(f"/imagine-video {options}")


async def test_a_blank_prompt_is_refused(stage: Stage) -> None:
    async with stage.member() as ada:
        assert "prompt is empty" in await refused(ada, '/imagine-video prompt:" "')


async def test_a_loop_needs_words_or_a_picture(stage: Stage) -> None:
    async with stage.member() as ada:
        assert "give a prompt, an image or a still" in await refused(ada, "/loop")


def bomb() -> bytes:
    """A PNG of some kilobytes that declares and holds 13300 x 13300 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    side = 13300
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def long_gif() -> bytes:
    """2000 frames of 8 x 8 pixels."""
    frames = [Image.new("L", (8, 8), 255 * (index % 2)) for index in range(2000)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("words.png", b"this is no picture"),
        ("empty.png", b""),
        ("bomb.png", bomb()),
        ("long.gif", long_gif()),
        ("large.png", b"\x89PNG\r\n\x1a\n" + bytes(11 * 2**20)),
    ],
    ids=["not an image", "empty", "decompression bomb", "2000 frames", "too large"],
)
async def test_an_unusable_picture_is_refused(
    tmp_path: Path, name: str, content: bytes, executor: ScriptedExecutor
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    settings = make_settings(tmp_path, limits={"image_bytes": 9 * 2**20})
    async with (
        open_playground() as playground,
        open_stage(playground, settings, executor) as stage,
        stage.member() as ada,
    ):
        try:
            text = await refused(ada, f"/animate image:@{file}")
        except Refused as refusal:  # Discord's own client refuses what exceeds its upload limit
            text = str(refusal)
            assert name == "large.png"
        assert "picture" in text or "large" in text
    assert not executor.log


@pytest.fixture
async def poor_stage(tmp_path: Path, executor: ScriptedExecutor) -> AsyncGenerator[Stage]:
    settings = make_settings(
        tmp_path,
        credits={"daily_allowance": 3},
        limits={"waiting_jobs_per_user": 2},
    )
    async with (
        open_playground() as playground,
        open_stage(playground, settings, executor) as opened,
    ):
        yield opened


async def test_without_enough_credits_nothing_starts(poor_stage: Stage) -> None:
    async with poor_stage.member() as ada:
        await finished_card(ada, await order(ada, "/imagine-video prompt:a red circle duration:2"))
        text = await refused(ada, "/imagine-video prompt:a red circle duration:2")
        assert "costs 2 credits and you have 1" in text


async def test_a_members_queue_has_an_end(poor_stage: Stage, executor: ScriptedExecutor) -> None:
    executor.hold()
    async with poor_stage.member() as ada:
        running = await order(ada, "/imagine-video prompt:a duration:1")
        await card_of(ada, running, having="step 1 of 4")
        waiting = [await order(ada, f"/imagine-video prompt:{word} duration:1") for word in "bc"]
        assert "2 jobs waiting" in await refused(ada, "/imagine-video prompt:d duration:1")
        executor.let_go()
        for job_id in (running, *waiting):
            assert (await finished_card(ada, job_id)).attachments


async def test_a_student_is_refused_a_moderators_command_even_if_the_client_sends_it(
    stage: Stage,
) -> None:
    async with stage.member("Grace") as grace:
        stage.playground.permit("quota", grace.id)
        text = await refused(grace, "/quota grant member:ada credits:50")
        assert "for moderators" in text
    async with stage.member("Ada") as ada:
        assert await credits_of(ada) == 100


async def test_where_the_bot_may_not_post_nothing_is_charged(stage: Stage) -> None:
    async with stage.member(channel="read-only") as ada:
        text = await refused(ada, "/imagine-video prompt:a red circle")
        assert "may not post in this channel" in text
