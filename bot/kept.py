"""What remembers, and who may use it: opened first, closed last."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from config.settings import Settings
from storage.database import Database
from storage.instance_lock import InstanceLock
from storage.media_files import MediaFiles


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The database, its files, and the lock that keeps other instances away from both."""

    lock: InstanceLock
    database: Database
    media_files: MediaFiles


async def open_kept(stack: AsyncExitStack, settings: Settings) -> Kept:
    """Closed with the stack. Raises the errors of `storage`."""
    url = settings.storage.database_url
    lock = await stack.enter_async_context(InstanceLock.beside(url))
    database = await Database.open(url)
    stack.push_async_callback(database.close)
    return Kept(lock=lock, database=database, media_files=MediaFiles(settings.storage.media_folder))
