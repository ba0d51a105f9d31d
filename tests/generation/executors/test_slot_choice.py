from __future__ import annotations

import dataclasses

from generation.executor import Faulted
from generation.executors.local import LocalExecutor
from tests.generation.builders import make_request
from tests.generation.executors.test_local import events_of, executor, make_execution


async def run(local: LocalExecutor, prompt: str, *, model: str) -> None:
    request = make_request(prompt=prompt, model=model)
    execution = dataclasses.replace(make_execution(prompt), request=request)
    assert isinstance((await events_of(local, execution))[-1], Faulted) == (prompt == "die 1")


async def slot_that_runs(local: LocalExecutor, *, model: str) -> int:
    """Its worker dies of the job, and is another afterwards."""
    before = [local.worker_pid(slot) for slot in range(local.slots)]
    await run(local, "die 1", model=model)
    changed = [slot for slot, pid in enumerate(before) if local.worker_pid(slot) != pid]
    assert len(changed) == 1
    return changed[0]


async def test_a_job_goes_to_the_slot_that_has_its_model_loaded() -> None:
    async with executor(slots=3) as local:
        for model in ("small", "large", "other"):
            await run(local, "steps", model=model)
        assert await slot_that_runs(local, model="large") == 1


async def test_a_job_whose_model_no_slot_has_goes_to_the_one_free_longest() -> None:
    async with executor(slots=2) as local:
        for model in ("small", "large", "small"):
            await run(local, "steps", model=model)
        assert await slot_that_runs(local, model="other") == 1
