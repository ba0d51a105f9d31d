"""What the settings make of `generation`: the models, the executor, the queue."""

from __future__ import annotations

from bot.estimates import Estimates
from bot.worker_setup import worker_setup
from config.settings import Settings
from generation.executors.local import ExecutionLimits, LocalExecutor
from generation.fairness.queue import FairQueue, QueueLimits
from generation.fairness.turns import FairnessRules
from generation.models.catalogue import Catalogue


def load_catalogue(settings: Settings) -> Catalogue:
    """The models that are enabled. Raises what `Catalogue.load` raises."""
    generation = settings.generation
    return Catalogue.load(
        generation.enabled_models,
        accepted_licences=generation.accepted_licences,
        operator_file=generation.catalogue_file,
    )


def local_executor(settings: Settings, *, preload: str | None) -> LocalExecutor:
    """Worker processes of this machine; each loads the model `preload` before its first job."""
    generation = settings.generation
    return LocalExecutor(
        setup=worker_setup(settings, slots=generation.executor_slots, preload=preload),
        limits=ExecutionLimits(
            step_timeout_seconds=generation.step_timeout_seconds,
            job_timeout_seconds=generation.job_timeout_seconds,
        ),
        slots=generation.executor_slots,
        overlap=generation.overlap_encoding,
    )


def fair_queue(settings: Settings, estimates: Estimates) -> FairQueue:
    """An empty queue with the limits and the fairness that the settings ask for."""
    limits, fairness = settings.limits, settings.fairness
    return FairQueue(
        limits=QueueLimits(
            running_jobs_per_user=limits.running_jobs_per_user,
            waiting_jobs_per_user=limits.waiting_jobs_per_user,
            waiting_jobs_per_guild=limits.waiting_jobs_per_guild,
        ),
        slots=settings.generation.executor_slots,
        rules=FairnessRules(
            slack_seconds=fairness.slack_seconds,
            most_bypasses=fairness.most_bypasses,
            guild_weights=fairness.guild_weights,
            user_weights=fairness.user_weights,
        ),
        estimate=estimates.job_seconds,
    )
