"""The bot in a process of its own, on a given playground, with a worker that keeps all cores busy.

Started by `bench_acknowledgement`: prints "ready", and at the end of its input the lag of its
event loop beyond a 5 ms sleep, in milliseconds, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path

from bot.app import open_service
from bot.discord_endpoint import point_discord_at
from config.settings import Settings
from generation.executors.local import ExecutionLimits, LocalExecutor
from generation.executors.wire import WorkerSetup
from generation.models.catalogue import CATALOGUE_FILE
from storage.database import migrate

SAMPLE_SECONDS = 0.005
PLENTY = 100_000


def _settings(folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "storage": {"data_folder": folder},
            "credits": {"daily_allowance": PLENTY},
            "limits": {"waiting_jobs_per_user": PLENTY, "waiting_jobs_per_guild": PLENTY},
            "generation": {"grace_seconds": 1.0},
        }
    )


async def _sample_lag(lags_ms: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(SAMPLE_SECONDS)
        lags_ms.append((time.perf_counter() - began - SAMPLE_SECONDS) * 1000)


async def _run(url: str, gateway_url: str, token: str, folder: Path) -> None:
    settings = _settings(folder)
    await migrate(settings.storage.database_url)
    point_discord_at(url, gateway_url)
    executor = LocalExecutor(
        setup=WorkerSetup(
            catalogue_file=CATALOGUE_FILE,
            model_folders={},
            device="cpu",
            threads=1,
            narration_scenes=1,
            preload=None,
        ),
        limits=ExecutionLimits(),
        program="tests.benchmarks.busy_worker",
    )
    await executor.start()
    try:
        async with open_service(settings, token=token, executor=executor):
            lags_ms: list[float] = []
            sampling = asyncio.create_task(_sample_lag(lags_ms))
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.read)
            sampling.cancel()
            print(json.dumps(lags_ms), flush=True)
    finally:
        await executor.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    asyncio.run(_run(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])))
