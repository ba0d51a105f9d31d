"""Downloads a model's weights at one revision and locks every file of it.

Only safetensors and what configures them are taken. A download that breaks off goes on where it
was (the hub's client keeps what came), and the client shows its progress on standard error.
"""

# The hub's client is partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from generation.errors import GenerationFailed
from generation.models.card import ModelCard, Source
from generation.models.lock import LockedRepository, locked_file, read_lock, write_lock
from generation.models.weights import PROJECT_FOLDER

CONFIGURATION = (".json", ".txt", ".model", ".jinja", ".vocab")
PICKLED = (".bin", ".ckpt", ".pt", ".pth")

Tell = Callable[[str], None]


def pull(card: ModelCard, lock_file: Path, tell: Tell) -> None:
    """Every repository of the card; one that is locked already is completed at its revision.

    Raises GenerationFailed where a repository is not there, has no safetensors, or holds other
    bytes than the lock says.
    """
    wanted: dict[str, list[Source]] = {}
    for source in sources_of(card):
        if not (PROJECT_FOLDER / source.repository).is_dir():
            wanted.setdefault(source.repository, []).append(source)
    for repository, sources in wanted.items():
        lock = dict(read_lock(lock_file))
        known = lock.get(repository)
        locked = _pull_repository(repository, sources, known, tell)
        files = {**(known.files if known else {}), **locked.files}
        lock[repository] = LockedRepository(revision=locked.revision, files=files)
        write_lock(lock_file, lock)
        tell(f"{repository}: locked at {locked.revision}, {len(files)} files")


def sources_of(card: ModelCard) -> Iterator[Source]:
    """Everything that any preset or camera move of the model loads."""
    yield card.source
    yield from card.parts.values()
    for preset in card.presets.values():
        yield from preset.parts.values()
        yield from (lora.source for lora in preset.loras)
    yield from (lora.source for lora in card.camera_loras.values())


def _pull_repository(
    repository: str, sources: Sequence[Source], known: LockedRepository | None, tell: Tell
) -> LockedRepository:
    try:
        info = HfApi().model_info(repository, revision=known.revision if known else None)
        revision = info.sha
        if revision is None:
            raise GenerationFailed(f"{repository}: the hub names no revision")
        names = chosen_files([each.rfilename for each in info.siblings or ()], sources)
        if not names:
            raise GenerationFailed(
                f"{repository} has no safetensors; pickled weights are never loaded"
            )
        tell(f"{repository}: {len(names)} files at {revision}")
        folder = Path(snapshot_download(repository, revision=revision, allow_patterns=list(names)))
    except RepositoryNotFoundError as error:
        raise GenerationFailed(f"the hub has no {repository}, or not for everybody") from error
    except HfHubHTTPError as error:
        raise GenerationFailed(f"{repository}: {error}") from error
    files = {name: locked_file(folder / name) for name in names}
    for name, file in files.items():
        before = known.files.get(name) if known else None
        if before is not None and before != file:
            raise GenerationFailed(f"{repository}: {name} is not the file that was locked")
    return LockedRepository(revision=revision, files=files)


def chosen_files(names: Sequence[str], sources: Sequence[Source]) -> tuple[str, ...]:
    """Of a repository's files those that its sources load: whole models and folders, or one file.

    Weights in half precision under a name of their own (`.fp16.`) are left out, for the plain ones
    are loaded; so are single-file checkpoints beside a model in folders.
    """
    chosen: set[str] = set()
    in_folders = "model_index.json" in names
    for source in sources:
        for name in names:
            path = PurePosixPath(name)
            inside = path.is_relative_to(source.subfolder) if source.subfolder else True
            if source.file:
                wanted = name == str(PurePosixPath(source.subfolder, source.file))
            elif path.suffix == ".safetensors":
                single = in_folders and not source.subfolder and len(path.parts) == 1
                wanted = inside and not single and ".fp16." not in name
            else:
                wanted = inside and path.suffix in CONFIGURATION
            if wanted:
                chosen.add(name)
    has_weights = any(name.endswith(".safetensors") for name in chosen)
    pickled = any(name.endswith(PICKLED) for name in names)
    return tuple(sorted(chosen)) if has_weights or not pickled else ()
