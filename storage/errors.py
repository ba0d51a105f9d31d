"""Every error that storage raises, as one tree; the facts are attributes.

    StorageError
    ├── DatabaseError
    │   ├── UnsupportedDatabase      a URL of neither SQLite nor PostgreSQL
    │   ├── DatabaseFolderMissing    the folder that should hold the file
    │   ├── DatabaseNotMigrated      no database yet, or one older than the code
    │   ├── DatabaseTooNew           written by a later version of the code
    │   ├── DatabaseReadOnly         may be read and not written
    │   ├── DatabaseFull             no room left on the disk
    │   ├── DatabaseBusy             another process holds the write lock
    │   ├── DatabaseDamaged          not a database, or a broken one
    │   ├── DatabaseUnreachable      the server does not answer, or lets nobody in
    │   ├── AlreadyRunning           another instance uses this database
    │   └── InstanceLockLost         another instance may use it from now on
    ├── LedgerError
    │   ├── InvalidAmount            credits move in whole numbers from 1 on
    │   ├── InsufficientCredits
    │   │   └── PotLimitReached      the pot has paid the member enough for today
    │   ├── TransferConflict         the same id again with other contents
    │   ├── UnknownReservation
    │   └── AlreadyResolved          settled and then released, or the reverse
    ├── JobStoreError
    │   ├── JobExists                this interaction made a job before
    │   ├── UnknownJob
    │   ├── StaleAttempt             not the job's current attempt
    │   └── IllegalMove
    ├── GalleryError
    │   ├── NotShareable             the job has no clip to share
    │   ├── ShareRefused             a private clip that somebody else shares
    │   ├── NotInGallery             it was never shared, or was taken out
    │   ├── OwnClip                  nobody likes their own clip
    │   └── InvalidCursor
    ├── OfferExpired                 made too long ago, or never
    ├── PrivacyError
    │   ├── ErasureUnderWay          what the member begins now would be lost, or stay
    │   ├── ExportUnderWay           one at a time
    │   └── TooManyExports           for now
    ├── InvalidAllowance             negative, or beyond all measure
    ├── OptionSetError
    │   ├── UnknownOptionSet         the member has none of this name
    │   └── TooManyOptionSets        as many as a member may have
    ├── ModerationError              see `storage/moderation_errors.py`
    ├── ArenaError                   see `storage/arena_errors.py`
    └── MediaError
        ├── InvalidMediaName
        ├── MediaFileMissing
        ├── MediaFileCorrupt
        └── DiskFull

What a user reads is written elsewhere, from these facts.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path


@dataclass(kw_only=True, eq=False)
class StorageError(Exception):
    """Something that storage could not do."""

    def __str__(self) -> str:
        """The first line of the class's docstring, then the facts: for logs, not for users."""
        sentence = (type(self).__doc__ or type(self).__name__).partition("\n")[0].rstrip(".")
        facts = ", ".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))
        return f"{sentence} ({facts})" if facts else sentence


class DatabaseError(StorageError):
    """The database as a whole cannot be used.

    `database` is its file, or its address without the password.
    """


@dataclass(kw_only=True, eq=False)
class UnsupportedDatabase(DatabaseError):
    """The database URL is neither sqlite+aiosqlite:///<file> nor postgresql+asyncpg://..."""

    url: str
    """The URL as given, its password hidden."""


@dataclass(kw_only=True, eq=False)
class DatabaseFolderMissing(DatabaseError):
    """The folder of the database file does not exist."""

    folder: Path


@dataclass(kw_only=True, eq=False)
class DatabaseNotMigrated(DatabaseError):
    """The database is missing or older than the code."""

    database: str
    found_revision: str | None
    """None: there is no file, or nothing in it."""
    needed_revision: str


@dataclass(kw_only=True, eq=False)
class DatabaseTooNew(DatabaseError):
    """The database was written by a later version of the code."""

    database: str
    found_revision: str
    known_revision: str


@dataclass(kw_only=True, eq=False)
class DatabaseReadOnly(DatabaseError):
    """The database, or its folder, may not be written."""

    database: str


@dataclass(kw_only=True, eq=False)
class DatabaseFull(DatabaseError):
    """The disk of the database has no room left."""

    database: str


@dataclass(kw_only=True, eq=False)
class DatabaseBusy(DatabaseError):
    """Another process kept the database locked for too long."""

    database: str
    waited_seconds: float


@dataclass(kw_only=True, eq=False)
class DatabaseDamaged(DatabaseError):
    """The file is not a database, or a broken one."""

    database: str
    reason: str


@dataclass(kw_only=True, eq=False)
class DatabaseUnreachable(DatabaseError):
    """The database server does not answer, or does not let this program in."""

    database: str
    reason: str


@dataclass(kw_only=True, eq=False)
class AlreadyRunning(DatabaseError):
    """Another instance uses this database."""

    lock: str
    """The lock file, or the address of the server that holds the lock."""
    pid: int | None
    """The process that holds it, where it could be read."""


