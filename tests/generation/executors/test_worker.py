"""The real worker program: torch, a tiny pipeline, a clip."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from generation.errors import GenerationFailed, WorkerCrashed
from generation.executor import Done, Execution, ExecutionEvent, Faulted, Filmed, Stopped
from generation.executors.local import WORKER_PROGRAM, ExecutionLimits, LocalExecutor
from generation.executors.wire import WorkerSetup
from generation.inspection import inspect
from generation.job import Progress, Stage
from tests.generation.builders import make_request


def open_executor(
    catalogue: Path,
    folders: dict[str, Path],
    *,
    peaks_file: Path | None = None,
    program: str = WORKER_PROGRAM,
) -> LocalExecutor:
    setup = WorkerSetup(
        catalogue_file=catalogue,
        model_folders=folders,
        device="cpu",
        threads=1,
        narration_scenes=3,
        preload="pocket",
        peaks_file=peaks_file,
        enabled=("pocket",),
    )
    return LocalExecutor(setup=setup, limits=ExecutionLimits(), environ=os.environ, program=program)


def make_execution(job_id: str, *, steps: int, spare_memory: bool = False) -> Execution:
    return Execution(
        job_id=job_id,
        attempt=1,
        request=make_request(steps=steps),
        max_bytes=5_000_000,
        spare_memory=spare_memory,
    )


async def last_event(
    local: LocalExecutor,
    job_id: str,
    *,
    steps: int,
    kill: bool = False,
    cancel: bool = False,
    spare_memory: bool = False,
) -> ExecutionEvent:
    """What an execution ends with; cancelled or its worker killed at its first step."""
    last: ExecutionEvent | None = None
    execution = make_execution(job_id, steps=steps, spare_memory=spare_memory)
    async for last in local.run(execution):
        if isinstance(last, Progress) and last.stage is Stage.GENERATING and last.step >= 1:
            if cancel:
                assert await local.cancel(job_id, 1)
            elif kill:
                pid = local.worker_pid(0)
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                kill = False
    assert last is not None
    return last


async def test_a_worker_makes_clips_is_cancelled_mid_step_and_survives_being_killed(
    tiny_weights: Path, tiny_catalogue: Path
) -> None:
    local = open_executor(tiny_catalogue, {"pocket": tiny_weights})
    await local.start()
    try:
        first = await last_event(local, "first", steps=2)
        assert local.unable == {}
        assert isinstance(first, Done)
        assert inspect(first.clip.media).codec == "h264"
        pid = local.worker_pid(0)
        assert isinstance(await last_event(local, "cancelled", steps=50, cancel=True), Stopped)
        assert local.worker_pid(0) == pid
        again = await last_event(local, "again", steps=2)
        assert isinstance(again, Done)
        assert again.clip.media == first.clip.media
        killed = await last_event(local, "killed", steps=50, kill=True)
        assert isinstance(killed, Faulted)
        assert isinstance(killed.error, WorkerCrashed)
        assert isinstance(await last_event(local, "after", steps=2), Done)
    finally:
        await local.close()


async def test_a_file_that_is_made_beside_the_next_pictures_is_the_same_and_so_are_they(
    tiny_weights: Path, tiny_catalogue: Path
) -> None:
    """The encoder waits until the model is denoising, and that one until the encoder is at it."""
    local = open_executor(
        tiny_catalogue,
        {"pocket": tiny_weights},
        program="tests.generation.executors.patient_worker",
    )
    await local.start()
    try:
        by_itself = await last_event(local, "by itself", steps=3)
        told: list[tuple[str, ExecutionEvent]] = []
        may_start = asyncio.Event()

        async def listen(job_id: str) -> ExecutionEvent:
            async for event in local.run(make_execution(job_id, steps=3)):
                told.append((job_id, event))
                if isinstance(event, Filmed):
                    may_start.set()
            return told[-1][1]

        first = asyncio.create_task(listen("first"))
        await may_start.wait()
        second = await listen("second")
        ends = [(await first), second]
    finally:
        await local.close()
    assert isinstance(by_itself, Done)
    for end in ends:
        assert isinstance(end, Done)
        assert end.clip.media == by_itself.clip.media
    order = [
        (job_id, event.stage if isinstance(event, Progress) else type(event))
        for job_id, event in told
    ]
    denoises = order.index(("second", Stage.GENERATING))
    assert order.index(("first", Filmed)) < denoises
    assert denoises < order.index(("first", Stage.ENCODING)) < order.index(("second", Filmed))


async def test_a_clip_made_in_less_memory_says_so_and_what_it_took_is_kept(
    tmp_path: Path, tiny_weights: Path, tiny_catalogue: Path
) -> None:
    peaks = tmp_path / "peaks.json"
    local = open_executor(tiny_catalogue, {"pocket": tiny_weights}, peaks_file=peaks)
    await local.start()
    try:
        usual = await last_event(local, "usual", steps=2)
        spared = await last_event(local, "spared", steps=2, spare_memory=True)
    finally:
        await local.close()
    assert isinstance(usual, Done)
    assert isinstance(spared, Done)
    assert not any("emory" in note for note in usual.clip.facts.notes)
    assert any("decoded in tiles" in note for note in spared.clip.facts.notes)
    [lines] = json.loads(peaks.read_text()).values()
    assert {key.split(" ", 2)[2] for key in lines} == {"whole", "decoded in tiles"}


async def test_a_model_that_cannot_be_loaded_fails_its_jobs_with_the_reason(
    tmp_path: Path, tiny_catalogue: Path
) -> None:
    local = open_executor(tiny_catalogue, {"pocket": tmp_path})
    await local.start()
    try:
        assert local.unable == {}
        failed = await last_event(local, "one", steps=2)
        assert local.unable == {"pocket": "its weights are not on this machine"}
    finally:
        await local.close()
    assert isinstance(failed, Faulted)
    assert isinstance(failed.error, GenerationFailed)
    assert "model_index.json" in str(failed.error)


@pytest.mark.parametrize(
    "module",
    [
        "generation.dispatcher",
        "generation.executors.local",
        "generation.fairness.queue",
        "generation.uploads",
    ],
)
async def test_what_the_bot_imports_brings_no_torch(module: str) -> None:
    program = f"import sys, {module}; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == 0
