"""Time left is learned from jobs that ran."""

from __future__ import annotations

from bot.estimates import Estimates
from generation.errors import GenerationFailed
from generation.job import JobFailed, JobStarted, JobSucceeded
from tests.generation.builders import make_clip, make_job


def test_there_is_no_estimate_before_the_first_clip() -> None:
    assert Estimates().run_seconds("pocket", 2) is None


def test_the_median_run_scales_with_the_price() -> None:
    estimates = Estimates()
    estimates.learn("pocket", [(2, 4.0), (2, 4.0), (2, 1000.0)])
    assert estimates.run_seconds("pocket", 3) == 6.0
    assert estimates.run_seconds("ltx-video", 3) is None


def test_small_and_large_clips_are_told_apart() -> None:
    estimates = Estimates()
    estimates.learn("pocket", [(1, 5.0), (40, 40.0)])
    assert estimates.run_seconds("pocket", 1) == 5.0
    assert estimates.run_seconds("pocket", 50) == 50.0


def test_a_size_that_was_never_made_is_foretold_from_the_nearest() -> None:
    estimates = Estimates()
    estimates.learn("pocket", [(1, 5.0), (40, 40.0)])
    assert estimates.run_seconds("pocket", 3) == 15.0
    assert estimates.run_seconds("pocket", 20) == 20.0


def test_what_a_job_is_charged_before_its_model_ever_ran() -> None:
    estimates = Estimates()
    estimates.expect("job", 3)
    assert estimates.job_seconds(make_job("job")) == 3.0
    estimates.learn("ltx-video", [(2, 60.0)])
    assert estimates.job_seconds(make_job("job")) == 90.0
    estimates.learn("pocket", [(2, 4.0)])
    assert estimates.job_seconds(make_job("job")) == 6.0


async def test_a_job_that_failed_teaches_nothing_and_is_forgotten() -> None:
    clock = iter([100.0])
    estimates = Estimates(clock=lambda: next(clock))
    job = make_job("a")
    estimates.expect("a", 7)
    await estimates(JobStarted(job=job))
    await estimates(JobFailed(job=job, error=GenerationFailed("no")))
    assert estimates.run_seconds("pocket", 7) is None
    assert estimates.job_seconds(job) == 1.0


async def test_a_finished_job_teaches() -> None:
    clock = iter([100.0, 106.0])
    estimates = Estimates(clock=lambda: next(clock))
    job = make_job("a")
    estimates.expect("a", 2)
    await estimates(JobStarted(job=job))
    await estimates(JobSucceeded(job=job, clip=make_clip()))
    assert estimates.run_seconds("pocket", 4) == 12.0
