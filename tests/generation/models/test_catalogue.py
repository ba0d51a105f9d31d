from __future__ import annotations

import re
from pathlib import Path

import pytest

from generation.errors import InvalidCatalogue, LicenceNotAccepted, UnknownModel, UnsupportedOption
from generation.models.card import Feature, ModelCard, Task
from generation.models.card_file import CATALOGUE_FILE, read_catalogue
from generation.models.catalogue import Catalogue
from generation.models.step_cache import TaylorSeer
from generation.request import Camera, CameraMove, Command
from tests.generation.builders import make_request
from tests.generation.tiny_ltx import write_tiny_catalogue

CARDS = {card.id: card for card in read_catalogue(CATALOGUE_FILE)}


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """The tiny catalogue with one thing in it written otherwise."""
    file = write_tiny_catalogue(tmp_path / "models.toml")
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return file


def line_with(file: Path, text: str) -> int:
    return next(n for n, line in enumerate(file.read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("fps = 8", 'fps = "eight"', "integer"),
        ("fps = 8", "fps = 0", "greater than or equal to 1"),
        ("fps = 8", "fps = 8\nfsp = 9", "no key that we know"),
        ('"Apache-2.0"', '"Apache-2.0", country = "x"', "no key that we know"),
        ('commercial = "yes"', 'commercial = "perhaps"', "'yes', 'limited'"),
        ("steps_default = 4", "steps_default = 99", "not between"),
        ("guidance_min = 1.0", "guidance_min = nan", "finite"),
        ('"text", ', '"tekst", ', "'text'"),
    ],
)
def test_an_error_names_the_line(tmp_path: Path, old: str, new: str, reason: str) -> None:
    file = changed(tmp_path, old, new)
    with pytest.raises(InvalidCatalogue, match=reason) as raised:
        read_catalogue(file)
    wrong = new.splitlines()[-1].split(" = ")[0]
    lines = [line_with(file, wrong)]
    if "default" in wrong:
        lines.append(line_with(file, ".presets.default]"))  # no single key of the two is wrong
    assert raised.value.line in lines
    assert str(raised.value).startswith(f"{file}:{raised.value.line}: pocket")


def test_text_that_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text('[one]\ntitle = "One"\nfps = = 8\n')
    with pytest.raises(InvalidCatalogue) as raised:
        read_catalogue(file)
    assert raised.value.line == 3


def test_a_missing_key_is_named_with_its_table(tmp_path: Path) -> None:
    file = changed(tmp_path, "fps = 8\n", "")
    with pytest.raises(InvalidCatalogue, match=r"pocket\.fps is missing") as raised:
        read_catalogue(file)
    assert raised.value.line == 1


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalogue, match="cannot be read"):
        read_catalogue(tmp_path / "none.toml")


def test_weights_that_are_no_safetensors_are_refused_in_the_catalogue(tmp_path: Path) -> None:
    lora = '\n[pocket.camera_loras."zoom in".source]\nrepository = "a/b"\nfile = "lora.ckpt"\n'
    file = write_tiny_catalogue(tmp_path / "models.toml")
    file.write_text(file.read_text() + lora)
    with pytest.raises(InvalidCatalogue, match=r"lora\.ckpt is not a \.safetensors file"):
        read_catalogue(file)


def test_an_operator_changes_one_key_and_adds_a_lora(tmp_path: Path) -> None:
    operator = tmp_path / "own.toml"
    operator.write_text(
        """
[animatediff]
price_credits_per_second = 9.0

[animatediff.presets.paint]
steps_min = 4
steps_default = 20
steps_max = 40
guidance_min = 1.0
guidance_default = 7.0
guidance_max = 9.0
loras = [{ source = { repository = "/srv/loras", file = "paint.safetensors" }, strength = 0.5 }]
"""
    )
    card = {card.id: card for card in read_catalogue(CATALOGUE_FILE, operator)}["animatediff"]
    shipped = CARDS["animatediff"]
    assert card.price_credits_per_second == 9.0
    assert set(card.presets) == {*shipped.presets, "paint"}
    assert card.presets["paint"].loras[0].strength == 0.5
    assert card.sizes == shipped.sizes


def test_an_operator_s_mistake_is_named_in_the_operator_s_file(tmp_path: Path) -> None:
    operator = tmp_path / "own.toml"
    operator.write_text("[animatediff]\n\nfps = -1\n")
    with pytest.raises(InvalidCatalogue) as raised:
        read_catalogue(CATALOGUE_FILE, operator)
    assert (raised.value.file, raised.value.line) == (str(operator), 3)


CACHED = """
[{model}.presets.cached]
steps_min = 4
steps_default = 20
steps_max = 40
guidance_min = 1.0
guidance_default = 4.0
guidance_max = 9.0
step_cache = {{ {cache} }}
"""


