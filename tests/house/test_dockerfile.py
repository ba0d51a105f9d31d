"""The Dockerfile, as far as it can be checked without a Docker engine.

Its instructions are parsed and held to the rules that hadolint would apply, and what it would
run is run in a plain folder that holds the same files.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.house.sources import OUR_FOLDERS, ROOT


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruction:
    """One line of a stage, its continuations joined: `keyword` in capitals, the rest as text."""

    stage: int
    keyword: str
    text: str


def parse(dockerfile: str) -> list[Instruction]:
    """The instructions in order; stages count from 0, -1 stands for what precedes a FROM."""
    without_comments = re.sub(r"^\s*#.*\n", "", dockerfile, flags=re.MULTILINE)
    joined = re.sub(r"\\\n\s*", " ", without_comments)
    stage = -1
    found: list[Instruction] = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        keyword, _, text = line.partition(" ")
        stage += keyword.upper() == "FROM"
        found.append(Instruction(stage=stage, keyword=keyword.upper(), text=text.strip()))
    return found


INSTRUCTIONS = parse((ROOT / "Dockerfile").read_text(encoding="utf-8"))
LAST_STAGE = max(each.stage for each in INSTRUCTIONS)


def texts(keyword: str, *, stage: int | None = None) -> list[str]:
    return [
        each.text
        for each in INSTRUCTIONS
        if each.keyword == keyword and stage in (None, each.stage)
    ]


def test_there_are_two_stages_and_each_base_has_a_precise_tag() -> None:
    images = [text.split()[0] for text in texts("FROM")]
    assert len(images) == 2
    for image in images:
        _, _, tag = image.partition(":")
        assert re.search(r"\d+\.\d+", tag), f"{image} would change under our feet"


def test_the_bot_does_not_run_as_root() -> None:
    users = texts("USER", stage=LAST_STAGE)
    assert users
    assert users[-1].split(":")[0] not in ("root", "0")


def test_commands_are_started_without_a_shell() -> None:
    """A shell as process 1 would swallow the SIGTERM that saves the running job."""
    commands = texts("ENTRYPOINT") + texts("CMD")
    assert commands
    for command in commands:
        assert all(isinstance(word, str) for word in json.loads(command))
    assert texts("STOPSIGNAL") == ["SIGTERM"]


def test_health_is_checked() -> None:
    (check,) = texts("HEALTHCHECK")
    assert json.loads(check[check.index("[") :])[:3] == ["python", "-m", "bot"]


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    assert not texts("ADD")
    kept = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    for copy in texts("COPY"):
        if "--from=" in copy:
            continue
        for source in copy.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source in kept, f"{source} is left out by .dockerignore"


def test_no_layer_keeps_package_lists_caches_or_secrets() -> None:
    for command in texts("RUN"):
        if "apt-get install" in command:
            assert "--no-install-recommends" in command
            assert "rm -rf /var/lib/apt/lists" in command
        assert "sudo" not in command
    assert any("PIP_NO_CACHE_DIR=1" in text for text in texts("ENV", stage=0))
    assert not [text for text in texts("ENV") + texts("ARG") if "TOKEN" in text.upper()]


def test_data_outlives_the_container() -> None:
    assert texts("VOLUME") == ["/data"]
    assert any("REELROOM_STORAGE__DATA_FOLDER=/data" in text for text in texts("ENV"))


def test_compose_keeps_the_same_folder_and_reads_the_token_from_a_secret() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert services["migrate"]["volumes"] == services["bot"]["volumes"] == ["data:/data"]
    assert services["migrate"]["command"] == ["migrate"]
    token_file = services["bot"]["environment"]["DISCORD_TOKEN_FILE"]
    assert token_file == f"/run/secrets/{services['bot']['secrets'][0]}"


@pytest.fixture(scope="module")
def app_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image holds in /app, and nothing else."""
    folder = tmp_path_factory.mktemp("image") / "app"
    for name in OUR_FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def bot(app_folder: Path, data_folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the image's entry point with the image's environment."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(app_folder),
        "PYTHONDONTWRITEBYTECODE": "1",
        "REELROOM_STORAGE__DATA_FOLDER": str(data_folder),
    }
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=app_folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_copied_folders_run_by_themselves(app_folder: Path, tmp_path: Path) -> None:
    helped = bot(app_folder, tmp_path, "doctor", "--help")
    assert helped.returncode == 0, helped.stderr
    assert "--quick" in helped.stdout


def test_the_database_is_made_in_the_volume(app_folder: Path, tmp_path: Path) -> None:
    migrated = bot(app_folder, tmp_path, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert list(tmp_path.glob("*.db"))


def test_a_container_without_a_token_says_so_in_one_line(app_folder: Path, tmp_path: Path) -> None:
    bot(app_folder, tmp_path, "migrate")
    ran = bot(app_folder, tmp_path, "run")
    assert ran.returncode != 0
    assert "Traceback" not in ran.stderr
    assert "DISCORD_TOKEN" in ran.stderr
