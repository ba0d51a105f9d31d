"""The worker process: the only one that imports torch.

`python -m generation.executors.worker`, started by `generation.executors.worker_process`, reads
messages of `wire.py` on standard input and answers on standard output. Libraries that print or
read find standard error and nothing there. It ends when its parent does.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from generation.clip import Clip, UnfinishedClip
from generation.errors import DeviceFailed, ExecutionError, GenerationFailed
from generation.executor import Done, Execution, ExecutionEvent, Faulted, Filmed, Stopped
from generation.executors.wire import (
    PREFIX,
    CancelRequest,
    Message,
    Ready,
    Report,
    WorkerSetup,
    pack,
    unpack,
)
from generation.job import Progress, Stage

if TYPE_CHECKING:
    from generation.device import Device
    from generation.models.loading import LoadedModels

logger = logging.getLogger(__name__)

OnProgress = Callable[[Progress], None]
Outcome = TypeVar("Outcome")
PR_SET_PDEATHSIG = 1  # linux/prctl.h
SIGN_OF_LIFE_SECONDS = 1.0
"""How often an execution that waits for the one before says so, and asks if it is cancelled."""


class ExecutionCancelled(BaseException):
    """Raised out of `on_progress`; no `except Exception` on the way may swallow it."""


@dataclass(frozen=True, kw_only=True)
class Production:
    """How this worker makes clips, and why it cannot with some models.

    `film` and what it returns raise ExecutionError and what `on_progress` raises. What `film` left
    unfinished is finished in another thread, while `film` is called for the next execution.
    """

    device: str
    unable: Mapping[str, str] = field(default_factory=dict[str, str])
    preload: Callable[[], None]
    film: Callable[[Execution, OnProgress], UnfinishedClip]


def serve(open_production: Callable[[WorkerSetup], Production]) -> None:
    """Makes clips until the parent closes the channel."""
    die_with_parent()
    commands, stream = _claim_standard_streams()
    setup = read_message(commands)
    assert isinstance(setup, WorkerSetup)
    inbox, channel = _Inbox(commands), _Channel(stream)
    threading.Thread(target=inbox.read_forever, name="inbox", daemon=True).start()
    production = open_production(setup)
    channel.send(Ready(device=production.device, unable=production.unable))
    production.preload()
    finishing = _Finishing()
    while True:
        _film(_Attempt(inbox.executions.get(), inbox, channel), production, finishing)
        gc.collect()


def _film(attempt: _Attempt, production: Production, finishing: _Finishing) -> None:
    """Makes the pictures here and their file beside the next execution, or here as well."""
    unfinished = attempt.work(lambda: production.film(attempt.execution, attempt.on_progress))
    if unfinished is None:
        return
    if attempt.execution.alone:
        attempt.finish(unfinished)
    elif attempt.work(lambda: finishing.wait(attempt.on_progress)):
        attempt.send(Filmed(seconds=unfinished.seconds))
        finishing.begin(lambda: attempt.finish(unfinished))


class _Finishing:
    """A thread that makes the file of one execution; the next waits, so that at most the pictures
    of two are in memory."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def wait(self, on_progress: OnProgress) -> bool:
        """Until the file before is made; then True. Raises what `on_progress` raises."""
        while self._thread is not None and self._thread.is_alive():
            on_progress(Progress(stage=Stage.WAITING, step=0, steps=1))
            self._thread.join(SIGN_OF_LIFE_SECONDS)
        return True

    def begin(self, work: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=work, name="finishing", daemon=True)
        self._thread.start()


class _Attempt:
    """An execution from here on: what the parent is told of it, and whether it is cancelled."""

    def __init__(self, execution: Execution, inbox: _Inbox, channel: _Channel) -> None:
        self.execution = execution
        self._inbox = inbox
        self._channel = channel

    def on_progress(self, progress: Progress) -> None:
        """Raises ExecutionCancelled."""
        if self._inbox.is_cancelled(self.execution):
            raise ExecutionCancelled
        self.send(progress)

    def finish(self, unfinished: UnfinishedClip) -> None:
        clip = self.work(unfinished.finish)
        if clip is not None:
            self._end(Done(clip=clip))

    def work(self, part: Callable[[], Outcome]) -> Outcome | None:
        """What a part of the execution gives; None if it was the last, and the parent knows why."""
        job_id, attempt = self.execution.job_id, self.execution.attempt
        try:
            return part()
        except ExecutionCancelled:
            self._end(Stopped())
        except ExecutionError as error:
            logger.exception("job %s attempt %d failed", job_id, attempt)
            self._end(Faulted(error=error), reusable=not isinstance(error, DeviceFailed))
        except Exception as error:
            logger.exception("job %s attempt %d failed", job_id, attempt)
            self._end(Faulted(error=GenerationFailed(one_line(error))))
        return None

    def send(self, event: ExecutionEvent, *, reusable: bool = True) -> None:
        job_id, attempt = self.execution.job_id, self.execution.attempt
        self._channel.send(Report(job_id=job_id, attempt=attempt, event=event, reusable=reusable))

    def _end(self, event: ExecutionEvent, *, reusable: bool = True) -> None:
        self._inbox.forget(self.execution)
        self.send(event, reusable=reusable)


