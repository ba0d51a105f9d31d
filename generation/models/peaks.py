"""What models were seen to need of a device's memory, kept in a JSON file.

Each run that needs more than was known is written down; runs that need less change nothing. So
the figure is that of the largest shot so far.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

logger = logging.getLogger(__name__)

_PEAKS = TypeAdapter(dict[str, dict[str, int]])


class PeakFile:
    """Bytes beside the resting weights, by device and by model with revision and tier.

    Several workers share the file; it is replaced in one step, so that none reads half of it.
    Two that write at once may lose one figure, which the next such run brings back. Without a
    file, or where its folder is not there, figures last as long as the process.
    """

    def __init__(self, file: Path | None, *, device: str) -> None:
        self._file = file
        self._device = device
        self._here: dict[str, int] = {}

    def working_bytes(self, model: str, revision: str, tier: str) -> int | None:
        """The most that a run took beside the weights that rest on the device; None before the
        first run. Without a revision, with any: new weights of a model are as large."""
        known = self._known()
        if revision:
            return known.get(_key(model, revision, tier))
        runs = [seen for key, seen in known.items() if _model_and_tier(key) == (model, tier)]
        return max(runs, default=None)

    def saw(self, model: str, revision: str, tier: str, working_bytes: int) -> None:
        """A run took so much."""
        key = _key(model, revision, tier)
        known = self._known()
        if working_bytes > known.get(key, -1):
            self._here = {**known, key: working_bytes}
            self._write()

    def _known(self) -> Mapping[str, int]:
        for key, seen in self._read().get(self._device, {}).items():
            self._here[key] = max(seen, self._here.get(key, 0))
        return self._here

    def _read(self) -> dict[str, dict[str, int]]:
        """A file that cannot be read is no reason to stop: the next runs measure again."""
        if self._file is None or not self._file.exists():
            return {}
        try:
            return _PEAKS.validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            logger.warning("%s holds no measured peaks; it is written anew", self._file)
            return {}

    def _write(self) -> None:
        if self._file is None or not self._file.parent.is_dir():
            return
        text = json.dumps({**self._read(), self._device: self._here}, indent=1, sort_keys=True)
        unfinished = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            unfinished.write_text(text + "\n", encoding="utf-8")
            unfinished.replace(self._file)
        except OSError:
            logger.exception("cannot write what models need of the memory")
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)


def _model_and_tier(key: str) -> tuple[str, str]:
    model, _, tier = key.split(" ", 2)
    return model, tier


def _key(model: str, revision: str, tier: str) -> str:
    return f"{model} {revision} {tier}"
