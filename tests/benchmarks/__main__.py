"""Every benchmark with one command: `python -m tests.benchmarks [NAME ...]`; JSON comes out.

Ratios are taken within one run. What is short of its target says `"met": false`; the exit code
does not depend on it, for a busy machine is no fault of the code.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import platform
from datetime import UTC, datetime
from typing import Any

from generation.executors.worker_process import worker_environment

NAMES = (
    "decision_cost",
    "fairness",
    "group_commit",
    "acknowledgement",
    "overhead",
    "adapters",
    "embeddings",
    "overlap",
    "step_cache",
    "gallery",
    "gpu",
)


def _run(name: str) -> dict[str, Any]:
    """Imported only when asked for: one of them brings torch."""
    module = importlib.import_module(f"tests.benchmarks.bench_{name}")
    if name == "group_commit":
        return dict(asyncio.run(module.compare(clients=32, seconds=3.0, rounds=3)))
    return module.measure()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or list(NAMES)
    # As in a worker: threads of torch that wait for each other sleep. Read when torch is imported.
    os.environ["OMP_WAIT_POLICY"] = worker_environment(os.environ)["OMP_WAIT_POLICY"]
    if unknown := set(names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    began = datetime.now(UTC)
    load = os.getloadavg()[0]
    results = {name: _run(name) for name in names}
    report = {
        "began": began.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_average_before": round(load, 1),
        "results": results,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
