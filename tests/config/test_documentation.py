"""Every setting is explained to people, and nothing is explained that is no setting."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from config.settings import Settings
from config.sources import ALIASES, known_settings, variable_name

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "config" / "reelroom.example.toml").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([\w.]+)` \| `(\w+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)
# Defaults that are told in words, since they depend on another setting.
IN_WORDS = {"storage.database_url": "`<data_folder>/reelroom.db`"}


def expected_rows() -> Iterator[tuple[str, str, str, str]]:
    """Setting, variable, default and meaning, as the code has them."""
    for group, names in known_settings(Settings):
        values: BaseModel = getattr(Settings(), group)
        for name, setting in type(values).model_fields.items():
            assert name in names
            default = getattr(values, name)
            shown = "none" if default is None else f"`{json.dumps(default, default=str)}`"
            key = f"{group}.{name}"
            variable = variable_name(group, name)
            yield key, variable, IN_WORDS.get(key, shown), setting.description or ""


def test_every_setting_is_documented_as_it_is() -> None:
    assert ROW.findall(DOCUMENT) == list(expected_rows())


def test_every_setting_has_a_description() -> None:
    assert all(meaning.endswith(".") for *_, meaning in expected_rows())


def test_the_common_names_are_documented() -> None:
    assert all(f"`{name}`" in DOCUMENT for name in ALIASES)


def test_the_example_file_shows_every_setting_at_its_default(tmp_path: Path) -> None:
    """With its comment marks taken away it is a valid file that changes nothing."""
    lines = re.sub(r"^# (?=\w+ = )", "", EXAMPLE, flags=re.MULTILINE)
    shown = tomllib.loads(lines)
    assert {group: frozenset(table) for group, table in shown.items()} == dict(
        known_settings(Settings)
    )
    file = tmp_path / "example.toml"
    file.write_text(lines, encoding="utf-8")
    loaded = Settings.load({}, file).model_dump()
    # These have no default to show; the example shows their form.
    for name in ("token", "token_file", "api_url", "gateway_url"):
        loaded["discord"][name] = None
    loaded["generation"]["catalogue_file"] = None
    assert loaded == Settings().model_dump()


def test_the_example_file_changes_nothing_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    assert Settings.load({}, file) == Settings()
