from __future__ import annotations

import os
import sys

import psutil

from generation.executor import Done
from tests.generation.executors.test_local import executor, outcome_of, pid_of


async def test_the_worker_sees_no_secret_of_the_bot() -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "DISCORD_TOKEN": "MTk4NjIy.very.secret",
        "REELROOM_DISCORD__TOKEN": "secret",
        "DATABASE_URL": "sqlite://",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "HF_TOKEN": "secret",
        "CUDA_VISIBLE_DEVICES": "1",
    }
    async with executor(environ=environ) as local:
        done = await outcome_of(local, "environment")
        assert isinstance(done, Done)
        seen = set(done.clip.facts.notes)
        if sys.platform == "linux":
            environment = psutil.Process(pid_of(local)).environ()
            assert not any("secret" in value for value in environment.values())
    assert seen & set(environ) == {"PATH", "CUDA_VISIBLE_DEVICES"}
    assert "HF_HUB_OFFLINE" in seen
