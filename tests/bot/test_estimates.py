"""Time left is learned from jobs that ran."""

from __future__ import annotations

from bot.estimates import Estimates
from generation.job import JobStarted, JobSucceeded
from tests.generation.builders import make_clip, make_job


def test_there_is_no_estimate_before_the_first_clip() -> None:
    assert Estimates().run_seconds("pocket", 2) is None


def test_the_median_run_scales_with_the_price() -> None:
    estimates = Estimates()
    estimates.learn("pocket", [(2, 4.0), (1, 2.0), (10, 1000.0)])
    assert estimates.run_seconds("pocket", 3) == 6.0
    assert estimates.run_seconds("ltx-video", 3) is None


async def test_a_finished_job_teaches() -> None:
    clock = iter([100.0, 106.0])
    estimates = Estimates(clock=lambda: next(clock))
    job = make_job("a")
    estimates.expect("a", 2)
    await estimates(JobStarted(job=job))
    await estimates(JobSucceeded(job=job, clip=make_clip()))
    assert estimates.run_seconds("pocket", 4) == 12.0
