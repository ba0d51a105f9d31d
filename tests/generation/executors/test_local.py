from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from generation.dispatcher import Dispatcher
from generation.errors import (
    DeviceFailed,
    ExecutionError,
    GenerationFailed,
    OutOfMemory,
    WorkerCrashed,
    WorkerHung,
)
from generation.executor import (
    Done,
    Execution,
    ExecutionEvent,
    ExecutionStatus,
    Faulted,
    Filmed,
    Stopped,
)
from generation.executors.local import ExecutionLimits, LocalExecutor
from generation.executors.wire import WorkerSetup
from generation.fairness.queue import FairQueue, QueueLimits
from generation.job import JobEvent, JobSucceeded, Progress
from generation.models.catalogue import CATALOGUE_FILE
from tests.generation.builders import make_job, make_request
from tests.generation.executors.scripted_worker import BIG_CLIP_BYTES

SETUP = WorkerSetup(
    catalogue_file=CATALOGUE_FILE,
    model_folders={},
    device="cpu",
    threads=1,
    narration_scenes=4,
    preload=None,
)
NUMBERS = itertools.count()
UNHURRIED = ExecutionLimits()


@asynccontextmanager
async def executor(
    *,
    limits: ExecutionLimits = UNHURRIED,
    slots: int = 1,
    overlap: bool = True,
    environ: dict[str, str] | None = None,
) -> AsyncGenerator[LocalExecutor, None]:
    local = LocalExecutor(
        setup=SETUP,
        limits=limits,
        slots=slots,
        overlap=overlap,
        environ={"PATH": os.environ["PATH"]} if environ is None else environ,
        program="tests.generation.executors.scripted_worker",
    )
    await local.start()
    try:
        yield local
    finally:
        await local.close()


def make_execution(
    prompt: str, *, job_id: str = "job", attempt: int = 1, files: dict[str, bytes] | None = None
) -> Execution:
    return Execution(
        job_id=job_id,
        attempt=attempt,
        request=make_request(prompt=prompt),
        files=files or {},
        max_bytes=1_000_000,
    )


async def events_of(local: LocalExecutor, execution: Execution) -> list[ExecutionEvent]:
    return [event async for event in local.run(execution)]


async def outcome_of(local: LocalExecutor, prompt: str) -> ExecutionEvent:
    events = await events_of(local, make_execution(prompt, job_id=f"job {next(NUMBERS)}"))
    return events[-1]


async def fault_of(local: LocalExecutor, prompt: str) -> ExecutionError:
    outcome = await outcome_of(local, prompt)
    assert isinstance(outcome, Faulted)
    return outcome.error


async def outcome_when_cancelled(local: LocalExecutor, prompt: str) -> ExecutionEvent:
    """Cancels at the first sign of life."""
    last: ExecutionEvent | None = None
    async for last in local.run(make_execution(prompt)):
        if isinstance(last, Progress):
            assert await local.cancel("job", 1)
    assert last is not None
    return last


def pid_of(local: LocalExecutor) -> int:
    pid = local.worker_pid(0)
    assert pid is not None
    return pid


async def test_steps_arrive_in_order_and_the_clip_last() -> None:
    async with executor() as local:
        events = await events_of(
            local, make_execution("steps", files={"a": b"\x89PNG", "b": b"clip"})
        )
    *progress, filmed, done = events
    steps = [event.step for event in progress if isinstance(event, Progress)]
    assert len(steps) == len(progress)
    assert steps == sorted(steps)
    assert filmed == Filmed(seconds=1.0)
    assert isinstance(done, Done)
    assert done.clip.facts.notes == ("files {'a': b'\\x89PNG', 'b': b'clip'}",)


async def test_a_worker_is_kept_for_the_next_job() -> None:
    async with executor() as local:
        pid = pid_of(local)
        for _ in range(3):
            assert isinstance(await outcome_of(local, "steps"), Done)
        assert pid_of(local) == pid


async def test_a_worker_is_replaced_after_its_number_of_jobs() -> None:
    async with executor(limits=ExecutionLimits(jobs_per_worker=2)) as local:
        first = pid_of(local)
        await outcome_of(local, "steps")
        assert pid_of(local) == first
        await outcome_of(local, "steps")
        assert pid_of(local) != first


