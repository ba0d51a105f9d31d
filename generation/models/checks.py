"""Models that failed their last `python -m bot models check` on this machine, in a JSON file."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

logger = logging.getLogger(__name__)

_FAILED = TypeAdapter(dict[str, str])


def failed_checks(file: Path | None) -> Mapping[str, str]:
    """What each of them failed with, by model id; nothing where the file cannot be read."""
    if file is None or not file.exists():
        return {}
    try:
        return _FAILED.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        logger.warning("%s holds no results of checks; they are not heeded", file)
        return {}


def note_check(file: Path, model: str, failure: str | None) -> None:
    """Replaces the file in one step; `failure` is None for a model that may be tried (again)."""
    known = dict(failed_checks(file))
    before = known.pop(model, None)
    if failure is not None:
        known[model] = failure
    if before == failure or not file.parent.is_dir():
        return
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    unfinished.replace(file)
