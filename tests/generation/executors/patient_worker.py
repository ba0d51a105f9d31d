"""The real worker program, whose file-making waits for the next pictures and these for the file: so
both run at the same time, however fast the machine is.

It waits once, for the two executions that are called `first` and `second`.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from generation.clip import Clip, UnfinishedClip
from generation.executor import Execution
from generation.executors import worker
from generation.executors.wire import WorkerSetup
from generation.executors.worker import OnProgress, Production
from generation.job import Progress, Stage

PATIENCE_SECONDS = 240.0
DENOISES = threading.Event()
ENCODES = threading.Event()


def open_production(setup: WorkerSetup) -> Production:
    real = worker.open_production(setup)

    def film(execution: Execution, on_progress: OnProgress) -> UnfinishedClip:
        def hear(progress: Progress) -> None:
            on_progress(progress)
            match execution.job_id, progress.stage:
                case "first", Stage.ENCODING:
                    ENCODES.set()
                case "second", Stage.GENERATING if progress.step > 0 and not DENOISES.is_set():
                    DENOISES.set()
                    assert ENCODES.wait(PATIENCE_SECONDS)
                case _:
                    pass

        filmed = real.film(execution, hear)

        def finish() -> Clip:
            assert execution.job_id != "first" or DENOISES.wait(PATIENCE_SECONDS)
            return filmed.finish()

        return UnfinishedClip(seconds=filmed.seconds, finish=finish)

    return replace(real, film=film)


if __name__ == "__main__":
    worker.serve(open_production)