async def test_a_clip_of_10_mebibytes_crosses_whole() -> None:
    async with executor() as local:
        done = await outcome_of(local, "big")
    assert isinstance(done, Done)
    assert len(done.clip.media) == BIG_CLIP_BYTES


async def test_what_libraries_print_does_not_disturb_the_channel() -> None:
    async with executor() as local:
        assert isinstance(await outcome_of(local, "print"), Done)


async def test_a_running_job_stops_at_its_next_step_when_cancelled() -> None:
    async with executor() as local:
        pid = pid_of(local)
        assert isinstance(await outcome_when_cancelled(local, "wait"), Stopped)
        assert pid_of(local) == pid, "the worker lives on"
        assert isinstance(await outcome_of(local, "steps"), Done)


@pytest.mark.parametrize("prompt", ["sleep", "defy"])
async def test_a_worker_that_does_not_stop_is_killed(prompt: str) -> None:
    async with executor(limits=ExecutionLimits(cancel_timeout_seconds=0.2)) as local:
        pid = pid_of(local)
        assert isinstance(await outcome_when_cancelled(local, prompt), Stopped)
        assert not psutil.pid_exists(pid)
        assert isinstance(await outcome_of(local, "steps"), Done)


async def test_cancelling_what_does_not_run_does_nothing() -> None:
    async with executor() as local:
        assert not await local.cancel("job", 1)
        await events_of(local, make_execution("steps"))
        assert not await local.cancel("job", 1)


async def test_a_cancel_of_an_earlier_attempt_does_not_stop_the_present_one() -> None:
    async with executor() as local:
        async for event in local.run(make_execution("steps", attempt=2)):
            assert not await local.cancel("job", 1)
            assert not isinstance(event, Stopped)


async def test_the_status_of_an_execution_is_known_before_while_and_after() -> None:
    async with executor() as local:
        assert await local.status("job", 1) is ExecutionStatus.UNKNOWN
        async for event in local.run(make_execution("steps")):
            if isinstance(event, Progress):
                assert await local.status("job", 1) is ExecutionStatus.RUNNING
        assert await local.status("job", 1) is ExecutionStatus.ENDED


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
async def test_a_killed_worker_is_a_crash_with_its_signal_and_is_replaced(
    number: signal.Signals,
) -> None:
    async with executor() as local:
        pid = pid_of(local)
        last = None
        async for last in local.run(make_execution("wait")):
            if isinstance(last, Progress) and psutil.pid_exists(pid):
                os.kill(pid, number)
        assert isinstance(last, Faulted)
        assert isinstance(last.error, WorkerCrashed)
        assert last.error.exit_code == -number
        assert pid_of(local) != pid
        assert isinstance(await outcome_of(local, "steps"), Done)


async def test_a_worker_that_exits_mid_job_is_a_crash_with_its_code() -> None:
    async with executor() as local:
        error = await fault_of(local, "die 17")
    assert isinstance(error, WorkerCrashed)
    assert error.exit_code == 17


async def test_a_worker_killed_while_idle_is_replaced_for_the_next_job() -> None:
    async with executor() as local:
        pid = pid_of(local)
        await outcome_of(local, "steps")
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(30):
            while local.worker_pid(0) is not None:  # noqa: ASYNC110 (nobody signals it)
                await asyncio.sleep(0.01)
        assert isinstance(await outcome_of(local, "steps"), Done)
        assert pid_of(local) != pid


async def test_an_unexpected_error_fails_the_job_with_one_line_and_not_the_worker() -> None:
    async with executor() as local:
        pid = pid_of(local)
        error = await fault_of(local, "raise")
        assert type(error) is GenerationFailed
        assert str(error) == r"KeyError: 'no such tensor\nand a second line'"
        assert pid_of(local) == pid


async def test_too_little_memory_is_told_as_such() -> None:
    async with executor() as local:
        assert isinstance(await fault_of(local, "memory"), OutOfMemory)


async def test_a_worker_whose_device_failed_is_replaced() -> None:
    async with executor() as local:
        pid = pid_of(local)
        assert isinstance(await fault_of(local, "device"), DeviceFailed)
        assert pid_of(local) != pid


