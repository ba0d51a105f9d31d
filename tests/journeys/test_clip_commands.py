"""Commands that make a clip of what a member has already: pictures, or another clip."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, finished_card, order


def picture(file: Path, colour: str) -> Path:
    Image.new("RGB", (40, 30), colour).save(file)
    return file


async def test_animate_brings_its_two_pictures_to_the_model(
    stage: Stage, executor: ScriptedExecutor, tmp_path: Path
) -> None:
    first, last = picture(tmp_path / "a.png", "red"), picture(tmp_path / "b.png", "blue")
    async with stage.member() as ada:
        job_id = await order(ada, f"/animate image:@{first} end:@{last}")
        card = await finished_card(ada, job_id)
        assert "ends with the second picture" in card.text
        reply = await (await ada.press(card, label="Reroll")).reply()
        await finished_card(ada, reply.text.split("`")[1])
    made, again = executor.log
    assert made.request.last_image_sha256 is not None
    assert set(made.files) == {made.request.image_sha256, made.request.last_image_sha256}
    assert again.files == made.files
