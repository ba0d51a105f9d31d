from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.card import draw_card
from bot.job_id import job_id_for
from generation.clip import LoopMethod
from generation.models.catalogue import Catalogue
from generation.request import Command
from storage.jobs import JobRecord
from tests.generation.builders import make_clip, make_request


def loop_field(**facts: Any) -> str:
    """What the card of a finished loop says of it."""
    record = JobRecord(
        id=job_id_for(1),
        interaction_id=1,
        guild_id=1,
        user_id=1,
        channel_id=1,
        command="loop",
        model="pocket",
        request_json=make_request(command=Command.LOOP).to_json(),
        price_credits=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        state="succeeded",
        clip_json=make_clip(**facts).facts.to_json(),
        clip_sha256="0" * 64,
    )
    embed = draw_card(record, Catalogue.load(["pocket"])).embed
    [value] = [field.value for field in embed.fields if field.name == "Loop"]
    assert value is not None
    return value


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        ((LoopMethod.SAME_PICTURE,), "between twice the same picture."),
        ((LoopMethod.LATENT_ROLL,), "no moment was its end."),
        ((LoopMethod.LATENT_ROLL, LoopMethod.CROSSFADE), "the seam showed, so the end is blended"),
        ((LoopMethod.CROSSFADE,), "no better way"),
    ],
)
def test_a_loop_s_card_tells_how_it_was_made_and_its_seam_in_words(
    methods: tuple[LoopMethod, ...], said: str
) -> None:
    text = loop_field(loop_methods=methods, seam_ratio=1.04, seam_velocity_jump=0.8)
    assert said in text
    assert "1.04 of an ordinary step" in text
    assert "0.8 times" in text


def test_a_loop_in_which_nothing_moves_and_one_of_before_are_told_too() -> None:
    assert "Nothing moves" in loop_field(seam_ratio=0.0, seam_velocity_jump=0.0)
    assert loop_field(seam_ratio=1.0, seam_velocity_jump=1.0).startswith("Seam: 1.00")