async def test_a_silent_worker_is_killed_and_reported_as_hung() -> None:
    async with executor(limits=ExecutionLimits(step_timeout_seconds=0.3)) as local:
        pid = pid_of(local)
        error = await fault_of(local, "sleep")
        assert isinstance(error, WorkerHung)
        assert error.seconds == 0.3
        assert not psutil.pid_exists(pid)
        assert pid_of(local) != pid


async def test_a_job_that_takes_too_long_is_killed_although_it_makes_progress() -> None:
    async with executor(limits=ExecutionLimits(job_timeout_seconds=1.0)) as local:
        error = await fault_of(local, "wait")
        assert isinstance(error, WorkerHung)
        assert error.seconds == 1.0


async def test_a_worker_that_never_gets_ready_is_reported_as_hung() -> None:
    async with executor(limits=ExecutionLimits(start_timeout_seconds=0.2)) as local:
        os.kill(pid_of(local), signal.SIGSTOP)
        error = await fault_of(local, "steps")
        assert isinstance(error, WorkerHung)
        assert error.what == "loading the model without any progress"


async def test_two_slots_work_at_the_same_time_in_two_processes() -> None:
    async with executor(slots=2) as local:
        assert local.worker_pid(0) != local.worker_pid(1)
        first = local.run(make_execution("wait", job_id="first"))
        await anext(first)
        second = await events_of(local, make_execution("steps", job_id="second"))
        assert isinstance(second[-1], Done)
        await first.aclose()


async def test_abandoning_an_execution_frees_its_slot() -> None:
    async with executor() as local:
        events = local.run(make_execution("wait"))
        await anext(events)
        await events.aclose()
        assert isinstance(await outcome_of(local, "steps"), Done)


async def test_closing_ends_the_worker_and_what_it_runs() -> None:
    async with executor() as local:
        pid = pid_of(local)
        running = asyncio.create_task(events_of(local, make_execution("wait")))
        await asyncio.sleep(0)
        assert await local.status("job", 1) is ExecutionStatus.RUNNING
        await local.close()
        assert isinstance((await running)[-1], Stopped)
        assert not psutil.pid_exists(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux about the parent's death")
async def test_the_worker_dies_with_its_parent(tmp_path: Path) -> None:
    parent_program = """
import asyncio, sys
from tests.generation.executors.test_local import executor, make_execution
async def main():
    async with executor() as local:
        async for event in local.run(make_execution("sleep")):
            print(local.worker_pid(0), flush=True)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", parent_program, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    worker_pid = int(await parent.stdout.readline())
    assert psutil.pid_exists(worker_pid)
    parent.kill()
    await parent.wait()
    deadline = time.monotonic() + 30
    while psutil.pid_exists(worker_pid) and time.monotonic() < deadline:
        if psutil.Process(worker_pid).status() == psutil.STATUS_ZOMBIE:
            break
        await asyncio.sleep(0.02)
    else:
        assert not psutil.pid_exists(worker_pid)


async def test_the_event_loop_stays_free_while_a_job_runs() -> None:
    async with executor() as local:
        beats = 0

        async def heart() -> None:
            nonlocal beats
            while True:
                await asyncio.sleep(0)
                beats += 1

        beating = asyncio.create_task(heart())
        await outcome_of(local, "big")
        beating.cancel()
        assert beats > 10


async def test_a_job_whose_worker_is_killed_is_retried_and_delivered_once() -> None:
    told: list[JobEvent] = []
    ended = asyncio.Event()

    async def listener(event: JobEvent) -> None:
        told.append(event)
        if type(event).__name__ == "JobProgressed" and event.job.attempt == 1:
            pid = local.worker_pid(0)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
        if isinstance(event, JobSucceeded):
            ended.set()

    limits = QueueLimits(running_jobs_per_user=1, waiting_jobs_per_user=5, waiting_jobs_per_guild=5)
    async with executor() as local:
        dispatcher = Dispatcher(FairQueue(limits=limits), local, [listener], max_bytes=1_000_000)
        dispatcher.start()
        dispatcher.submit(make_job("one", request=make_request(prompt="big")))
        await asyncio.wait_for(ended.wait(), 60)
        await dispatcher.close(5)
    kinds = [type(event).__name__ for event in told]
    assert kinds.count("JobSucceeded") == 1
    assert kinds.count("JobRetrying") == 1
