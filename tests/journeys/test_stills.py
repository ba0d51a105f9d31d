"""A still goes the way of a clip: card, credits, gallery, deletion; and clips are made of it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from generation.executor import Execution
from generation.still import read_still_label
from tests.journeys.scripted_executor import HEIGHT, WIDTH, ScriptedExecutor
from tests.journeys.stage import Stage, credits_of, finished_card, order


async def test_a_still_is_posted_rerolled_shared_and_deleted(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member() as ada:
        before = await credits_of(ada)
        job_id = await order(ada, "/storyboard-image prompt:a red circle seed:5")
        card = await finished_card(ada, job_id)
        assert card.attachments[0]["filename"] == f"reelroom-storyboard-image-{job_id}.png"
        assert f"{WIDTH} × {HEIGHT}" in card.text
        assert "fps" not in card.text
        assert "motion" not in card.text
        assert await credits_of(ada) == before - 1
        media = await ada.download(card.attachments[0])
        assert Image.open(io.BytesIO(media)).size == (WIDTH, HEIGHT)
        label = read_still_label(media)
        assert label is not None
        assert (label.prompt, label.seed) == ("a red circle", 5)
        reply = await (await ada.press(card, label="Reroll")).reply()
        await finished_card(ada, reply.text.split("`")[1])
        await (await ada.press(card, label="Share to gallery")).reply()
        page = await (await ada.type("/gallery")).reply()
        assert await ada.download(page.attachments[0]) == media
        shown = ada.message(card.id)
        assert shown is not None
        assert len(kept(stage)) == 2
        reply = await (await ada.press(shown, label="Delete")).reply()
        assert reply.text == "Deleted."
        assert len(kept(stage)) == 1, "the rerolled one"
    assert executor.log[1].request.seed != 5


def kept(stage: Stage) -> list[Path]:
    """The stills on disk."""
    return list(stage.settings.storage.data_folder.rglob("*.png"))


async def test_animate_takes_a_still_by_its_job_id_also_beside_an_upload(
    stage: Stage, executor: ScriptedExecutor, tmp_path: Path
) -> None:
    file = tmp_path / "end.png"
    Image.new("RGB", (40, 30), "blue").save(file)
    async with stage.member() as ada, stage.member("Grace") as grace:
        still = await order(ada, "/storyboard-image prompt:a red circle")
        media = await ada.download((await finished_card(ada, still)).attachments[0])
        assert [
            choice["value"] for choice in await ada.autocomplete("/animate still:", "still")
        ] == [still]
        assert await ada.autocomplete("/extend clip:", "clip") == []
        for line in (f"/animate still:{still}", f"/animate still:{still} end:@{file}"):
            await finished_card(ada, await order(ada, line))
        before = await credits_of(ada)
        clip = await order(ada, "/imagine-video prompt:a red circle")
        await finished_card(ada, clip)
        hidden = await order(grace, "/storyboard-image prompt:a star private:true")
        await finished_card(ada, hidden)
        for line, said in (
            (f"/animate still:{still}@0.5", "is a picture: leave out the @"),
            (f"/animate still:{clip}@1.5", f"{clip} has seconds 0 to 1.00 only"),
            (f"/loop still:{still} image:@{file}", "given twice"),
            (f"/keyframes image1:@{file} still2:{hidden}", "Only the author"),
            (f"/keyframes image1:@{file} image2:@{file} still2:{still}", "image2 is given twice"),
            (f"/keyframes still1:{still}", "images must be 2 to 4, not 1"),
            (f"/extend clip:{still}", "is a picture; /animate makes a clip of it"),
            (f"/animate still:{still} image:@{file}", "given twice"),
            (f"/animate still:{hidden}", "Only the author"),
            ("/animate still:nosuchjob", "does not exist"),
            ("/animate", "image is missing"),
        ):
            reply = await (await ada.type(line)).reply()
            assert said in reply.text, (line, reply.text)
        assert await credits_of(ada) == before - 2
    one, both = executor.log[1:3]
    assert dict(one.files) == {one.request.image_sha256: media}
    assert set(both.files) == {one.request.image_sha256, both.request.last_image_sha256}


async def test_loop_and_keyframes_take_stills_and_pictures_of_clips_by_job_id(
    stage: Stage, executor: ScriptedExecutor, tmp_path: Path
) -> None:
    file = tmp_path / "blue.png"
    Image.new("RGB", (40, 30), "blue").save(file)
    async with stage.member() as ada:
        still = await order(ada, "/storyboard-image prompt:a red circle")
        media = await ada.download((await finished_card(ada, still)).attachments[0])
        clip = await order(ada, "/imagine-video prompt:a red circle")
        card = await finished_card(ada, clip)
        link = f"https://discord.com/channels/1/{card.channel_id}/{card.id}"
        offered = await ada.autocomplete("/loop still:", "still")
        assert [choice["value"] for choice in offered] == [clip, still], "the newest first"
        looped = await finished_card(ada, await order(ada, f"/loop still:{still}"))
        assert "the given picture, moving" in looped.text
        assert dict(executor.log[-1].files) == {executor.log[-1].request.image_sha256: media}
        for named in (clip, link, f"{clip}@0.5", f"{link} @ 0,9s"):
            await finished_card(ada, await order(ada, f"/loop still:{named} prompt:it turns"))
        discs = [where_red(execution) for execution in executor.log[-4:]]
        assert discs[0] == discs[1] < discs[2] < discs[3], "the first picture, then later ones"
        line = f"/keyframes still1:{still} image2:@{file} still3:{clip}@0.5 duration:2"
        assert (
            "through 3 pictures, at 0, 1, 2 s"
            in (await finished_card(ada, await order(ada, line))).text
        )
    request = executor.log[-1].request
    assert next(keyframe.sha256 for keyframe in request.keyframes) in executor.log[2].files
    assert set(executor.log[-1].files) == {keyframe.sha256 for keyframe in request.keyframes}


def where_red(execution: Execution) -> float:
    """How far to the right the disc of the only picture is, in pixels."""
    (png,) = execution.files.values()
    with Image.open(io.BytesIO(png)) as image:
        red = np.asarray(image.convert("RGB"))[..., 0]
    return float(np.argwhere(red > 128)[:, 1].mean())
