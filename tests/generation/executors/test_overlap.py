"""One execution's file is made while the next one's pictures are, in one worker process."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
from collections.abc import Callable

import psutil

from generation.errors import DeviceFailed, WorkerCrashed, WorkerHung, WorkerLost
from generation.executor import Done, Execution, ExecutionEvent, Faulted, Filmed, Stopped
from generation.executors.local import ExecutionLimits, LocalExecutor
from generation.job import Progress, Stage
from tests.generation.builders import make_request
from tests.generation.executors.test_local import executor, make_execution, pid_of

PATIENCE_SECONDS = 120


class Script:
    """Executions of one executor, and everything that they told, in the order of its telling."""

    def __init__(self, local: LocalExecutor) -> None:
        self.local = local
        self.told: list[tuple[str, ExecutionEvent]] = []
        self._heard = asyncio.Event()

    def begin(
        self, name: str, prompt: str, model: str = "pocket", *, alone: bool = False
    ) -> asyncio.Task[ExecutionEvent]:
        execution = dataclasses.replace(
            make_execution(prompt, job_id=name),
            request=make_request(prompt=prompt, model=model),
            alone=alone,
        )
        return asyncio.create_task(self._run(execution))

    async def filmed(
        self, name: str, prompt: str, model: str = "pocket"
    ) -> asyncio.Task[ExecutionEvent]:
        """Begins it, and waits until its pictures are made."""
        task = self.begin(name, prompt, model)
        await self.until(lambda: any(isinstance(event, Filmed) for event in self.of(name)))
        return task

    async def generating(
        self, name: str, prompt: str, model: str = "pocket"
    ) -> asyncio.Task[ExecutionEvent]:
        """Begins it, and waits until its pictures are being made."""
        task = self.begin(name, prompt, model)
        await self.until(lambda: Stage.GENERATING in self.stages(name))
        return task

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self._heard.clear()
                await self._heard.wait()

    def of(self, name: str) -> list[ExecutionEvent]:
        return [event for whose, event in self.told if whose == name]

    def stages(self, name: str) -> list[Stage]:
        return [event.stage for event in self.of(name) if isinstance(event, Progress)]

    def at(self, name: str, kind: type[ExecutionEvent]) -> int:
        """When it was first told, as its place among all events."""
        return next(
            place
            for place, (whose, event) in enumerate(self.told)
            if whose == name and isinstance(event, kind)
        )

    async def _run(self, execution: Execution) -> ExecutionEvent:
        last: ExecutionEvent | None = None
        async for last in self.local.run(execution):
            self.told.append((execution.job_id, last))
            self._heard.set()
        assert last is not None
        return last


def workers() -> list[int]:
    """Of this process: it may have other children, as the browser of another test."""
    children = psutil.Process().children()
    return [child.pid for child in children if "scripted_worker" in " ".join(child.cmdline())]


async def outcome(task: asyncio.Task[ExecutionEvent]) -> ExecutionEvent:
    return await asyncio.wait_for(task, PATIENCE_SECONDS)


async def fault(task: asyncio.Task[ExecutionEvent]) -> Exception:
    event = await outcome(task)
    assert isinstance(event, Faulted)
    return event.error


async def test_one_file_is_made_while_the_next_pictures_are() -> None:
    """Each of the two waits until the other is at it, so one after the other would never end."""
    async with executor() as local:
        script = Script(local)
        first = await script.filmed("first", "later meet")
        second = script.begin("second", "greet")
        assert isinstance(await outcome(first), Done)
        assert isinstance(await outcome(second), Done)
    assert script.at("first", Filmed) < script.at("second", Progress)
    assert script.at("second", Progress) < script.at("first", Done) < script.at("second", Done)
    assert set(script.stages("first")) == {Stage.GENERATING, Stage.ENCODING}


async def test_without_overlap_the_next_pictures_wait_for_the_file() -> None:
    async with executor(overlap=False) as local:
        script = Script(local)
        both = [script.begin("first", "later steps"), script.begin("second", "later steps")]
        for each in both:
            assert isinstance(await outcome(each), Done)
    assert script.at("first", Done) < script.at("second", Progress)
    assert not any(isinstance(event, Filmed) for _, event in script.told)


async def test_an_execution_that_is_to_be_alone_shares_with_neither_neighbour() -> None:
    async with executor() as local:
        script = Script(local)
        first = await script.filmed("first", "later wait")
        alone = script.begin("alone", "later steps", alone=True)
        await script.until(lambda: len(script.of("first")) > 20)
        assert script.of("alone") == []
        assert await local.cancel("first", 1)
        assert isinstance(await outcome(first), Stopped)
        assert isinstance(await outcome(alone), Done)
    assert not any(isinstance(event, Filmed) for event in script.of("alone"))


async def test_pictures_of_at_most_two_executions_are_in_memory() -> None:
    """The second says that it waits, and can be cancelled there."""
    async with executor() as local:
        script = Script(local)
        first = await script.filmed("first", "later wait")
        for name in ("cancelled", "second"):
            second = script.begin(name, "later steps")
            await script.until(lambda name=name: Stage.WAITING in script.stages(name))
            assert not any(isinstance(event, Filmed) for event in script.of(name))
            if name == "cancelled":
                assert await local.cancel(name, 1)
                assert isinstance(await outcome(second), Stopped)
            else:
                assert await local.cancel("first", 1)
                assert isinstance(await outcome(first), Stopped)
                assert isinstance(await outcome(second), Done)


async def test_either_is_cancelled_without_the_other() -> None:
    async with executor() as local:
        script, pid = Script(local), pid_of(local)
        first = await script.filmed("first", "later wait")
        second = await script.generating("second", "wait")
        assert await local.cancel("first", 1)
        assert isinstance(await outcome(first), Stopped)
        assert not second.done()
        assert await local.cancel("second", 1)
        assert isinstance(await outcome(second), Stopped)
        assert pid_of(local) == pid


async def test_a_killed_worker_is_a_crash_of_whose_pictures_it_made_and_a_loss_to_the_other() -> (
    None
):
    async with executor() as local:
        script, pid = Script(local), pid_of(local)
        first = await script.filmed("first", "later wait")
        second = await script.generating("second", "wait")
        os.kill(pid, signal.SIGKILL)
        assert isinstance(await fault(first), WorkerLost)
        assert isinstance(await fault(second), WorkerCrashed)
        assert isinstance(await outcome(script.begin("third", "steps")), Done)
        assert pid_of(local) != pid
        assert len(workers()) == 1, "it was replaced once"


async def test_a_crash_of_the_encoder_with_nobody_beside_it_is_its_own() -> None:
    async with executor() as local:
        script = Script(local)
        error = await fault(script.begin("one", "later die 3"))
        assert isinstance(error, WorkerCrashed)
        assert error.exit_code == 3


async def test_an_encoder_that_hangs_takes_only_its_own_blame() -> None:
    async with executor(limits=ExecutionLimits(step_timeout_seconds=1.0)) as local:
        script, pid = Script(local), pid_of(local)
        first = await script.filmed("first", "later sleep")
        second = await script.generating("second", "wait")
        assert isinstance(await fault(first), WorkerHung)
        assert isinstance(await fault(second), WorkerLost)
        assert isinstance(await outcome(script.begin("third", "steps")), Done)
        assert pid_of(local) != pid
        assert len(workers()) == 1


async def test_one_that_does_not_stop_when_asked_costs_the_other_no_blame() -> None:
    async with executor(limits=ExecutionLimits(cancel_timeout_seconds=0.2)) as local:
        script = Script(local)
        first = await script.filmed("first", "later wait")
        second = await script.generating("second", "sleep")
        assert await local.cancel("second", 1)
        assert isinstance(await outcome(second), Stopped)
        assert isinstance(await fault(first), WorkerLost)


async def test_a_failed_device_lets_the_file_before_be_made_and_is_then_replaced() -> None:
    async with executor() as local:
        script, pid = Script(local), pid_of(local)
        first = await script.filmed("first", "later meet")
        second = script.begin("second", "device")
        assert isinstance(await fault(second), DeviceFailed)
        assert isinstance(await outcome(first), Done)
        assert isinstance(await outcome(script.begin("third", "steps")), Done)
        assert pid_of(local) != pid


async def test_the_last_execution_of_a_worker_shares_it_with_nobody() -> None:
    async with executor(limits=ExecutionLimits(jobs_per_worker=2)) as local:
        script, pid = Script(local), pid_of(local)
        await script.filmed("first", "later steps")
        second = script.begin("second", "later steps")
        third = script.begin("third", "later steps")
        assert isinstance(await outcome(second), Done)
        assert isinstance(await outcome(third), Done)
        assert pid_of(local) != pid
    assert not any(isinstance(event, Filmed) for event in script.of("second"))
    assert any(isinstance(event, Filmed) for event in script.of("third"))


async def test_closing_stops_both() -> None:
    async with executor() as local:
        script, pid = Script(local), pid_of(local)
        first = await script.filmed("first", "later wait")
        second = await script.generating("second", "wait")
        await local.close()
        assert isinstance(await outcome(first), Stopped)
        assert isinstance(await outcome(second), Stopped)
        assert not psutil.pid_exists(pid)
        assert workers() == []


async def test_two_slots_overlap_each_for_itself() -> None:
    async with executor(slots=2) as local:
        script, models = Script(local), ("small", "large")
        behind = [await script.filmed(f"{model} file", "later wait", model) for model in models]
        ahead = [await script.generating(f"{model} pictures", "wait", model) for model in models]
        names = [f"{model} {what}" for what in ("file", "pictures") for model in models]
        for task, name in zip((*behind, *ahead), names, strict=True):
            assert await local.cancel(name, 1)
            assert isinstance(await outcome(task), Stopped)


async def test_of_two_slots_with_the_model_the_one_that_encodes_nothing_is_chosen() -> None:
    async with executor(slots=2) as local:
        script = Script(local)
        both = [await script.generating(name, "wait") for name in ("one", "other")]
        for task, name in zip(both, ("one", "other"), strict=True):
            assert await local.cancel(name, 1)
            assert isinstance(await outcome(task), Stopped)
        await script.filmed("first", "later wait")
        await script.filmed("second", "later wait")
        third = script.begin("third", "later wait")
        await script.until(lambda: Stage.WAITING in script.stages("third"))
        assert not third.done()