@dataclass(kw_only=True, eq=False)
class InstanceLockLost(DatabaseError):
    """The connection that held the instance lock broke."""

    lock: str
    """The address of the server that held the lock."""


class LedgerError(StorageError):
    """A transfer of credits that is not possible."""


@dataclass(kw_only=True, eq=False)
class InvalidAmount(LedgerError):
    """Credits move in whole numbers from 1 to 1,000,000,000."""

    amount_credits: int


@dataclass(kw_only=True, eq=False)
class InsufficientCredits(LedgerError):
    """The member has fewer credits than this needs."""

    needed_credits: int
    available_credits: int


@dataclass(kw_only=True, eq=False)
class PotLimitReached(InsufficientCredits):
    """The member has too few credits, and had of the guild's pot what it pays one on a day."""

    limit_credits: int
    used_credits: int


@dataclass(kw_only=True, eq=False)
class TransferConflict(LedgerError):
    """A transfer of this id exists with other contents."""

    transfer_id: str


@dataclass(kw_only=True, eq=False)
class UnknownReservation(LedgerError):
    """No credits were reserved for this job."""

    job_id: str


@dataclass(kw_only=True, eq=False)
class AlreadyResolved(LedgerError):
    """The reservation was resolved the other way before."""

    job_id: str
    resolved_as: str
    """"settle" or "release"."""


class JobStoreError(StorageError):
    """A job that cannot be recorded or moved."""


@dataclass(kw_only=True, eq=False)
class JobExists(JobStoreError):
    """This interaction, or this id, made a job before."""

    job_id: str
    """The first job."""


@dataclass(kw_only=True, eq=False)
class UnknownJob(JobStoreError):
    """There is no such job."""

    job_id: str


@dataclass(kw_only=True, eq=False)
class StaleAttempt(JobStoreError):
    """This is not the current attempt of the job."""

    job_id: str
    attempt: int
    current_attempt: int


@dataclass(kw_only=True, eq=False)
class IllegalMove(JobStoreError):
    """A job in this state cannot go to that one."""

    job_id: str
    from_state: str
    to_state: str


class GalleryError(StorageError):
    """Something the gallery cannot do."""


@dataclass(kw_only=True, eq=False)
class NotShareable(GalleryError):
    """Only a job that succeeded has a clip to share."""

    job_id: str
    state: str


@dataclass(kw_only=True, eq=False)
class ShareRefused(GalleryError):
    """A private clip is shared by its author and nobody else."""

    job_id: str
    author_id: int


@dataclass(kw_only=True, eq=False)
class NotInGallery(GalleryError):
    """The clip is not in this guild's gallery."""

    job_id: str


@dataclass(kw_only=True, eq=False)
class OwnClip(GalleryError):
    """A like of one's own clip does not count, and is not taken."""

    job_id: str


@dataclass(kw_only=True, eq=False)
class OfferExpired(StorageError):
    """There is no such offer, or not any more."""

    offer_id: str


class PrivacyError(StorageError):
    """Not now, for a member who is sent, or rid of, what is stored about them."""


@dataclass(kw_only=True, eq=False)
class ErasureUnderWay(PrivacyError):
    """All about the member is being erased."""


@dataclass(kw_only=True, eq=False)
class ExportUnderWay(PrivacyError):
    """The member's last export has not ended."""


@dataclass(kw_only=True, eq=False)
class TooManyExports(PrivacyError):
    """The member asked for as many as there may be in the time."""

    most: int
    again_at: datetime


@dataclass(kw_only=True, eq=False)
class InvalidCursor(GalleryError):
    """The cursor is not one that a page of the gallery gave."""

    cursor: str


@dataclass(kw_only=True, eq=False)
class InvalidAllowance(StorageError):
    """A daily allowance is 0 to 1,000,000,000 credits."""

    daily_allowance_credits: int


class OptionSetError(StorageError):
    """An option set that cannot be kept or used."""


@dataclass(kw_only=True, eq=False)
class UnknownOptionSet(OptionSetError):
    """The member has no option set of this name."""

    name: str


@dataclass(kw_only=True, eq=False)
class TooManyOptionSets(OptionSetError):
    """The member has as many option sets as one may have."""

    most: int


class MediaError(StorageError):
    """A media file that cannot be kept or read."""


@dataclass(kw_only=True, eq=False)
class InvalidMediaName(MediaError):
    """Not a SHA-256 in hexadecimal digits with a short suffix."""

    name: str


@dataclass(kw_only=True, eq=False)
class MediaFileMissing(MediaError):
    """No such media file."""

    path: Path


@dataclass(kw_only=True, eq=False)
class MediaFileCorrupt(MediaError):
    """The media file is not what was stored under its name."""

    path: Path
    found_sha256: str


@dataclass(kw_only=True, eq=False)
class DiskFull(MediaError):
    """No room left for a media file."""

    folder: Path
    needed_bytes: int
