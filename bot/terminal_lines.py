"""Every error that ends the program -> the one line that whoever started it reads."""

from __future__ import annotations

from bot import errors as bot_errors
from storage import errors as storage_errors


def terminal_line(error: BaseException) -> str:
    """One line for whoever starts the program, with what to do about it."""
    match error:
        case bot_errors.TokenRefused():
            return f"{error}. Copy it again from the Bot page of Discord's developer portal."
        case storage_errors.DatabaseFolderMissing(folder=folder):
            return f"The folder {folder} does not exist. Create it, or set the data folder."
        case storage_errors.DatabaseNotMigrated(database=place):
            return f"The database {place} is not up to date. Run: python -m bot migrate"
        case storage_errors.DatabaseTooNew(database=place):
            return f"The database {place} comes from a newer version. Update this program."
        case bot_errors.JobUnavailable(job_id=job_id):
            return f"There is no job {job_id}."
        case bot_errors.NoFinishedClip(job_id=job_id):
            return f"Of job {job_id} nothing is stored that a model could make again."
        case storage_errors.InstanceLockLost():
            return (
                "The connection that kept other instances away from the database broke; stopped, "
                "lest two work on the same jobs. Start it again."
            )
        case storage_errors.AlreadyRunning(lock=lock, pid=pid):
            who = f"process {pid}" if pid else "another process"
            return f"Already running: {who} holds {lock}."
        case _:
            return " ".join(str(error).split()) or type(error).__name__
