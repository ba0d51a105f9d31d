"""What holds for every source file. Each test lists the files that break its rule."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.sources import CODE_FOLDERS, OUR_FOLDERS, ROOT, files

LINES_MAX = 400
NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "base", "manager"}


def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def words_of(name: str) -> set[str]:
    """`snake_case` and `CamelCase` names as lower-case words."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def names_in(path: Path) -> list[str]:
    """The folders, the file and, of Python, its classes."""
    names = [*path.parent.parts, path.stem]
    if path.suffix == ".py":
        names += [node.name for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)]
    return names


def imported_by(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_a_file_fits_a_reader_s_head() -> None:
    """A longer one has a seam somewhere: find it and split the file."""
    lengths = {
        str(path): (ROOT / path).read_text(encoding="utf-8").count("\n")
        for path in files(*CODE_FOLDERS, suffixes=(".py", ".js", ".css", ".html"))
    }
    assert lengths
    assert not {path: lines for path, lines in lengths.items() if lines > LINES_MAX}


def test_a_name_says_what_is_inside() -> None:
    hollow = {
        str(path): name
        for path in files(*CODE_FOLDERS, suffixes=(".py", ".js"))
        for name in names_in(path)
        if words_of(name) & NAMES_THAT_SAY_NOTHING
    }
    assert not hollow


def test_a_module_says_what_it_is_for() -> None:
    silent = [
        str(path)
        for path in files(*OUR_FOLDERS, "scripts", suffixes=(".py",))
        if parsed(path).body and not ast.get_docstring(parsed(path))
    ]
    assert not silent


def test_what_ships_has_no_mocks() -> None:
    mocking = [
        str(path)
        for path in files(*OUR_FOLDERS, suffixes=(".py",))
        if imported_by(path) & {"unittest", "pytest"}
    ]
    assert not mocking


def test_every_test_folder_is_a_package() -> None:
    """Without it, `tests/config` would shadow our `config` folder."""
    folders = {path.parent for path in files("tests", suffixes=(".py",))}
    assert not [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()]
