"""What generation finds on this machine: `python -m generation.self_check`, one JSON line a check.

For the bot's doctor, which must not import torch: it starts this as a process of its own and
reads the lines. Each has `subject`, `verdict` (good, note, bad), `detail` and `remedy`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

ENCODERS = ("libx264", "aac")


class Wrong(Exception):
    """A check failed: the message says what is wrong, `remedy` what to do about it."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.remedy = remedy


def main() -> None:
    parser = argparse.ArgumentParser(description="Checks what generation needs of this machine.")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--model", default="pocket", help="the default model's id")
    parser.add_argument("--model-folder", type=Path, help="where that model's weights are")
    parser.add_argument("--catalogue-file", type=Path, help="the operator's own models")
    parser.add_argument("--lock-file", type=Path, help="the revisions of downloaded models")
    arguments = parser.parse_args()
    report("torch", check_torch)
    report("device", lambda: check_device(arguments.device))
    report("video encoders", check_encoders)
    report("ffmpeg", check_ffmpeg)
    report("speech", check_speech)
    report(
        "model",
        lambda: check_model(
            arguments.model,
            arguments.model_folder,
            arguments.catalogue_file,
            arguments.lock_file,
        ),
    )


def report(subject: str, check: Callable[[], str]) -> None:
    """Runs one check and prints its line; an error of any kind is a finding, not a crash."""
    verdict, remedy = "good", ""
    try:
        detail = check()
    except Wrong as wrong:
        verdict, detail, remedy = "bad", str(wrong), wrong.remedy
    except Exception as error:
        verdict, detail = "bad", f"{type(error).__name__}: {error}"
        remedy = "Install the dependencies again: remove .venv and run make install."
    line = {"subject": subject, "verdict": verdict, "detail": detail, "remedy": remedy}
    print(json.dumps(line), flush=True)


def check_torch() -> str:
    import torch

    return f"{torch.__version__}"


def check_device(name: str) -> str:
    """The device that jobs would run on, and the memory it has."""
    from generation.device import Device
    from generation.errors import GenerationFailed

    try:
        device = Device.choose(name, threads=os.cpu_count() or 1)
    except GenerationFailed as error:
        remedy = "Set generation.device to auto or cpu, or install that device's driver."
        raise Wrong(str(error), remedy) from error
    return f"{device.description}, {device.memory_bytes / 2**30:.1f} GiB of memory"


def check_speech() -> str:
    """Says a word: the library, its voices and its word times all take part."""
    from generation.narration.speech import speak

    speech = speak("ready", words_per_minute=150)
    if not len(speech.samples):
        raise Wrong("espeak-ng made no sound", "Reinstall espeakng-loader.")
    return f"espeak-ng said “ready” in {speech.seconds:.2f} s"


def check_encoders() -> str:
    """PyAV brings its own FFmpeg libraries; a build without these two cannot make our MP4."""
    import av

    missing = [name for name in ENCODERS if not _has_encoder(name)]
    if missing:
        raise Wrong(
            f"PyAV {av.__version__} lacks {', '.join(missing)}",
            "Install PyAV's wheel instead of a build from source: "
            "pip install --force-reinstall --only-binary av av",
        )
    return f"H.264 and AAC by PyAV {av.__version__}"


def _has_encoder(name: str) -> bool:
    import av.codec
    from av.codec.codec import UnknownCodecError

    try:
        av.codec.Codec(name, "w")
    except UnknownCodecError:
        return False
    return True


def check_ffmpeg() -> str:
    """MoviePy runs the program that imageio-ffmpeg brings."""
    import imageio_ffmpeg

    program = imageio_ffmpeg.get_ffmpeg_exe()
    answered = subprocess.run(  # noqa: S603 - the program that the package brought
        [program, "-version"], capture_output=True, text=True, check=True
    )
    version = answered.stdout.split(" Copyright")[0].removeprefix("ffmpeg version ")
    named = os.environ.get("IMAGEIO_FFMPEG_EXE")
    return f"{version}, {f'by IMAGEIO_FFMPEG_EXE={named}' if named else 'from imageio-ffmpeg'}"


def check_model(
    model: str,
    folder: Path | None,
    operator_catalogue: Path | None = None,
    lock_file: Path | None = None,
) -> str:
    """The default model's weights are there, as safetensors, and those that were evaluated."""
    from generation.errors import GenerationError, GenerationFailed
    from generation.models.card_file import CATALOGUE_FILE, read_catalogue

    try:
        cards = {card.id: card for card in read_catalogue(CATALOGUE_FILE, operator_catalogue)}
    except GenerationError as error:
        raise Wrong(str(error), "Mend that line of generation.catalogue_file.") from error
    if model not in cards:
        raise Wrong(
            f"the catalogue has no model {model!r}",
            f"Set generation.default_model to one of {', '.join(cards)}.",
        )
    from generation.models.weights import WeightFolders

    try:
        folders = {} if folder is None else {model: folder}
        weights = WeightFolders(folders, lock_file=lock_file).of_model(cards[model])
    except GenerationFailed as error:
        raise Wrong(str(error), "Do as it says, or choose the pocket model.") from error
    sizes = [file.stat().st_size for file in weights.folder.rglob("*.safetensors")]
    if not sizes:
        raise Wrong(
            f"{weights.folder} holds no safetensors",
            "Get the weights in that format; pickled ones are never loaded.",
        )
    _compare_with_evaluation(weights.folder)
    return f"{cards[model].title}, {sum(sizes) / 1e6:.0f} MB, revision {weights.revision}"


def _compare_with_evaluation(folder: Path) -> None:
    """The pocket model ships with its evaluation, which names the digest of what it measured."""
    from generation.pocket.pipeline import weights_digest

    for report in folder.rglob("evaluation.json"):
        evaluated = json.loads(report.read_text(encoding="utf-8"))["weights_sha256"]
        if weights_digest(folder) != evaluated:
            raise Wrong(
                f"the weights in {folder} are not those that were evaluated",
                "Check out that folder again, or evaluate anew: "
                "python -m generation.pocket.evaluate",
            )


if __name__ == "__main__":
    main()
