from __future__ import annotations

from generation.models.card import Source
from generation.models.pull import chosen_files


def test_one_file_of_a_repository_is_taken_alone() -> None:
    names = ["a_4step.safetensors", "a_8step.safetensors", "README.md", "config.json"]
    source = Source(repository="x/y", file="a_4step.safetensors")
    assert chosen_files(names, [source]) == ("a_4step.safetensors",)


def test_of_a_subfolder_nothing_else_is_taken() -> None:
    names = ["image_encoder/model.safetensors", "image_encoder/config.json", "other.safetensors"]
    source = Source(repository="x/y", subfolder="image_encoder")
    assert chosen_files(names, [source]) == tuple(sorted(names[:2]))


def test_half_precision_and_single_file_checkpoints_are_left_out() -> None:
    names = [
        "model_index.json",
        "all_in_one.safetensors",
        "unet/model.safetensors",
        "unet/model.fp16.safetensors",
        "unet/model.bin",
    ]
    assert chosen_files(names, [Source(repository="x/y")]) == (
        "model_index.json",
        "unet/model.safetensors",
    )


def test_of_a_repository_with_pickled_weights_only_nothing_is_taken() -> None:
    assert chosen_files(["config.json", "model.bin"], [Source(repository="x/y")]) == ()
