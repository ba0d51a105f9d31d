"""`python -m bot privacy delete USER`: for whom somebody asks by other ways than Discord.

While the bot runs it does the work; otherwise tables and files are emptied here, and the bot's
messages deleted when it next runs.
"""

from __future__ import annotations

from datetime import UTC, datetime

from bot.privacy.erasing import discard_files, erase_stored, scrub, store_wish
from config.settings import Settings
from storage import booking, erasing, erasures, jobs
from storage.database import Connection, Database
from storage.errors import AlreadyRunning
from storage.instance_lock import InstanceLock
from storage.media_files import MediaFiles


async def delete(settings: Settings, user_id: int) -> int:
    """Prints how far it came; always 0. Raises the errors of `storage`."""
    url = settings.storage.database_url
    database = await Database.open(url)
    try:
        erasure = await store_wish(database, user_id)
        try:
            async with InstanceLock.beside(url):
                await database.write(lambda connection: _end_jobs(connection, user_id))
                await erase_stored(database, erasure)
                media_files = MediaFiles(settings.storage.media_folder)
                await discard_files(database, media_files, erasure)
                scrubbed = await scrub(database)
                left = await database.read(
                    lambda connection: (
                        *erasures.messages_left(connection, erasure_id=erasure.id),
                        *erasures.searches_left(connection, erasure_id=erasure.id),
                    )
                )
                if scrubbed:
                    await database.write(
                        lambda connection: erasures.finish(
                            connection, erasure_id=erasure.id, now=datetime.now(UTC)
                        )
                    )
        except AlreadyRunning:
            print("The bot is running: it deletes everything about this user within a minute.")
            return 0
    finally:
        await database.close()
    print("Nothing about this user is stored any more.")
    if left:
        print(f"{len(left)} messages in Discord are deleted when the bot next runs.")
    return 0


def _end_jobs(connection: Connection, user_id: int) -> None:
    """What waits or ran is cancelled, and its credits released: no bot works on it."""
    for job_id in erasing.unfinished_jobs(connection, user_id=user_id):
        record = jobs.get(connection, job_id)
        booking.finish(
            connection,
            job_id=job_id,
            attempt=record.attempt,
            state="cancelled",
            now=datetime.now(UTC),
        )
