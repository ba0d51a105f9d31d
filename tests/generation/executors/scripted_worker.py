"""A real worker process that does what the prompt says instead of generating: no torch, no wait.

Prompts: `steps`, `wait` (steps without end), `sleep` (deaf to all but signals), `defy` (also deaf
to SIGTERM), `die CODE`, `raise`, `memory`, `device`, `big`, `print`, `environment`, `greet` (waits
until a file was made beside it). `later PROMPT` makes its pictures at once and does the rest while
its file is made; there it may be `meet`, too, which ends once another's pictures are being made.
`once PROMPT` does so at the first attempt only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

from generation.clip import Clip, UnfinishedClip
from generation.errors import DeviceFailed, OutOfMemory
from generation.executor import Execution
from generation.executors.wire import WorkerSetup
from generation.executors.worker import OnProgress, Production, serve
from generation.job import Progress, Stage
from tests.generation.builders import at_once, make_clip

STEPS = 3
BIG_CLIP_BYTES = 10 * 1024 * 1024
SOMEBODY_FILMS = threading.Event()
FILE_IS_MADE = threading.Event()
PATIENCE_SECONDS = 120.0


def film(execution: Execution, on_progress: OnProgress) -> UnfinishedClip:
    now, _, later = execution.request.prompt.partition(" ")
    if now != "later":
        return at_once(make)(execution, on_progress)
    on_progress(Progress(stage=Stage.GENERATING, step=0, steps=STEPS))
    rest = replace(execution, request=replace(execution.request, prompt=later))
    return UnfinishedClip(seconds=1.0, finish=lambda: make(rest, on_progress, Stage.ENCODING))


def make(execution: Execution, on_progress: OnProgress, stage: Stage = Stage.GENERATING) -> Clip:
    action, _, argument = execution.request.prompt.partition(" ")
    if action == "once":
        action, _, argument = argument.partition(" ") if execution.attempt == 1 else ("", "", "")
    if action == "defy":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    on_progress(Progress(stage=stage, step=0, steps=STEPS))
    if stage is Stage.GENERATING:
        SOMEBODY_FILMS.set()
    match action:
        case "meet":
            assert SOMEBODY_FILMS.wait(PATIENCE_SECONDS)
            on_progress(Progress(stage=stage, step=1, steps=STEPS))
            FILE_IS_MADE.set()
        case "greet":
            assert FILE_IS_MADE.wait(PATIENCE_SECONDS)
        case "wait":
            while True:
                time.sleep(0.01)
                on_progress(Progress(stage=stage, step=1, steps=STEPS))
        case "sleep" | "defy":
            time.sleep(600)
        case "die":
            os._exit(int(argument))
        case "raise":
            raise KeyError("no such tensor\nand a second line")
        case "memory":
            raise OutOfMemory("3 GiB wanted")
        case "device":
            raise DeviceFailed("CUDA error: an illegal memory access was encountered")
        case "big":
            return Clip(media=bytes(BIG_CLIP_BYTES), facts=make_clip().facts)
        case "print":
            print("noise on standard output", flush=True)
            subprocess.run("echo more noise; read line; echo read", shell=True, check=False)
        case "environment":
            return make_clip(notes=tuple(sorted(os.environ)))
        case "modules":
            return make_clip(notes=tuple(sorted(sys.modules)))
        case _:
            pass
    for step in range(1, STEPS + 1):
        on_progress(Progress(stage=stage, step=step, steps=STEPS))
    return make_clip(seed=execution.request.seed, notes=(f"files {execution.files!r}",))


def open_production(setup: WorkerSetup) -> Production:
    return Production(device="a script", preload=lambda: None, film=film)


if __name__ == "__main__":
    serve(open_production)
