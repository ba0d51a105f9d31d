"""What bot and worker process say to each other, as bytes.

A message is a JSON header and a blob (pictures, clips), each preceded by its length. Reading
one runs no code, unlike unpickling: the worker handles uploads and model files, the bot holds
the token.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generation.clip import Clip, ClipFacts, Making
from generation.errors import (
    DeviceFailed,
    ExecutionError,
    GenerationFailed,
    OutOfMemory,
    TooLargeToDeliver,
)
from generation.executor import Done, Execution, ExecutionEvent, Faulted, Filmed, Stopped
from generation.job import Progress, Stage
from generation.models.levers import Levers
from generation.request import GenerationRequest

PREFIX = struct.Struct(">II")
"""Lengths of header and blob in bytes."""

OPTIONAL_FILES = ("operator_catalogue", "lock_file", "peaks_file", "checks_file")
"""Of a WorkerSetup."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerSetup:
    """The first message to a worker: what it must know for its whole life.

    `device` is auto, cpu, cuda or mps. `operator_catalogue` is read over the catalogue,
    `model_folders` gives local folders for its models, `lock_file` pins those of the hub.
    `threads` bounds the cores it computes on. `preload` is loaded before the first job. What models
    were seen to need is kept in `peaks_file`; they may take `memory_share` (0 to 1) of the device's
    memory, and are run as `levers` say. Of the `enabled` models it tells which cannot run here;
    those that failed a check are in `checks_file`.
    """

    catalogue_file: Path
    model_folders: Mapping[str, Path]
    device: str
    threads: int
    narration_scenes: int
    preload: str | None
    operator_catalogue: Path | None = None
    lock_file: Path | None = None
    peaks_file: Path | None = None
    checks_file: Path | None = None
    enabled: tuple[str, ...] = ()
    memory_share: float = 1.0
    levers: Levers = field(default_factory=Levers)


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelRequest:
    """Asks the worker to stop one execution at its next step."""

    job_id: str
    attempt: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """The worker has imported what it needs and computes on `device`; `unable` says of enabled
    models, by id, why they cannot run on it."""

    device: str
    unable: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """An event of one execution. After one that is not `reusable` the worker must be replaced."""

    job_id: str
    attempt: int
    event: ExecutionEvent
    reusable: bool = True


Message = WorkerSetup | Execution | CancelRequest | Ready | Report


def pack(message: Message) -> bytes:
    """The whole message: prefix, header, blob."""
    fields, blob = _FIELDS[type(message)](message)
    header = json.dumps({"kind": type(message).__name__, **fields}).encode()
    return PREFIX.pack(len(header), len(blob)) + header + blob


def unpack(header: bytes, blob: bytes) -> Message:
    """Raises ValueError for what `pack` did not make."""
    try:
        fields = json.loads(header)
        return _READERS[fields.pop("kind")](fields, blob)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a message of a worker: {error!r}") from error


def _setup_fields(setup: WorkerSetup) -> tuple[dict[str, Any], bytes]:
    fields = dataclasses.asdict(setup)
    fields["catalogue_file"] = str(setup.catalogue_file)
    for name in OPTIONAL_FILES:
        fields[name] = None if fields[name] is None else str(fields[name])
    fields["model_folders"] = {model: str(path) for model, path in setup.model_folders.items()}
    return fields, b""


def _read_setup(fields: dict[str, Any], _: bytes) -> WorkerSetup:
    fields["catalogue_file"] = Path(fields["catalogue_file"])
    for name in OPTIONAL_FILES:
        fields[name] = None if fields[name] is None else Path(fields[name])
    fields["enabled"] = tuple(fields["enabled"])
    fields["model_folders"] = {model: Path(path) for model, path in fields["model_folders"].items()}
    fields["levers"] = Levers(**fields["levers"])
    return WorkerSetup(**fields)


