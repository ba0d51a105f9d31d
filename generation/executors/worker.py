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
from typing import TYPE_CHECKING, BinaryIO

from generation.clip import Clip
from generation.errors import DeviceFailed, ExecutionError, GenerationFailed
from generation.executor import Done, Execution, ExecutionEvent, Faulted, Stopped
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
from generation.job import Progress

if TYPE_CHECKING:
    from generation.device import Device
    from generation.models.loading import LoadedModels

logger = logging.getLogger(__name__)

OnProgress = Callable[[Progress], None]
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class ExecutionCancelled(BaseException):
    """Raised out of `on_progress`; no `except Exception` on the way may swallow it."""


@dataclass(frozen=True, kw_only=True)
class Production:
    """How this worker makes clips, and why it cannot with some models.

    `make` raises ExecutionError and what `on_progress` raises.
    """

    device: str
    unable: Mapping[str, str] = field(default_factory=dict[str, str])
    preload: Callable[[], None]
    make: Callable[[Execution, OnProgress], Clip]


def serve(open_production: Callable[[WorkerSetup], Production]) -> None:
    """Makes clips until the parent closes the channel."""
    die_with_parent()
    commands, channel = _claim_standard_streams()
    setup = read_message(commands)
    assert isinstance(setup, WorkerSetup)
    inbox = _Inbox(commands)
    threading.Thread(target=inbox.read_forever, name="inbox", daemon=True).start()
    production = open_production(setup)
    _send(channel, Ready(device=production.device, unable=production.unable))
    production.preload()
    while True:
        execution = inbox.executions.get()
        _send(channel, _execute(execution, production, inbox, channel))
        inbox.forget(execution)
        gc.collect()


def _execute(
    execution: Execution, production: Production, inbox: _Inbox, channel: BinaryIO
) -> Report:
    """The last report of an execution."""
    job_id, attempt = execution.job_id, execution.attempt

    def report(event: ExecutionEvent, *, reusable: bool = True) -> Report:
        return Report(job_id=job_id, attempt=attempt, event=event, reusable=reusable)

    def on_progress(progress: Progress) -> None:
        if inbox.is_cancelled(job_id, attempt):
            raise ExecutionCancelled
        _send(channel, report(progress))

    try:
        return report(Done(clip=production.make(execution, on_progress)))
    except ExecutionCancelled:
        return report(Stopped())
    except ExecutionError as error:
        logger.exception("job %s attempt %d failed", job_id, attempt)
        return report(Faulted(error=error), reusable=not isinstance(error, DeviceFailed))
    except Exception as error:
        logger.exception("job %s attempt %d failed", job_id, attempt)
        return report(Faulted(error=GenerationFailed(one_line(error))))


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

    def is_cancelled(self, job_id: str, attempt: int) -> bool:
        return (job_id, attempt) in self._cancelled


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


def _send(channel: BinaryIO, message: Ready | Report) -> None:
    channel.write(pack(message))
    channel.flush()


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
    from generation.production import produce

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

    def make(execution: Execution, on_progress: OnProgress) -> Clip:
        sparing = execution.spare_memory and execution.request.needs_model
        if sparing:
            models.spare_memory(execution.request.model)
        try:
            with device.telling_faults():
                clip = produce(
                    execution, models, on_progress, narration_scenes=setup.narration_scenes
                )
        except ExecutionError as error:
            models.after(error)
            raise
        if not sparing:
            return clip
        how = models.get(execution.request.model).tier.value
        note = f"Memory ran out at the first try; for this one the model was {how}."
        return replace(clip, facts=replace(clip.facts, notes=(*clip.facts.notes, note)))

    return Production(
        device=device.description,
        unable=models.unable(setup.enabled, failed_checks(setup.checks_file)),
        preload=preload,
        make=make,
    )


if __name__ == "__main__":
    logging.basicConfig(
        stream=sys.stderr, format="worker %(process)d: %(levelname)s %(name)s: %(message)s"
    )
    serve(open_production)
