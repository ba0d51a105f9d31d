"""Hears every denoising step of any diffusers pipeline, and can end it there.

`callback_on_step_end` does not exist in every pipeline, and `_interrupt` skips the steps that are
left but still decodes (Stable Video Diffusion ignores it). The progress bar is in all of them,
and what its `update` raises leaves the pipeline at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator
from types import TracebackType
from typing import Any, Self

from generation.models.adapter import OnStep


class StepBar:
    """Stands where a pipeline expects its progress bar."""

    def __init__(self, counter: _Counter, items: Iterable[Any] | None) -> None:
        self._counter = counter
        self._items = items

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        for item in self._items or ():
            yield item
            self.update()

    def update(self, count: int = 1) -> None:
        self._counter.advance(count)


class _Counter:
    """Steps over all bars of a run: some pipelines denoise section by section."""

    def __init__(self, on_step: OnStep, runs: int) -> None:
        self._on_step = on_step
        self._runs = runs
        self._begun = 0
        self._before = 0
        self._steps_of_run = 0
        self._step = 0

    def bar(self, iterable: Iterable[Any] | None = None, total: int | None = None) -> StepBar:
        items = None if iterable is None else list(iterable)
        self._before += self._steps_of_run
        self._step = 0
        self._begun += 1
        self._steps_of_run = len(items) if items is not None else (total or 0)
        return StepBar(self, items)

    def advance(self, count: int) -> None:
        self._step += count
        left = max(0, self._runs - self._begun)
        steps = self._before + self._steps_of_run * (1 + left)
        self._on_step(min(self._before + self._step, steps), steps)


@contextlib.contextmanager
def heard_steps(pipeline: Any, on_step: OnStep, *, runs: int = 1) -> Generator[None]:
    """Within it, each step of the pipeline's `runs` denoising loops calls `on_step`."""
    pipeline.progress_bar = _Counter(on_step, runs).bar
    try:
        yield
    finally:
        del pipeline.progress_bar
