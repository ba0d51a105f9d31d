"""The tables of exports and erasures: part of `storage/schema.py`."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from storage.columns import Flag, LargeInteger, Moment, metadata

# The one key that makes pseudonyms of Discord's ids: see storage/pseudonyms.py.
pseudonym_keys = Table(
    "pseudonym_keys",
    metadata,
    Column("id", LargeInteger, primary_key=True, autoincrement=False),
    Column("key_hex", Text, nullable=False),
    CheckConstraint("id = 1", name="there_is_one_key"),
    sqlite_strict=True,
)

# A member's wish that all about them be erased: stored before anything is done, so that a restart
# goes on with it. Whose it was is forgotten at its end.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", LargeInteger, unique=True),
    Column("pseudonym", LargeInteger, nullable=False),
    Column("asked_at", Moment, nullable=False),
    # From then on nothing of it is in the tables; files and messages may be left.
    Column("erased_at", Moment),
    Column("finished_at", Moment),
    CheckConstraint("(finished_at IS NULL) = (user_id IS NOT NULL)", name="ends_without_a_name"),
    CheckConstraint("pseudonym < 0", name="a_pseudonym_is_no_id_of_discord"),
    CheckConstraint("finished_at IS NULL OR erased_at IS NOT NULL", name="erased_before_its_end"),
    sqlite_strict=True,
)
Index("erasures_by_pseudonym", erasures.c.pseudonym)

# The bot's messages that show something of the member, until they are deleted.
erasure_messages = Table(
    "erasure_messages",
    metadata,
    Column("message_id", LargeInteger, primary_key=True, autoincrement=False),
    Column("erasure_id", Text, ForeignKey("erasures.id"), nullable=False),
    # NULL: in the direct messages of the member.
    Column("channel_id", LargeInteger),
    sqlite_strict=True,
)

# Messages that may be out without anybody's having remembered them, until they are looked for.
erasure_searches = Table(
    "erasure_searches",
    metadata,
    Column("erasure_id", Text, ForeignKey("erasures.id"), nullable=False),
    # What such a message shows: `job <id>` or `comparison <id>`.
    Column("shows", Text, nullable=False),
    Column("channel_id", LargeInteger, nullable=False),
    # What asked for it: the message is a later one.
    Column("interaction_id", LargeInteger, nullable=False),
    # It may be in the direct messages of the member as well.
    Column("direct", Flag, nullable=False),
    PrimaryKeyConstraint("erasure_id", "shows"),
    CheckConstraint("direct IN (0, 1)", name="direct_is_a_flag"),
    sqlite_strict=True,
)

# The media files that go with the member, until they are deleted.
erasure_files = Table(
    "erasure_files",
    metadata,
    Column("erasure_id", Text, ForeignKey("erasures.id"), nullable=False),
    Column("sha256", Text, nullable=False),
    PrimaryKeyConstraint("erasure_id", "sha256"),
    sqlite_strict=True,
)

# What members asked to be sent of their own: that it is done once, not too often, and also after
# a restart.
exports = Table(
    "exports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", LargeInteger, nullable=False),
    # NULL: of all guilds.
    Column("guild_id", LargeInteger),
    Column("kind", Text, nullable=False),
    # The job before which the newest one is taken, where it goes on from an earlier export.
    Column("before_job_id", Text),
    Column("asked_at", Moment, nullable=False),
    Column("ended_at", Moment),
    CheckConstraint("kind IN ('clips', 'everything')", name="kind_is_known"),
    sqlite_strict=True,
)
Index("exports_by_member", exports.c.user_id, exports.c.asked_at)
