"""What the service adds to a clip: worker, pipes and queue against the bare recipe.

The recipe is run in this process, pipeline and encoding, and as jobs through the dispatcher and
a worker process, in turn. Needs the pocket model's weights.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from pathlib import Path
from typing import Any

from generation.dispatcher import Dispatcher
from generation.executor import Execution
from generation.executors.local import ExecutionLimits, LocalExecutor
from generation.executors.wire import WorkerSetup
from generation.executors.worker_process import worker_environment
from generation.fairness.queue import FairQueue, QueueLimits
from generation.job import JobCancelled, JobEvent, JobFailed, JobStarted, JobSucceeded
from generation.models.catalogue import CATALOGUE_FILE, Catalogue
from generation.request import GenerationRequest
from tests.generation.builders import make_job, make_request

PROJECT = Path(__file__).parents[2]
MODEL = "pocket"
ROUNDS = 12
MAX_BYTES = 10 * 1024 * 1024
TARGET_RATIO = 1.10
SETUP = WorkerSetup(
    catalogue_file=CATALOGUE_FILE,
    model_folders={},
    device="cpu",
    threads=os.cpu_count() or 1,
    narration_scenes=1,
    preload=MODEL,
)


def _request(seed: int) -> GenerationRequest:
    preset = Catalogue.load((MODEL,)).get(MODEL).default_preset
    return make_request(
        model=MODEL, seed=seed, steps=preset.steps_default, guidance=preset.guidance_default
    )


class _Bare:
    """The recipe in this process, its model loaded."""

    def __init__(self) -> None:
        # What the worker's environment has too; read when torch is imported.
        os.environ["OMP_WAIT_POLICY"] = worker_environment(os.environ)["OMP_WAIT_POLICY"]
        from generation.device import Device
        from generation.models.loading import LoadedModels
        from generation.production import produce

        self._produce = produce
        device = Device.choose("cpu", threads=SETUP.threads)
        self._models = LoadedModels(catalogue_file=CATALOGUE_FILE, folders={}, device=device)

    def seconds(self, seed: int) -> float:
        execution = Execution(
            job_id="bare", attempt=1, request=_request(seed), image=None, max_bytes=MAX_BYTES
        )
        began = time.perf_counter()
        self._produce(execution, self._models, lambda progress: None, narration_scenes=1)
        return time.perf_counter() - began


class _Service:
    """A dispatcher on one worker process."""

    def __init__(self) -> None:
        self._ended: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._began = 0.0
        self._executor = LocalExecutor(setup=SETUP, limits=ExecutionLimits())
        limits = QueueLimits(
            running_jobs_per_user=1, waiting_jobs_per_user=1, waiting_jobs_per_guild=1
        )
        self._dispatcher = Dispatcher(
            FairQueue(limits=limits), self._executor, [self._hear], max_bytes=MAX_BYTES
        )

    async def start(self) -> None:
        await self._executor.start()
        self._dispatcher.start()

    async def close(self) -> None:
        await self._dispatcher.close(0)
        await self._executor.close()

    async def seconds(self, seed: int) -> float:
        self._ended = asyncio.get_running_loop().create_future()
        self._dispatcher.submit(make_job(f"job {seed}", request=_request(seed)))
        return await self._ended

    async def _hear(self, event: JobEvent) -> None:
        match event:
            case JobStarted():
                self._began = time.perf_counter()
            case JobSucceeded():
                self._ended.set_result(time.perf_counter() - self._began)
            case JobFailed(error=error):
                self._ended.set_exception(error)
            case JobCancelled():
                self._ended.cancel()
            case _:
                pass


async def _compare() -> dict[str, Any]:
    bare, service = _Bare(), _Service()
    await service.start()
    try:
        bare.seconds(0)
        await service.seconds(0)
        bare_seconds: list[float] = []
        service_seconds: list[float] = []
        for seed in range(1, ROUNDS + 1, 2):
            bare_seconds.append(bare.seconds(seed))
            service_seconds.append(await service.seconds(seed))
            service_seconds.append(await service.seconds(seed + 1))
            bare_seconds.append(bare.seconds(seed + 1))
    finally:
        await service.close()
    ratio = statistics.median(service_seconds) / statistics.median(bare_seconds)
    return {
        "model": MODEL,
        "rounds": ROUNDS,
        "bare_seconds": round(statistics.median(bare_seconds), 3),
        "service_seconds": round(statistics.median(service_seconds), 3),
        "ratio": round(ratio, 3),
        "target_ratio": TARGET_RATIO,
        "met": ratio <= TARGET_RATIO,
    }


def measure() -> dict[str, Any]:
    """Says why where there are no weights to run."""
    weights = PROJECT / Catalogue.load((MODEL,)).get(MODEL).source.repository
    if not weights.exists():
        return {"model": MODEL, "left_out": "the pocket model's weights are not there"}
    return asyncio.run(_compare())
