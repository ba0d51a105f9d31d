"""Kandinsky 5: text or picture to video."""

# transformers is partly typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, ProcessorMixin

from generation.errors import GenerationFailed
from generation.models.card import Task
from generation.models.family import Call, Family, called_by_words, picture

IMAGE_FRAMES_MIN = 17
"""The pipeline measures its first four latent frames against those that follow; without any it
gives pictures of no numbers."""


class WordsProcessor(ProcessorMixin):
    """The part of Qwen2-VL's processor that is used here: its tokenizer.

    The whole one reads pictures and videos too and needs torchvision for that, but the pipeline
    gives it words alone.
    """

    def __init__(self, tokenizer: Any = None) -> None:
        super().__init__(tokenizer)

    def __call__(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, text: Any, images: None = None, videos: None = None, **options: Any
    ) -> Any:
        return self.tokenizer(text, **options)


def _components(folder: Path) -> dict[str, Any]:
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    return {"tokenizer": WordsProcessor(tokenizer)}


def _arguments(call: Call) -> dict[str, Any]:
    arguments = called_by_words(call)
    if call.shot.first_image is None:
        return arguments
    if call.shot.frames < IMAGE_FRAMES_MIN:
        raise GenerationFailed(f"from a picture at least {IMAGE_FRAMES_MIN} frames are made")
    return {**arguments, "image": picture(call.shot.first_image)}


KANDINSKY = Family(
    pipelines={Task.TEXT: "Kandinsky5T2VPipeline", Task.IMAGE: "Kandinsky5I2VPipeline"},
    arguments=_arguments,
    components=_components,
    side_multiple=16,
    time_axis=1,
)
