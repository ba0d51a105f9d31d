"""The doctor finds what is wrong, says how to mend it, and never shows a secret."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web

from bot.doctor import Finding, Verdict, examine, render
from bot.doctor.data import examine_data_folder, examine_database
from bot.doctor.process import application_of, examine_health, examine_python, examine_token
from config.settings import Settings, WebSettings
from storage.database import migrate
from storage.instance_lock import InstanceLock
from tests.house.sources import ROOT

APPLICATION_ID = "1234567890123456789"
TOKEN = f"{base64.b64encode(APPLICATION_ID.encode()).decode().rstrip('=')}.GhIjKl.{'s3cr3t' * 6}"


def settings_for(data_folder: Path, **environment: str) -> Settings:
    return Settings.load(
        env={"REELROOM_STORAGE__DATA_FOLDER": str(data_folder), **environment}, file=None
    )


def found(findings: tuple[Finding, ...], subject: str) -> Finding:
    (finding,) = [each for each in findings if each.subject == subject]
    return finding


@pytest.fixture
async def migrated(tmp_path: Path) -> Settings:
    settings = settings_for(tmp_path)
    await migrate(settings.storage.database_url)
    return settings


async def test_a_ready_database_passes(migrated: Settings) -> None:
    findings = await examine(migrated, quick=True)
    assert {finding.verdict for finding in findings} == {Verdict.GOOD}


async def test_a_missing_folder_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    findings = await examine(settings_for(tmp_path / "nowhere"), quick=True)
    assert found(findings, "data folder").remedy == f"Make it: mkdir -p {tmp_path / 'nowhere'}"
    assert found(findings, "database").verdict is Verdict.BAD
    assert not (tmp_path / "nowhere").exists()


async def test_an_unmigrated_database_is_told_to_migrate(tmp_path: Path) -> None:
    findings = await examine(settings_for(tmp_path), quick=True)
    assert "python -m bot migrate" in found(findings, "database").remedy
    assert not list(tmp_path.iterdir())


async def test_a_damaged_database_is_told_to_restore(migrated: Settings, tmp_path: Path) -> None:
    (tmp_path / "reelroom.db").write_bytes(b"not a database at all" * 100)
    findings = await examine(migrated, quick=True)
    assert "backup" in found(findings, "database").remedy


async def test_a_running_bot_is_noted_and_not_a_fault(migrated: Settings) -> None:
    url = migrated.storage.database_url
    async with InstanceLock.beside(url):
        findings = await examine_database(url, thorough=True)
    running = found(tuple(findings), "instance")
    assert running.verdict is Verdict.NOTE
    assert str(os.getpid()) in running.detail


async def test_this_machine_can_make_clips(migrated: Settings) -> None:
    """Everything that generation needs came with the dependencies."""
    findings = await examine(migrated)
    bad = [finding for finding in findings if finding.verdict is Verdict.BAD]
    assert [finding.detail for finding in bad] == []
    assert "espeak-ng" in found(findings, "speech").detail
    assert found(findings, "ledger").verdict is Verdict.GOOD


def test_a_token_is_judged_by_its_shape_and_never_shown(tmp_path: Path) -> None:
    finding = examine_token(settings_for(tmp_path, DISCORD_TOKEN=TOKEN))
    assert finding.verdict is Verdict.GOOD
    assert f"client_id={APPLICATION_ID}&" in finding.detail
    assert "s3cr3t" not in render((finding,))
    assert TOKEN.partition(".")[0] not in render((finding,))


@pytest.mark.parametrize(
    "token",
    [
        "s3cr3t",
        "s3cr3t.s3cr3t.s3cr3t",
        f"{APPLICATION_ID}.GhIjKl.s3cr3t",
        f'"{TOKEN}"',
        f"Bot {TOKEN}",
        f"{TOKEN}.s3cr3t",
    ],
)
def test_a_mistaken_token_is_refused_without_showing_it(tmp_path: Path, token: str) -> None:
    finding = examine_token(settings_for(tmp_path, DISCORD_TOKEN=token))
    assert finding.verdict is Verdict.BAD
    assert "s3cr3t" not in render((finding,))


def test_no_token_is_fine_for_the_demo(tmp_path: Path) -> None:
    finding = examine_token(settings_for(tmp_path))
    assert finding.verdict is Verdict.NOTE
    assert "DISCORD_TOKEN_FILE" in finding.remedy


def test_an_empty_token_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").touch()
    finding = examine_token(settings_for(tmp_path, DISCORD_TOKEN_FILE=str(tmp_path / "token")))
    assert finding.verdict is Verdict.BAD
    assert str(tmp_path / "token") in finding.detail


def test_the_application_is_read_from_the_token() -> None:
    assert application_of(TOKEN) == APPLICATION_ID


def test_an_old_python_is_told_which_one_to_take() -> None:
    assert examine_python((3, 10, 12)).verdict is Verdict.BAD
    assert examine_python((3, 11, 0)).verdict is Verdict.GOOD
    assert examine_python((3, 13, 1)).verdict is Verdict.BAD


def test_a_data_folder_that_is_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert examine_data_folder(tmp_path / "data").verdict is Verdict.BAD


async def serve(answer: dict[str, object], status: int) -> tuple[web.AppRunner, WebSettings]:
    async def ready(_: web.Request) -> web.Response:
        return web.json_response(answer, status=status)

    application = web.Application()
    application.router.add_get("/readyz", ready)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port: int = runner.addresses[0][1]
    return runner, WebSettings(health_port=port)


async def test_a_healthy_bot_is_believed() -> None:
    runner, settings = await serve({"ready": True, "missing": []}, 200)
    try:
        assert (await examine_health(settings)).verdict is Verdict.GOOD
    finally:
        await runner.cleanup()


async def test_a_bot_without_its_worker_is_unhealthy() -> None:
    runner, settings = await serve({"ready": False, "missing": ["worker"]}, 503)
    try:
        finding = await examine_health(settings)
    finally:
        await runner.cleanup()
    assert finding.verdict is Verdict.BAD
    assert "worker" in finding.detail


async def test_a_bot_that_does_not_answer_is_unhealthy() -> None:
    runner, settings = await serve({"ready": True, "missing": []}, 200)
    await runner.cleanup()
    assert (await examine_health(settings)).verdict is Verdict.BAD


async def run_bot(*arguments: str, data_folder: Path) -> tuple[int | None, str, str]:
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("REELROOM_", "DISCORD_TOKEN", "DATABASE_URL"))
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=ROOT,
        env={**environment, "REELROOM_STORAGE__DATA_FOLDER": str(data_folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


async def test_the_exit_code_tells_scripts(tmp_path: Path) -> None:
    code, output, errors = await run_bot("doctor", "--quick", data_folder=tmp_path)
    assert (code, errors) == (1, "")
    assert output.splitlines()[-1] == "1 to mend."
    assert (await run_bot("migrate", data_folder=tmp_path))[0] == 0
    code, output, errors = await run_bot("doctor", "--quick", data_folder=tmp_path)
    assert (code, errors) == (0, "")
    assert output.splitlines()[-1] == "Everything needed is there."
