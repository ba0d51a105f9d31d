"""The tables of what moderators review: part of `storage/schema.py`."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text

from storage.columns import Flag, LargeInteger, Moment, metadata
from storage.gallery_tables import gallery_entries

# One row for each clip that was ever reported or taken down: see storage/reviews.py.
reviews = Table(
    "reviews",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("guild_id", LargeInteger, nullable=False),
    Column("state", Text, nullable=False),
    # Raised by every move but a further report, so that of two who decide only one does.
    Column("revision", LargeInteger, nullable=False),
    # The number in the log of the newest report or appeal: the order of the queue.
    Column("asked_sequence", LargeInteger, nullable=False),
    # Reports up to this number of the log are decided.
    Column("decided_sequence", LargeInteger, nullable=False),
    # Why it was taken down, what its author says to that, and why that was refused.
    Column("reason", Text),
    Column("appeal", Text),
    Column("refusal", Text),
    Column("changed_by", LargeInteger, nullable=False),
    Column("changed_at", Moment, nullable=False),
    # What Discord does not show yet: the card as it is to be, and the message to its author.
    Column("card_due", Flag, nullable=False),
    Column("notice_due", Flag, nullable=False),
    CheckConstraint(
        "state IN ('reported', 'closed', 'down', 'appealed', 'upheld')", name="state_is_known"
    ),
    CheckConstraint(
        "(state IN ('down', 'appealed', 'upheld')) = (reason IS NOT NULL)", name="down_has_a_reason"
    ),
    CheckConstraint(
        "(state IN ('appealed', 'upheld')) = (appeal IS NOT NULL)", name="appealed_has_its_words"
    ),
    CheckConstraint("(state = 'upheld') = (refusal IS NOT NULL)", name="upheld_has_a_reason"),
    CheckConstraint("card_due IN (0, 1)", name="card_due_is_a_flag"),
    CheckConstraint("notice_due IN (0, 1)", name="notice_due_is_a_flag"),
    sqlite_strict=True,
)
Index("reviews_by_guild", reviews.c.guild_id, reviews.c.state, reviews.c.asked_sequence)

# Gallery entries of clips that are taken down, as they were; their likes stay where they are. Two
# may have had the same number: SQLite gives that of the newest entry again once it is gone.
gallery_withheld = Table(
    "gallery_withheld",
    metadata,
    *(
        Column(
            one.name,
            one.type,
            *(ForeignKey(key.target_fullname) for key in one.foreign_keys),
            primary_key=one.name == "job_id",
            nullable=False if one.primary_key else one.nullable,
        )
        for one in gallery_entries.columns
    ),
    sqlite_strict=True,
)

# The message in a guild's moderators' channel that says how much waits for them.
review_announcements = Table(
    "review_announcements",
    metadata,
    Column("guild_id", LargeInteger, primary_key=True, autoincrement=False),
    Column("channel_id", LargeInteger, nullable=False),
    Column("message_id", LargeInteger, nullable=False),
    Column("posted_at", Moment, nullable=False),
    # What it says: up to which report or appeal, and how many clips wait.
    Column("asked_sequence", LargeInteger, nullable=False),
    Column("waiting", LargeInteger, nullable=False),
    sqlite_strict=True,
)
