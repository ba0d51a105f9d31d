"""The doctor on what runs: Python, the token, generation on this machine, a bot's health page."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
import re
import sys

import aiohttp

from bot.doctor.finding import Finding, Verdict
from config.errors import ConfigError, TokenMissing
from config.settings import Settings, WebSettings

PYTHON_NEEDED, PYTHON_TOO_NEW = (3, 11), (3, 13)
SELF_CHECK_TIMEOUT_SECONDS = 180.0  # the first import of torch on a cold disk
HEALTH_TIMEOUT_SECONDS = 10.0

INVITE = (
    "https://discord.com/oauth2/authorize?client_id={application_id}"
    "&scope=bot%20applications.commands&permissions=309237763072"
)


def examine_python(version: tuple[int, int, int]) -> Finding:
    detail = ".".join(map(str, version))
    if PYTHON_NEEDED <= version[:2] < PYTHON_TOO_NEW:
        return Finding(subject="python", verdict=Verdict.GOOD, detail=detail)
    return Finding(
        subject="python",
        verdict=Verdict.BAD,
        detail=f"{detail}; 3.11 or 3.12 is needed",
        remedy="Remove .venv and run: make install PYTHON=/path/to/python3.11",
    )


def examine_token(settings: Settings) -> Finding:
    """Its shape only, and never its text. Whether Discord takes it is seen at login."""
    where = "Set DISCORD_TOKEN_FILE to a file with the token (docs/operations.md, The token)."
    try:
        token = settings.discord.read_token().get_secret_value()
    except TokenMissing:
        return Finding(
            subject="token",
            verdict=Verdict.NOTE,
            detail="none is set; make demo needs none, python -m bot run does",
            remedy=where,
        )
    except ConfigError as error:
        return Finding(subject="token", verdict=Verdict.BAD, detail=str(error), remedy=where)
    application_id = application_of(token)
    if application_id is None:
        return Finding(
            subject="token",
            verdict=Verdict.BAD,
            detail="it has not the shape of a bot token: three parts with a dot between them",
            remedy="Copy it again from the Bot page of your application: Reset Token.",
        )
    return Finding(
        subject="token",
        verdict=Verdict.GOOD,
        detail=f"has the shape of one; invite: {INVITE.format(application_id=application_id)}",
    )


def application_of(token: str) -> str | None:
    """The application id, which is a token's first part in base64; None for another shape."""
    parts = token.split(".")
    if len(parts) != 3 or not all(re.fullmatch(r"[\w-]+", part, re.ASCII) for part in parts):
        return None
    try:
        decoded = base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4))
    except binascii.Error:
        return None
    return decoded.decode("ascii") if re.fullmatch(rb"\d{15,20}", decoded) else None


async def examine_health(settings: WebSettings) -> Finding:
    """What the running bot says of itself at /readyz; a hung one does not answer."""
    address = f"http://{settings.host}:{settings.health_port}/readyz"
    timeout = aiohttp.ClientTimeout(total=HEALTH_TIMEOUT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(address) as answer,
        ):
            missing: list[str] = (await answer.json())["missing"]
    except (aiohttp.ClientError, TimeoutError) as error:
        return Finding(
            subject="bot",
            verdict=Verdict.BAD,
            detail=f"no answer from {address}: {error or type(error).__name__}",
            remedy="It is not running, or it hangs: see its log, then restart it.",
        )
    if missing:
        return Finding(
            subject="bot",
            verdict=Verdict.BAD,
            detail=f"runs without {', '.join(missing)}",
            remedy="If it does not recover by itself within minutes, see its log.",
        )
    return Finding(subject="bot", verdict=Verdict.GOOD, detail="connected, database and worker too")


async def examine_generation(settings: Settings) -> list[Finding]:
    """What `generation.self_check` says of torch, the device, ffmpeg, speech and the weights."""
    generation = settings.generation
    command = ["-m", "generation.self_check", "--device", generation.device]
    command += ["--model", generation.default_model]
    if folder := generation.model_folders.get(generation.default_model):
        command += ["--model-folder", str(folder)]
    if generation.catalogue_file is not None:
        command += ["--catalogue-file", str(generation.catalogue_file)]
    command += ["--lock-file", str(generation.lock_file)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        env={key: value for key, value in os.environ.items() if not key.startswith("DISCORD_")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), SELF_CHECK_TIMEOUT_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        output, errors = b"", f"no answer within {SELF_CHECK_TIMEOUT_SECONDS:g} s".encode()
    findings = [_finding(line) for line in output.splitlines()]
    if process.returncode != 0:
        reason = errors.decode(errors="replace").strip().splitlines() or ["nothing was said"]
        findings.append(
            Finding(
                subject="generation",
                verdict=Verdict.BAD,
                detail=f"the check ended with exit code {process.returncode}: {reason[-1]}",
                remedy="Install the dependencies again: remove .venv and run make install.",
            )
        )
    return findings


def _finding(line: bytes) -> Finding:
    fields: dict[str, str] = json.loads(line)
    return Finding(
        subject=fields["subject"],
        verdict=Verdict(fields["verdict"]),
        detail=fields["detail"],
        remedy=fields["remedy"],
    )