@pytest.mark.parametrize(
    ("model", "cache", "said"),
    [
        ("pocket", 'name = "FirstBlockCache", threshold = 7', r"step_cache\.threshold: .* to 1$"),
        ("pocket", 'name = "FirstBlokCache"', "does not match any of the expected tags: 'First"),
        ("pocket", "threshold = 0.1", r"step_cache\.name is missing"),
        ("pocket", 'name = "TaylorSeer", intervall = 3', r"intervall is no key that we know"),
        ("pocket", 'name = "MagCache"', r"step_cache\.ratios is missing"),
        ("pocket", 'name = "FasterCache"', "does not suit pocket models, which take First"),
        ("wan-2.1-vace-1.3b", 'name = "FirstBlockCache"', "does not suit wan-vace models, .* Tayl"),
        ("wan-2.1-14b-image", 'name = "SeaCache"', "for shots from words alone"),
        ("modelscope", 'name = "TaylorSeer"', "modelscope models take no step_cache"),
    ],
)
def test_a_step_cache_that_cannot_be_is_refused_with_its_line(
    tmp_path: Path, model: str, cache: str, said: str
) -> None:
    operator = tmp_path / "own.toml"
    operator.write_text(CACHED.format(model=f'"{model}"', cache=cache))
    with pytest.raises(InvalidCatalogue, match=said) as raised:
        read_catalogue(CATALOGUE_FILE, operator)
    assert (raised.value.file, raised.value.line) == (str(operator), line_with(operator, "step_c"))


def test_an_operator_gives_a_preset_a_step_cache(tmp_path: Path) -> None:
    operator = tmp_path / "own.toml"
    operator.write_text(CACHED.format(model="pocket", cache='name = "TaylorSeer", interval = 4'))
    card = {card.id: card for card in read_catalogue(CATALOGUE_FILE, operator)}["pocket"]
    assert card.presets["cached"].step_cache == TaylorSeer(interval=4)
    assert card.default_preset.step_cache is None


def test_a_restricted_model_is_off_until_its_licence_is_accepted() -> None:
    with pytest.raises(LicenceNotAccepted, match="European Union") as raised:
        Catalogue.load(["hunyuan-video"])
    assert "accepted_licences" in str(raised.value)
    assert Catalogue.load(["hunyuan-video"], accepted_licences=["hunyuan-video"]).get(
        "hunyuan-video"
    )


def test_an_unknown_model_is_not_enabled() -> None:
    with pytest.raises(UnknownModel):
        Catalogue.load(["no-such-model"])


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.id)
def test_the_shipped_entries_are_of_one_piece(card: ModelCard) -> None:
    assert re.fullmatch(r"[^/]+/[^/]+", card.source.repository) or card.id == "pocket"
    assert card.licence.url or card.id == "pocket"
    assert (Feature.LAST_IMAGE in card.features) == (Task.FIRST_LAST in card.tasks)
    assert Feature.PROMPT in card.features or Task.TEXT not in card.tasks
    assert card.price_credits_per_second > 0
    for seconds in (card.seconds_min, card.seconds_default, card.seconds_max):
        assert card.frames_generated(seconds) % card.frame_multiple == 1 % card.frame_multiple
        assert card.frames_generated(seconds) >= card.frames_kept(seconds)


@pytest.mark.parametrize(
    ("model", "fields", "said"),
    [
        ("stable-video", {"command": Command.IMAGINE_VIDEO}, "it does /animate, /loop"),
        ("sdxl", {}, "it does /storyboard-image"),
        ("modelscope", {"camera": Camera.of(CameraMove.ZOOM_IN)}, "no camera moves"),
        ("hunyuan-video", {"negative_prompt": "blurry"}, "no negative prompt"),
        ("animatediff", {"preset": "turbo"}, "default, lcm, lightning"),
        ("mochi", {"command": Command.LOOP, "image_sha256": "0" * 64}, "takes no picture"),
        ("framepack", {"command": Command.LOOP}, "give it one"),
        (
            "stable-video",
            {
                "command": Command.ANIMATE,
                "prompt": "",
                "image_sha256": "0" * 64,
                "last_image_sha256": "1" * 64,
            },
            "cannot end with a given picture",
        ),
        (
            "wan-2.1-14b-first-last",
            {"command": Command.ANIMATE, "image_sha256": "0" * 64},
            "moves between two pictures",
        ),
        (
            "stable-video",
            {"command": Command.ANIMATE, "prompt": "a fox", "image_sha256": "0" * 64},
            "no words",
        ),
    ],
)
def test_what_a_model_cannot_do_is_said_before_anything_is_charged(
    model: str, fields: dict[str, object], said: str
) -> None:
    card = CARDS[model]
    request = make_request(
        model=model,
        seconds=card.seconds_default,
        aspect=card.aspect_default,
        **{
            "steps": card.default_preset.steps_default,
            "guidance": card.default_preset.guidance_default,
            **fields,
        },
    )
    with pytest.raises(UnsupportedOption, match=said):
        card.check(request)


def test_a_refusal_names_the_enabled_models_that_can() -> None:
    catalogue = Catalogue.load(["pocket", "wan-2.1-1.3b", "mochi"])
    request = make_request(
        model="wan-2.1-1.3b", command=Command.ANIMATE, image_sha256="0" * 64, steps=50, guidance=5.0
    )
    with pytest.raises(UnsupportedOption) as raised:
        catalogue.check(request)
    assert raised.value.able == ("pocket",)