def _execution_fields(execution: Execution) -> tuple[dict[str, Any], bytes]:
    fields = {
        "job_id": execution.job_id,
        "attempt": execution.attempt,
        "request": execution.request.to_json(),
        "file_bytes": {name: len(data) for name, data in execution.files.items()},
        "max_bytes": execution.max_bytes,
        "spare_memory": execution.spare_memory,
        "making": None if execution.making is None else dataclasses.asdict(execution.making),
        "alone": execution.alone,
    }
    return fields, b"".join(execution.files.values())


def _read_execution(fields: dict[str, Any], blob: bytes) -> Execution:
    files: dict[str, bytes] = {}
    begin = 0
    for name, size in fields["file_bytes"].items():
        files[name] = blob[begin : begin + size]
        begin += size
    return Execution(
        job_id=fields["job_id"],
        attempt=fields["attempt"],
        request=GenerationRequest.from_json(fields["request"]),
        files=files,
        max_bytes=fields["max_bytes"],
        spare_memory=fields["spare_memory"],
        making=None if fields["making"] is None else Making(**fields["making"]),
        alone=fields["alone"],
    )


def _report_fields(report: Report) -> tuple[dict[str, Any], bytes]:
    fields: dict[str, Any] = {
        "job_id": report.job_id,
        "attempt": report.attempt,
        "reusable": report.reusable,
        "event": type(report.event).__name__,
    }
    match report.event:
        case Progress() as progress:
            return {**fields, **dataclasses.asdict(progress)}, b""
        case Filmed(seconds=seconds):
            return {**fields, "seconds": seconds}, b""
        case Done(clip=clip):
            return {**fields, "facts": clip.facts.to_json()}, clip.media
        case Faulted(error=TooLargeToDeliver() as error):
            sizes = {"size_bytes": error.size_bytes, "max_bytes": error.max_bytes}
            return {**fields, "error": "TooLargeToDeliver", **sizes}, b""
        case Faulted(error=error):
            return {**fields, "error": _error_name(error), "reason": str(error)}, b""
        case Stopped():
            return fields, b""


def _read_report(fields: dict[str, Any], blob: bytes) -> Report:
    return Report(
        job_id=fields["job_id"],
        attempt=fields["attempt"],
        reusable=fields["reusable"],
        event=_read_event(fields, blob),
    )


def _read_event(fields: dict[str, Any], blob: bytes) -> ExecutionEvent:
    match fields["event"]:
        case "Progress":
            stage = Stage(fields["stage"])
            return Progress(stage=stage, step=fields["step"], steps=fields["steps"])
        case "Filmed":
            return Filmed(seconds=fields["seconds"])
        case "Done":
            return Done(clip=Clip(media=blob, facts=ClipFacts.from_json(fields["facts"])))
        case "Faulted":
            return Faulted(error=_read_error(fields))
        case "Stopped":
            return Stopped()
        case unknown:
            raise ValueError(f"no event is called {unknown!r}")


_ERRORS: dict[str, type[ExecutionError]] = {
    error.__name__: error for error in (GenerationFailed, OutOfMemory, DeviceFailed)
}


def _error_name(error: ExecutionError) -> str:
    name = type(error).__name__
    return name if name in _ERRORS else GenerationFailed.__name__


def _read_error(fields: dict[str, Any]) -> ExecutionError:
    if fields["error"] == "TooLargeToDeliver":
        return TooLargeToDeliver(fields["size_bytes"], fields["max_bytes"])
    return _ERRORS[fields["error"]](fields["reason"])


def _plain_fields(message: CancelRequest | Ready) -> tuple[dict[str, Any], bytes]:
    return dataclasses.asdict(message), b""


_FIELDS: dict[type[Message], Callable[[Any], tuple[dict[str, Any], bytes]]] = {
    WorkerSetup: _setup_fields,
    Execution: _execution_fields,
    Report: _report_fields,
    CancelRequest: _plain_fields,
    Ready: _plain_fields,
}
_READERS: dict[str, Callable[[dict[str, Any], bytes], Message]] = {
    "WorkerSetup": _read_setup,
    "Execution": _read_execution,
    "Report": _read_report,
    "CancelRequest": lambda fields, _: CancelRequest(**fields),
    "Ready": lambda fields, _: Ready(**fields),
}
