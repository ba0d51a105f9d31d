"""The log of a job: every line says whose it is, and nobody's words are in it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any, cast

import pytest
import structlog

from bot import logs
from generation.errors import WorkerCrashed
from storage import attempts
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import CLIP_SECONDS, Stage, finished_card, order

PROMPT = "a red circle that nobody else should read about"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What `python -m bot run` logs with its defaults, in JSON."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure(level="INFO", as_json=True)
    written = io.StringIO()
    cast("logging.StreamHandler[io.StringIO]", root.handlers[0]).setStream(written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_every_line_of_a_job_says_which_and_none_says_its_prompt(
    logged: io.StringIO,
    stage: Stage,
    executor: ScriptedExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "BACKOFF", tuple(pause * 0 for pause in attempts.BACKOFF))
    executor.faults.append(WorkerCrashed(-9))
    async with stage.member() as ada:
        job_id = await order(ada, f"/imagine-video prompt:{PROMPT}")
        await finished_card(ada, job_id)
        async with asyncio.timeout(CLIP_SECONDS):
            while "job.delivered" not in logged.getvalue():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    text = logged.getvalue()
    assert PROMPT not in text
    lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    of_jobs = [line for line in lines if line["event"].startswith(("job.", "delivery.", "lease."))]
    assert {line["job_id"] for line in of_jobs} == {job_id}
    by_event = {line["event"]: line for line in of_jobs}
    assert by_event["job.admitted"]["prompt"] == logs.hashed(PROMPT)
    assert by_event["job.fault"]["attempt"] == 1
    assert by_event["job.succeeded"]["attempt"] == 2
    assert by_event["job.delivered"]["attempt"] == 2


def test_what_a_library_logs_while_a_job_runs_is_the_job_s_too(
    logged: io.StringIO,
) -> None:
    with structlog.contextvars.bound_contextvars(job_id="abc", attempt=3):
        logging.getLogger("some.library").warning("slow")
    line = json.loads(logged.getvalue())
    assert (line["job_id"], line["attempt"], line["event"]) == ("abc", 3, "slow")


def test_equal_prompts_have_equal_hashes_and_others_have_not() -> None:
    assert logs.hashed("a red circle") == logs.hashed("a red circle")
    assert logs.hashed("a red circle") != logs.hashed("a red circle ")
