"""What holds for every source file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.sources import CODE_FOLDERS, OUR_FOLDERS, ROOT, files

LINES_MAX = 400
NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "base", "manager"}


def words_of(name: str) -> set[str]:
    """`snake_case` and `CamelCase` names as lower-case words."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


@pytest.mark.parametrize(
    "path", files(*CODE_FOLDERS, suffixes=(".py", ".js", ".css", ".html")), ids=str
)
def test_a_file_fits_a_reader_s_head(path: Path) -> None:
    lines = (ROOT / path).read_text(encoding="utf-8").count("\n")
    assert lines <= LINES_MAX, f"{path} has {lines} lines: find the seam and split it"


@pytest.mark.parametrize("path", files(*CODE_FOLDERS, suffixes=(".py", ".js")), ids=str)
def test_a_name_says_what_is_inside(path: Path) -> None:
    names = [*path.parent.parts, path.stem]
    if path.suffix == ".py":
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        names += [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    hollow = [name for name in names if words_of(name) & NAMES_THAT_SAY_NOTHING]
    assert not hollow, f"{path}: {hollow}"


@pytest.mark.parametrize("path", files(*OUR_FOLDERS, "scripts", suffixes=(".py",)), ids=str)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    if path.name == "__init__.py" and not source.strip():
        return
    assert ast.get_docstring(ast.parse(source)), f"{path} has no docstring"


@pytest.mark.parametrize("path", files(*OUR_FOLDERS, suffixes=(".py",)), ids=str)
def test_what_ships_has_no_mocks(path: Path) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    modules = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (
            node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")]
        )
    }
    assert not {module for module in modules if module.split(".")[0] in {"unittest", "pytest"}}


def test_every_test_folder_is_a_package() -> None:
    """Without it, `tests/config` would shadow our `config` folder."""
    folders = {path.parent for path in files("tests", suffixes=(".py",))}
    missing = [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()]
    assert not missing
