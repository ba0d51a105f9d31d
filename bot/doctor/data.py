"""The doctor on what is kept: the data folder, the database, its books, who uses it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from bot.doctor.finding import Finding, Verdict
from storage.audit import audit
from storage.database import Database, schema_revision
from storage.errors import (
    AlreadyRunning,
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseError,
    DatabaseFolderMissing,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    DatabaseTooNew,
    DatabaseUnreachable,
    UnsupportedDatabase,
)
from storage.instance_lock import InstanceLock

FREE_BYTES_NEEDED = 100 * 2**20
FREE_BYTES_COMFORTABLE = 2 * 2**30

DATABASE_REMEDIES: dict[type[DatabaseError], str] = {
    UnsupportedDatabase: "Set storage.database_url to sqlite+aiosqlite:///<file> or "
    "postgresql+asyncpg://<address>, or leave it out.",
    DatabaseUnreachable: "See that the server runs, and that address, name and password are right.",
    DatabaseFolderMissing: "Make the folder, then run: python -m bot migrate",
    DatabaseNotMigrated: "Run: python -m bot migrate",
    DatabaseTooNew: "Run the version of Reelroom that wrote it, or a later one.",
    DatabaseReadOnly: "Let the user that runs the bot write the file and its folder.",
    DatabaseFull: "Free some space on that disk.",
    DatabaseBusy: "Another program holds the database; close it, or wait for a backup to end.",
    DatabaseDamaged: "Put the latest backup back (docs/operations.md, Backups).",
}


def examine_data_folder(folder: Path) -> Finding:
    """It must exist, take a file, and have room for clips."""
    if not folder.is_dir():
        return Finding(
            subject="data folder",
            verdict=Verdict.BAD,
            detail=f"{folder} does not exist",
            remedy=f"Make it: mkdir -p {folder}",
        )
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
            free_bytes = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(
            subject="data folder",
            verdict=Verdict.BAD,
            detail=f"{folder} takes no file: {error.strerror}",
            remedy="Let the user that runs the bot write there, or free some space.",
        )
    verdict = Verdict.GOOD
    if free_bytes < FREE_BYTES_COMFORTABLE:
        verdict = Verdict.NOTE if free_bytes >= FREE_BYTES_NEEDED else Verdict.BAD
    return Finding(
        subject="data folder",
        verdict=verdict,
        detail=f"{folder}, {free_bytes / 2**30:.1f} GiB free",
        remedy="" if verdict is Verdict.GOOD else "Clips need room: free some space there.",
    )


async def examine_database(url: str, *, thorough: bool) -> list[Finding]:
    """Whether it can be used; with `thorough` also whether the books
    balance and who uses it."""
    findings: list[Finding] = []
    try:
        database = await Database.open(url)
        try:
            revision = await schema_revision(url)
            findings.append(
                Finding(
                    subject="database",
                    verdict=Verdict.GOOD,
                    detail=f"{database.place}, schema {revision}",
                )
            )
            if thorough:
                findings.append(await _examine_books(database))
        finally:
            await database.close()
        if thorough:
            findings.append(await _examine_instance(url))
    except DatabaseError as error:
        remedy = DATABASE_REMEDIES.get(type(error), "See docs/operations.md.")
        findings.append(
            Finding(subject="database", verdict=Verdict.BAD, detail=str(error), remedy=remedy)
        )
    return findings


async def _examine_books(database: Database) -> Finding:
    drift = await database.read(audit)
    if not drift:
        return Finding(subject="ledger", verdict=Verdict.GOOD, detail="the books balance")
    first = drift[0]
    return Finding(
        subject="ledger",
        verdict=Verdict.BAD,
        detail=f"{len(drift)} differences; first: {first.rule}: {first.subject}, {first.detail}",
        remedy="Stop the bot, keep a copy of the database, and report this.",
    )


async def _examine_instance(url: str) -> Finding:
    try:
        async with InstanceLock.beside(url):
            return Finding(
                subject="instance", verdict=Verdict.GOOD, detail="no bot uses this database now"
            )
    except AlreadyRunning as running:
        return Finding(
            subject="instance",
            verdict=Verdict.NOTE,
            detail=f"a bot runs on this database (process {running.pid or 'unknown'})",
            remedy="A second one would refuse to start; stop that one first.",
        )
