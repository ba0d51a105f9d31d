"""A worker process whose every job keeps all cores busy for some seconds."""

from __future__ import annotations

import hashlib
import os
import threading
import time

from generation.clip import Clip
from generation.executor import Execution
from generation.executors.wire import WorkerSetup
from generation.executors.worker import OnProgress, Production, serve
from generation.job import Progress, Stage
from tests.generation.builders import at_once, make_clip

STEPS = 12
STEP_SECONDS = 0.25
BLOCK = bytes(1024 * 1024)  # hashing as much releases the interpreter's lock, as torch does


def make(execution: Execution, on_progress: OnProgress) -> Clip:
    ends = time.monotonic() + STEPS * STEP_SECONDS

    def compute() -> None:
        while time.monotonic() < ends:
            hashlib.sha256(BLOCK).digest()

    threads = [threading.Thread(target=compute) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    for step in range(STEPS):
        on_progress(Progress(stage=Stage.GENERATING, step=step, steps=STEPS))
        time.sleep(STEP_SECONDS)
    for thread in threads:
        thread.join()
    return make_clip(seed=execution.request.seed)


def open_production(_: WorkerSetup) -> Production:
    return Production(device="all cores", preload=lambda: None, film=at_once(make))


if __name__ == "__main__":
    serve(open_production)
