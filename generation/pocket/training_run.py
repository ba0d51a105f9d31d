"""Steps of a training until its minutes are over, with a log, a curve and checkpoints."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_log = logging.getLogger(__name__)

_LOG_EVERY = 50


@dataclass(kw_only=True)
class Progress:
    """How far training is; `curve` holds (step, loss) pairs."""

    step: int = 0
    minutes: float = 0.0
    curve: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])


def run_steps(
    name: str,
    progress: Progress,
    step: Callable[[float, float], tuple[float, float]],
    *,
    until_minutes: float,
    save_every_minutes: float,
    save: Callable[[], None],
) -> None:
    """Make steps until `until_minutes` in all, those of earlier runs included; call `save` often.

    `step(done, minutes)` is told the share of the training and the minutes that are over, counts
    itself in `progress`, and returns its loss and the minutes, as all training processes agree.
    """
    before, started = progress.minutes, time.monotonic()
    saved, recent = before, 0.0
    while progress.minutes < until_minutes:
        done = progress.minutes / until_minutes
        loss, progress.minutes = step(done, before + (time.monotonic() - started) / 60)
        recent += loss / _LOG_EVERY
        if progress.step % _LOG_EVERY == 0:
            progress.curve.append((progress.step, recent))
            _log.info(
                "%s step %d, loss %.4f, %.1f of %.0f minutes",
                name, progress.step, recent, progress.minutes, until_minutes,
            )  # fmt: skip
            recent = 0.0
        if progress.minutes - saved > save_every_minutes:
            save()
            saved = progress.minutes
    save()
