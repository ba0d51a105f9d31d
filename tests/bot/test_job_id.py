"""Job ids are stable names of interactions."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.job_id import JOB_ID_PATTERN, job_id_for

snowflakes = st.integers(0, 2**64 - 1)


@given(snowflakes)
def test_every_interaction_names_a_job_that_fits_a_nonce(interaction_id: int) -> None:
    job_id = job_id_for(interaction_id)
    assert re.fullmatch(JOB_ID_PATTERN, job_id)
    assert len(f"card-{job_id}") <= 25  # Discord's limit for a nonce


@given(snowflakes, snowflakes)
def test_two_interactions_never_share_a_job(first: int, second: int) -> None:
    assert (job_id_for(first) == job_id_for(second)) == (first == second)
