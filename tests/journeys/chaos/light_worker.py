"""A real worker process with a light recipe: it starts in a moment, and no two clips are alike.
Making the file takes it as long as making the pictures. A clip says its words, as labels do.

A second attempt makes other bytes than the first, so that a file which nothing refers to shows.
"""

from __future__ import annotations

import os
import time

from generation.clip import Clip, UnfinishedClip
from generation.executor import Execution
from generation.executors.wire import WorkerSetup
from generation.executors.worker import OnProgress, Production, serve
from generation.job import Progress, Stage
from tests.generation.builders import make_clip

PROGRAM = "tests.journeys.chaos.light_worker"
STEPS = 5
STEP_SECONDS = 0.03


def film(execution: Execution, on_progress: OnProgress) -> UnfinishedClip:
    _take_time(Stage.GENERATING, on_progress)
    return UnfinishedClip(
        seconds=STEPS * STEP_SECONDS, finish=lambda: _finish(execution, on_progress)
    )


def _finish(execution: Execution, on_progress: OnProgress) -> Clip:
    _take_time(Stage.ENCODING, on_progress)
    words = f"{execution.job_id} {execution.attempt} {execution.request.prompt} "
    media = words.encode() + os.urandom(20_000)
    facts = make_clip(seed=execution.request.seed, size_bytes=len(media)).facts
    return Clip(media=media, facts=facts)


def _take_time(stage: Stage, on_progress: OnProgress) -> None:
    for step in range(1, STEPS + 1):
        time.sleep(STEP_SECONDS)
        on_progress(Progress(stage=stage, step=step, steps=STEPS))


def open_production(_: WorkerSetup) -> Production:
    return Production(device="a timer", preload=lambda: None, film=film)


if __name__ == "__main__":
    serve(open_production)