def one_line(error: BaseException) -> str:
    """The error's class and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def read_message(stream: BinaryIO) -> Message:
    """Raises EOFError at the end of the stream."""
    header_bytes, blob_bytes = PREFIX.unpack(_read_exactly(stream, PREFIX.size))
    return unpack(_read_exactly(stream, header_bytes), _read_exactly(stream, blob_bytes))


def die_with_parent() -> None:
    """On Linux the kernel kills this process when its parent dies; elsewhere only the end of the
    channel does, once the interpreter gets to notice it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class _Inbox:
    """Reads commands in a thread of its own, so that a cancel is seen between two steps."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._cancelled: set[tuple[str, int]] = set()
        self.executions: queue.SimpleQueue[Execution] = queue.SimpleQueue()

    def read_forever(self) -> None:
        while True:
            try:
                message = read_message(self._stream)
            except (EOFError, OSError):
                os._exit(0)  # the parent is gone or wants us gone, whatever the main thread does
            match message:
                case Execution():
                    self.executions.put(message)
                case CancelRequest():
                    self._cancelled.add((message.job_id, message.attempt))
                case _:
                    raise AssertionError(f"no command: {message}")

    def forget(self, execution: Execution) -> None:
        self._cancelled.discard((execution.job_id, execution.attempt))

    def is_cancelled(self, execution: Execution) -> bool:
        return (execution.job_id, execution.attempt) in self._cancelled


def _claim_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """The channel, moved to descriptors that neither prints nor child processes can reach."""
    commands = os.fdopen(os.dup(0), "rb")
    channel = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return commands, channel


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


class _Channel:
    """To the parent, for whatever thread has something to say."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Ready | Report) -> None:
        packed = pack(message)
        with self._lock:
            self._stream.write(packed)
            self._stream.flush()


def open_models(setup: WorkerSetup, device: Device) -> LoadedModels:
    """What a worker with this setup loads and keeps."""
    from generation.models.loading import LoadedModels

    return LoadedModels(
        catalogue_file=setup.catalogue_file,
        operator_catalogue=setup.operator_catalogue,
        lock_file=setup.lock_file,
        folders=setup.model_folders,
        device=device,
        peaks_file=setup.peaks_file,
        memory_bytes=device.memory_for(setup.memory_share),
        levers=setup.levers,
    )


def open_production(setup: WorkerSetup) -> Production:
    """Imports torch: takes seconds."""
    from generation.device import Device
    from generation.models.checks import failed_checks
    from generation.models.opening import silence_libraries
    from generation.production import film

    silence_libraries()
    device = Device.choose(setup.device, threads=setup.threads)
    models = open_models(setup, device)

    def preload() -> None:
        if setup.preload is not None:
            try:
                models.get(setup.preload)
            except Exception:
                # The first job that needs the model fails with the reason.
                logger.exception("cannot load %s in advance", setup.preload)

    def film_here(execution: Execution, on_progress: OnProgress) -> UnfinishedClip:
        notes: tuple[str, ...] = ()
        sparing = execution.spare_memory and execution.request.needs_model
        if sparing:
            models.spare_memory(execution.request.model)
        try:
            with device.telling_faults():
                filmed = film(
                    execution, models, on_progress, narration_scenes=setup.narration_scenes
                )
        except ExecutionError as error:
            models.after(error)
            raise
        if sparing:
            how = models.get(execution.request.model).tier.value
            notes = (f"Memory ran out at the first try; for this one the model was {how}.",)

        def finish() -> Clip:
            with device.telling_faults():
                clip = filmed.finish()
            return replace(clip, facts=replace(clip.facts, notes=(*clip.facts.notes, *notes)))

        return UnfinishedClip(seconds=filmed.seconds, finish=finish)

    return Production(
        device=device.description,
        unable=models.unable(setup.enabled, failed_checks(setup.checks_file)),
        preload=preload,
        film=film_here,
    )


if __name__ == "__main__":
    logging.basicConfig(
        stream=sys.stderr, format="worker %(process)d: %(levelname)s %(name)s: %(message)s"
    )
    serve(open_production)
