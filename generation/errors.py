"""Every error that generation raises.

GenerationError
├── InvalidRequest          the request itself is wrong; nothing was started or charged
│   ├── UnknownModel        no such model in the catalogue
│   ├── UnsupportedOption   the model exists and cannot do this
│   ├── UnusableImage       the uploaded picture cannot be read within the limits
│   └── UnusableVideo       the uploaded video cannot be read within the limits
├── InvalidCatalogue        a model's entry in a TOML file is wrong; nothing is started
├── LicenceNotAccepted      a model is enabled whose licence the operator must accept first
├── QueueFull               a waiting limit is reached
├── UnknownJob              no such job in any lane
├── UnreadableMedia         a file is no video that can be read
└── ExecutionError          the job was started and made no clip
    ├── GenerationFailed    the pipeline itself failed; trying again will not help
    │   └── TooLargeToDeliver   even a small picture at a low bit rate exceeds the limit
    └── InfrastructureFault trying again may help
        ├── WorkerCrashed   the worker process died
        ├── WorkerHung      no progress within the limit, or the job took too long
        ├── WorkerLost      the worker ended for the sake of another job
        ├── OutOfMemory     the device's memory did not suffice
        └── DeviceFailed    the device reported an error and its process must be replaced

Errors carry facts as attributes; the sentences that users read are in `bot/replies.py`.
"""

from __future__ import annotations


class GenerationError(Exception):
    """Root of all errors of this package."""


class InvalidRequest(GenerationError):
    """A field of a request has a value that no model accepts."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class UnknownModel(InvalidRequest):
    """No model of that id is in the catalogue, or it is not enabled here."""

    def __init__(self, model: str, enabled: tuple[str, ...]) -> None:
        super().__init__("model", f"{model!r} is none of {', '.join(enabled)}")
        self.model = model
        self.enabled = enabled


class UnsupportedOption(InvalidRequest):
    """The chosen model cannot do what one option asks for; `able` are the enabled ones that can."""

    def __init__(self, field: str, model: str, reason: str, able: tuple[str, ...] = ()) -> None:
        super().__init__(field, f"{model}: {reason}")
        self.model = model
        self.said = reason
        self.able = able


class UnusableImage(InvalidRequest):
    """The uploaded file is not a picture that can be read within the limits."""

    def __init__(self, reason: str) -> None:
        super().__init__("image", reason)


class UnusableVideo(InvalidRequest):
    """The uploaded file is not a video that can be read within the limits."""

    def __init__(self, reason: str) -> None:
        super().__init__("video", reason)


class InvalidCatalogue(GenerationError):
    """A file of models is wrong: `reason` says what, `line` where (from 1; None: nowhere)."""

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        super().__init__(f"{file}{'' if line is None else f':{line}'}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


class LicenceNotAccepted(GenerationError):
    """A model may not be used by everybody or everywhere, and the operator has not said that it
    may be used here."""

    def __init__(self, model: str, licence: str, restriction: str) -> None:
        limits = f" ({restriction})" if restriction else ""
        super().__init__(
            f"{model} comes under {licence}{limits}. Read it, then add {model!r} to "
            "generation.accepted_licences, or take it from generation.enabled_models"
        )
        self.model = model
        self.licence = licence


class QueueFull(GenerationError):
    """A waiting limit is reached: `scope` is "user" or "guild", `limit` counts jobs."""

    def __init__(self, scope: str, limit: int) -> None:
        super().__init__(f"{scope} already has {limit} waiting jobs")
        self.scope = scope
        self.limit = limit


class UnknownJob(GenerationError):
    """No lane and no executor slot holds this job."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class UnreadableMedia(GenerationError):
    """The bytes are no video file that can be decoded."""


class ExecutionError(GenerationError):
    """A started job made no clip."""


class GenerationFailed(ExecutionError):
    """The pipeline raised; the same job would fail again."""


class TooLargeToDeliver(GenerationFailed):
    """The smallest encoding tried has `size_bytes` (None: none was worth trying); at most
    `max_bytes` can be posted."""

    def __init__(self, size_bytes: int | None, max_bytes: int) -> None:
        super().__init__(size_bytes, max_bytes)
        self.size_bytes = size_bytes
        self.max_bytes = max_bytes

    def __str__(self) -> str:
        least = "no encoding" if self.size_bytes is None else f"{self.size_bytes} bytes"
        return f"{least} at the lowest quality; {self.max_bytes} bytes are allowed"


class InfrastructureFault(ExecutionError):
    """The machinery failed, not the job; trying again may help."""


class WorkerCrashed(InfrastructureFault):
    """The worker process ended while it held the job; `exit_code` < 0 is a signal."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"the worker process ended with exit code {exit_code}")
        self.exit_code = exit_code


class WorkerHung(InfrastructureFault):
    """The worker made no progress for `seconds`, or the whole job took longer than that."""

    def __init__(self, seconds: float, what: str) -> None:
        super().__init__(f"{what} took more than {seconds:g} s")
        self.seconds = seconds
        self.what = what


class WorkerLost(InfrastructureFault):
    """The worker that encoded one job's clip and made another's pictures ended, and that was not
    this job's doing, as far as anybody can tell."""

    def __init__(self) -> None:
        super().__init__("the worker process ended for the sake of another job")


class OutOfMemory(InfrastructureFault):
    """The device's memory did not suffice."""


class DeviceFailed(InfrastructureFault):
    """The device reported an error; nothing more runs on it until its process is replaced."""
