"""A stable name for each error, kept with a failed job: `WorkerCrashed` -> `worker_crashed`."""

from __future__ import annotations

import re


def error_code(error: BaseException) -> str:
    """The snake-case name of the error's class."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(error).__name__).lower()
