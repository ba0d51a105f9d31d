"""`python -m bot audit`: what does not agree is printed, and the exit status says so."""

import os
import subprocess
import sys
from pathlib import Path

from storage.database import Database, migrate
from tests.storage.builders import give

ROOT = Path(__file__).parents[2]


def run_audit(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "audit"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "REELROOM_STORAGE__DATA_FOLDER": str(folder)},
    )


async def test_books_in_order_are_said_to_be_and_a_difference_is_named(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'reelroom.db'}"
    await migrate(url)
    database = await Database.open(url)
    await database.write(lambda connection: give(connection, 100))
    agreeing = run_audit(tmp_path)
    assert (agreeing.returncode, agreeing.stdout.splitlines()[-1]) == (
        0,
        "Credits, jobs and deliveries agree.",
    )
    spoil = "UPDATE accounts SET credits_posted = credits_posted + 7 WHERE kind = 'user'"
    await database.write(lambda connection: connection.exec_driver_sql(spoil))
    await database.close()
    differing = run_audit(tmp_path)
    assert differing.returncode == 1
    assert "the sum of debits is the sum of credits" in differing.stdout


def test_a_database_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    answer = run_audit(tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "python -m bot migrate" in answer.stderr
