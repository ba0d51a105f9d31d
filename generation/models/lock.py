"""The lock file: for each repository of the hub the one revision that is loaded here, and every
file of it by size and SHA-256. `python -m bot models pull` writes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from generation.errors import InvalidCatalogue
from generation.models.fields import STRICT


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedFile:
    __pydantic_config__ = STRICT

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size_bytes: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedRepository:
    """`revision` is a commit of 40 hex digits; `files` are by their path in the repository."""

    __pydantic_config__ = STRICT

    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    files: Mapping[str, LockedFile]


Lock = Mapping[str, LockedRepository]
"""By repository."""

_LOCK = TypeAdapter(dict[str, LockedRepository])


def read_lock(file: Path | None) -> Lock:
    """Empty where there is no file yet. Raises InvalidCatalogue."""
    if file is None or not file.exists():
        return {}
    try:
        return _LOCK.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InvalidCatalogue(str(file), None, f"is no lock file: {reason}") from error


def write_lock(file: Path, lock: Lock) -> None:
    """Replaces the file in one step."""
    text = json.dumps(_LOCK.dump_python(dict(lock), mode="json"), indent=1, sort_keys=True)
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.write_text(text + "\n", encoding="utf-8")
    unfinished.replace(file)


def locked_file(path: Path) -> LockedFile:
    """Reads the whole file."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return LockedFile(sha256=digest, size_bytes=path.stat().st_size)
