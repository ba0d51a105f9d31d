"""Every benchmark with one command: `python -m tests.benchmarks [NAME ...]`; JSON comes out.

Ratios are taken within one run. What is short of its target says `"met": false`; the exit code
does not depend on it, for a busy machine is no fault of the code.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks import (
    bench_acknowledgement,
    bench_decision_cost,
    bench_fairness,
    bench_group_commit,
    bench_overhead,
)


def _group_commit() -> dict[str, Any]:
    return dict(asyncio.run(bench_group_commit.compare(clients=32, seconds=3.0, rounds=3)))


BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "decision_cost": bench_decision_cost.measure,
    "fairness": bench_fairness.measure,
    "group_commit": _group_commit,
    "acknowledgement": bench_acknowledgement.measure,
    "overhead": bench_overhead.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    began = datetime.now(UTC)
    load = os.getloadavg()[0]
    results = {name: BENCHMARKS[name]() for name in names}
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
