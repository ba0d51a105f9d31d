"""A still goes the way of a clip: card, credits, gallery, deletion; and clips are made of it."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

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
            (f"/animate still:{clip}", "is a clip"),
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
