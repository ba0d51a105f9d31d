"""The tables of what members set for themselves: part of `storage/schema.py`."""

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

# What counts wherever a member types nothing else, on every server.
preferences = Table(
    "preferences",
    metadata,
    Column("user_id", LargeInteger, primary_key=True, autoincrement=False),
    # Words and flags, in the language of docs/prompting.md.
    Column("options", Text, nullable=False),
    Column("private", Flag),
    # `refused`: they were on until Discord refused one, and the member does not know yet.
    Column("direct_messages", Text, nullable=False),
    CheckConstraint("private IN (0, 1)", name="private_is_a_flag"),
    CheckConstraint(
        "direct_messages IN ('off', 'on', 'refused')", name="direct_messages_are_known"
    ),
    sqlite_strict=True,
)

# Lines of the same language that a member keeps under a name.
option_sets = Table(
    "option_sets",
    metadata,
    Column("user_id", LargeInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("saved_at", Moment, nullable=False),
    PrimaryKeyConstraint("user_id", "name"),
    sqlite_strict=True,
)

# One row for each finished job whose author asked for a direct message about it.
finish_notices = Table(
    "finish_notices",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("user_id", LargeInteger, nullable=False),
    Column("made_at", Moment, nullable=False),
    # Since when it may have been sent, while nobody knows whether it was.
    Column("sending_since", Moment),
    Column("ended_at", Moment),
    # Why it was not sent and never will be.
    Column("problem", Text),
    CheckConstraint("problem IS NULL OR ended_at IS NOT NULL", name="problems_end_it"),
    sqlite_strict=True,
)
Index("notices_by_end", finish_notices.c.ended_at, finish_notices.c.made_at)
Index("notices_by_user", finish_notices.c.user_id, finish_notices.c.ended_at)
