"""One life of a worker process, seen from the bot's event loop, which it never blocks.

It may have two executions: the file of one is made while the next one's pictures are.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from generation.executor import Execution
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

logger = logging.getLogger(__name__)

PROJECT_FOLDER = Path(__file__).parents[2]
STREAM_BUFFER_BYTES = 1 << 20
TERM_SECONDS = 2.0
"""How long a worker may take to end after SIGTERM before SIGKILL."""

PASSED_ON = frozenset({"HOME", "LANG", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ", "USER"})
PASSED_ON_PREFIXES = (
    "CUDA_",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HSA_",
    "IMAGEIO_",
    "LC_",
    "LD_LIBRARY_PATH",
    "NVIDIA_",
    "OMP_",
    "PYTORCH_",
    "ROCM_",
    "TORCH_",
    "XDG_CACHE_HOME",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exited:
    """The process ended; `exit_code` < 0 is a signal.

    `shared` if it had another execution at that moment, `asked` if it was stopped on purpose.
    """

    exit_code: int | None
    shared: bool
    asked: bool


Mail = Ready | Report | CancelRequest | Exited


class Mailbox:
    """What a worker says to one of its executions."""

    def __init__(self) -> None:
        self._mail: deque[Mail] = deque()
        self._has_mail = asyncio.Event()

    async def receive(self) -> Mail:
        """The next message; Exited is the last and comes again at each further call."""
        while not self._mail:
            self._has_mail.clear()
            await self._has_mail.wait()
        if isinstance(self._mail[0], Exited):
            return self._mail[0]
        return self._mail.popleft()

    def post(self, message: Mail) -> None:
        if self._mail and _is_progress(self._mail[-1]) and _is_progress(message):
            self._mail.pop()  # nobody has read it yet, and the newer one says more
        self._mail.append(message)
        self._has_mail.set()


class WorkerProcess:
    """A spawned interpreter and the channel to it. Made by `start`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._mailboxes: dict[tuple[str, int], Mailbox] = {}
        self._left = asyncio.Event()
        self._asked_to_end = False
        self._exited: Exited | None = None
        self.unable: Mapping[str, str] | None = None
        """What the worker said of models that it cannot run; None until it is ready."""
        self._reading = asyncio.create_task(self._read_until_exit(), name=f"worker {process.pid}")

    @classmethod
    async def start(
        cls, program: str, setup: WorkerSetup, environ: Mapping[str, str]
    ) -> WorkerProcess:
        """Spawns `python -m program` and tells it the setup; does not wait until it is ready."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=worker_environment(environ),
            limit=STREAM_BUFFER_BYTES,
            start_new_session=True,  # Ctrl-C in the bot's terminal is the bot's to handle
        )
        worker = cls(process)
        worker.send(setup)
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._reading.done()

    @property
    def occupied(self) -> bool:
        """Whether it has an execution."""
        return bool(self._mailboxes)

    def send(self, message: WorkerSetup | Execution | CancelRequest) -> None:
        """Never waits; a message to a dead worker is dropped, its Exited tells."""
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(pack(message))

    def cancel(self, request: CancelRequest) -> None:
        """Sends the request and posts it into the execution's mailbox too, so that its waiter
        knows."""
        self.send(request)
        self._post(request)

    @contextlib.contextmanager
    def mailbox(self, execution: Execution) -> Generator[Mailbox, None, None]:
        """Within it, what the worker says to this execution is kept; what it says to all, too."""
        key = (execution.job_id, execution.attempt)
        mailbox = self._mailboxes[key] = Mailbox()
        if self._exited is not None:
            mailbox.post(self._exited)
        try:
            yield mailbox
        finally:
            del self._mailboxes[key]
            self._left.set()

    async def deserted(self) -> None:
        """Waits until it has no execution."""
        while self._mailboxes:
            self._left.clear()
            await self._left.wait()

    async def stop(self) -> None:
        """Ends the process: SIGTERM, then SIGKILL to it and what it started."""
        self._asked_to_end = True
        self._signal(signal.SIGTERM)
        await asyncio.wait([self._reading], timeout=TERM_SECONDS)
        self._signal(signal.SIGKILL)
        await self._reading

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def _post(self, message: Mail) -> None:
        """Into the mailbox of the execution that it names, or into all."""
        if isinstance(message, Report | CancelRequest):
            mailbox = self._mailboxes.get((message.job_id, message.attempt))
            if mailbox is not None:  # else it is what an earlier execution left behind
                mailbox.post(message)
            return
        for mailbox in self._mailboxes.values():
            mailbox.post(message)

    async def _read_until_exit(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        try:
            while True:
                message = await _read_message(self._process.stdout)
                if isinstance(message, Ready):
                    logger.info("worker %d is ready on %s", self.pid, message.device)
                    self.unable = message.unable
                if isinstance(message, Ready | Report):
                    self._post(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except ValueError:
            logger.exception("worker %d does not speak as it should", self.pid)
            self._signal(signal.SIGKILL)
        exit_code = await self._process.wait()
        self._process.stdin.close()
        shared = len(self._mailboxes) > 1
        self._exited = Exited(exit_code=exit_code, shared=shared, asked=self._asked_to_end)
        self._post(self._exited)


def worker_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a worker may know of the bot's environment: no secret, and no way to the hub.

    A list of what passes, not of what is held back, for nobody can list every secret's name.
    """
    passed = {
        name: value
        for name, value in environ.items()
        if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)
    }
    # Waiting threads must sleep: where other programs want the cores too, spinning made a clip of
    # the pocket model take 17 s instead of 2 s.
    return (
        {"OMP_WAIT_POLICY": "PASSIVE"}
        | passed
        | {
            "PYTHONPATH": str(PROJECT_FOLDER),
            "PYTHONUNBUFFERED": "1",
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "TOKENIZERS_PARALLELISM": "false",
            # Their warnings quote what a prompt says beyond the length that a model reads.
            "DIFFUSERS_VERBOSITY": "error",
            "TRANSFORMERS_VERBOSITY": "error",
        }
    )


async def _read_message(stream: asyncio.StreamReader) -> Message:
    header_bytes, blob_bytes = PREFIX.unpack(await stream.readexactly(PREFIX.size))
    header = await stream.readexactly(header_bytes)
    return unpack(header, await stream.readexactly(blob_bytes))


def _is_progress(message: Mail) -> bool:
    return isinstance(message, Report) and isinstance(message.event, Progress)
