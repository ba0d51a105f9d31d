"""A writer killed at any moment: what it said is kept, what it had half done is gone."""

import sqlite3
import subprocess
import sys
from pathlib import Path

from storage import jobs
from storage.audit import audit
from storage.database import Database, migrate

ROOT = Path(__file__).parents[2]


def write_and_kill(url: str, first: int, acknowledged: int) -> list[str]:
    """The jobs that the process said were committed before it was killed in mid-work."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.storage.writer_process", url, str(first)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline().strip() for _ in range(acknowledged)]
        writer.kill()
        # Lines that were on their way when it died were said too; the last may be cut off.
        said += [line.strip() for line in writer.stdout if line.endswith("\n")]
    assert all(said), "the writer ended by itself"
    return said


async def test_kill_minus_nine_loses_nothing_that_was_acknowledged(
    url: str, kind: str, tmp_path: Path
) -> None:
    await migrate(url)
    said: list[str] = []
    for round_, acknowledged in enumerate((3, 17, 30)):
        said += write_and_kill(url, 1 + 100_000 * round_, acknowledged)

        database = await Database.open(url)

        records = [
            await database.read(lambda connection, job_id=job_id: jobs.get(connection, job_id))
            for job_id in said
        ]
        assert {record.state for record in records} == {"succeeded"}
        assert await database.read(jobs.unfinished) == ()
        assert await database.read(audit) == ()
        await database.close()

    if kind != "sqlite":
        return
    connection = sqlite3.connect(tmp_path / "reelroom.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
