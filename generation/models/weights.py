"""Where a model's weights are on this machine, and what tells them from others."""

# The hub's client is partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError

from generation.errors import GenerationFailed
from generation.models.card import ModelCard, Source
from generation.models.lock import LockedRepository, read_lock

PROJECT_FOLDER = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A folder in diffusers' layout and what tells its content from another's."""

    folder: Path
    revision: str


class WeightFolders:
    """`folders` are the operator's, by model id; they hold whole models."""

    def __init__(self, folders: Mapping[str, Path], *, lock_file: Path | None = None) -> None:
        self._folders = folders
        self._lock_file = lock_file

    def of_model(self, card: ModelCard) -> Weights:
        """The folder from the settings, else of the card. Raises GenerationFailed with what to
        set or to run."""
        folder = self._folders.get(card.id)
        if folder is None:
            return self._whole(card, self.of_source(card, card.source))
        return self._whole(card, Weights(folder=folder, revision=content_hash(folder)))

    def found(self, card: ModelCard) -> Weights:
        """As `of_model`, but without reading the weights of a local folder, whose revision stays
        empty."""
        folder = self._folders.get(card.id) or PROJECT_FOLDER / card.source.repository
        if folder.is_dir():
            return self._whole(card, Weights(folder=folder, revision=""))
        return self.of_model(card)

    def of_source(self, card: ModelCard, source: Source) -> Weights:
        """Where a part, a LoRA or the model itself lies. Raises GenerationFailed."""
        local = PROJECT_FOLDER / source.repository  # an absolute one stays as it is
        if local.is_dir():
            return Weights(folder=local, revision=content_hash(local))
        locked = read_lock(self._lock_file).get(source.repository)
        if locked is not None:
            return Weights(folder=_snapshot(card, source, locked), revision=locked.revision)
        raise GenerationFailed(
            f"model {card.id}: set generation.model_folders.{card.id} to the folder of its "
            f"weights, or get {source.repository} by: python -m bot models pull {card.id}"
        )

    def _whole(self, card: ModelCard, found: Weights) -> Weights:
        layouts = ("model_index.json", "config.json")  # of a pipeline, of a single network
        if not any((found.folder / name).is_file() for name in layouts):
            raise GenerationFailed(
                f"model {card.id}: {found.folder} holds no model_index.json; "
                f"generation.model_folders.{card.id} must name a folder in diffusers' layout"
            )
        return found


def _snapshot(card: ModelCard, source: Source, locked: LockedRepository) -> Path:
    """The hub's folder of the locked revision, if it holds what the lock names and no other
    weights. Sizes are compared; hashes were when it was pulled."""
    again = f"get it by: python -m bot models pull {card.id}"
    try:
        folder = Path(
            snapshot_download(source.repository, revision=locked.revision, local_files_only=True)
        )
    except LocalEntryNotFoundError as error:
        raise GenerationFailed(
            f"model {card.id}: {source.repository} is not on this machine; {again}"
        ) from error
    for name, file in locked.files.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != file.size_bytes:
            raise GenerationFailed(
                f"model {card.id}: {name} of {source.repository} is not whole; {again}"
            )
    weights = {file.relative_to(folder).as_posix() for file in folder.rglob("*.safetensors")}
    if strange := sorted(weights - set(locked.files)):
        raise GenerationFailed(
            f"model {card.id}: the lock does not name {strange[0]} of {source.repository}"
        )
    return folder


def content_hash(folder: Path) -> str:
    """First 16 hex digits of the SHA-256 of names and contents of weights and configurations."""
    digest = hashlib.sha256()
    files = [file for file in folder.rglob("*") if file.suffix in (".safetensors", ".json")]
    for file in sorted(files):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def count_of_weights(folder: Path) -> int:
    """How many numbers the safetensors of a folder hold, by their headers.

    Copies in half precision under a name of their own (`.fp16.`) are not loaded. Raises
    GenerationFailed.
    """
    files = [file for file in folder.glob("*.safetensors") if ".fp16." not in file.name]
    return sum(_count(file) for file in files)


def _count(file: Path) -> int:
    try:
        with file.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        tensors = [header[name] for name in header if name != "__metadata__"]
        return sum(math.prod(tensor["shape"]) for tensor in tensors)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise GenerationFailed(f"{file} cannot be loaded: it is no safetensors file") from error
