"""The tables of themes: part of `storage/schema.py`."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from storage.columns import Flag, LargeInteger, Moment, metadata

themes = Table(
    "themes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("interaction_id", LargeInteger, nullable=False, unique=True),
    Column("guild_id", LargeInteger, nullable=False),
    Column("channel_id", LargeInteger, nullable=False),
    # The announcement's message too: the thread of a message has its id.
    Column("thread_id", LargeInteger, unique=True),
    Column("title", Text, nullable=False),
    Column("rules", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("opened_by", LargeInteger, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("entering_ends", Moment, nullable=False),
    Column("voting_seconds", LargeInteger, nullable=False),
    # Counted from when the vote began; NULL before that.
    Column("voting_ends", Moment),
    Column("ended_at", Moment),
    # What moderators put in; what is left of it is the ledger's to say.
    Column("pot_credits", LargeInteger, nullable=False),
    # The phase that the announcement in the channel tells of.
    Column("shown_phase", Text),
    # It has ended, and all of it was posted: nothing is left to do.
    Column("settled", Flag, nullable=False),
    CheckConstraint(
        "phase IN ('entering', 'voting', 'decided', 'cancelled')", name="phase_is_known"
    ),
    CheckConstraint(
        "(phase IN ('decided', 'cancelled')) = (ended_at IS NOT NULL)", name="ended_has_its_time"
    ),
    CheckConstraint("phase <> 'voting' OR voting_ends IS NOT NULL", name="voting_has_an_end"),
    CheckConstraint("voting_seconds > 0", name="voting_takes_time"),
    CheckConstraint("pot_credits >= 0", name="pot_is_not_negative"),
    CheckConstraint("settled IN (0, 1)", name="settled_is_a_flag"),
    sqlite_strict=True,
)
Index("themes_by_guild", themes.c.guild_id, themes.c.opened_at)
Index("themes_by_phase", themes.c.phase)
Index("themes_unsettled", themes.c.settled)

# One row for each member who entered.
theme_entries = Table(
    "theme_entries",
    metadata,
    Column("theme_id", Text, ForeignKey("themes.id"), nullable=False),
    Column("user_id", LargeInteger, nullable=False),
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("entered_at", Moment, nullable=False),
    # Drawn when the vote begins: all that voters are told of whose it is.
    Column("number", LargeInteger),
    # How many votes it had in the end.
    Column("votes", LargeInteger),
    Column("won", Flag, nullable=False),
    # Its clip was deleted while people voted, or later.
    Column("dropped", Flag, nullable=False),
    CheckConstraint("won IN (0, 1)", name="won_is_a_flag"),
    CheckConstraint("dropped IN (0, 1)", name="dropped_is_a_flag"),
    CheckConstraint("won = 0 OR votes > 0", name="winners_have_votes"),
    PrimaryKeyConstraint("theme_id", "user_id"),
    UniqueConstraint("theme_id", "number"),
    sqlite_strict=True,
)
Index("theme_entries_by_job", theme_entries.c.job_id)

# One row for each member and each entry that they like best of all.
theme_votes = Table(
    "theme_votes",
    metadata,
    Column("theme_id", Text, ForeignKey("themes.id"), nullable=False),
    Column("number", LargeInteger, nullable=False),
    Column("voter_id", LargeInteger, nullable=False),
    Column("voted_at", Moment, nullable=False),
    PrimaryKeyConstraint("theme_id", "number", "voter_id"),
    sqlite_strict=True,
)

# The messages of a theme, each made in the transaction of what it tells of.
theme_posts = Table(
    "theme_posts",
    metadata,
    Column("theme_id", Text, ForeignKey("themes.id"), nullable=False),
    Column("kind", Text, nullable=False),
    # That of an entry; 0 for the others.
    Column("number", LargeInteger, nullable=False),
    # It may have been sent, and nobody lived to remember its message.
    Column("attempted", Flag, nullable=False),
    Column("message_id", LargeInteger),
    # Why it will not be posted, or is not to be seen any more.
    Column("ended", Text),
    # Of an entry: its buttons are gone and its author is named, since the vote is over.
    Column("closed", Flag, nullable=False),
    CheckConstraint(
        "kind IN ('announcement', 'guide', 'voting', 'entry', 'result')", name="kind_is_known"
    ),
    CheckConstraint("attempted IN (0, 1)", name="attempted_is_a_flag"),
    CheckConstraint("closed IN (0, 1)", name="closed_is_a_flag"),
    PrimaryKeyConstraint("theme_id", "kind", "number"),
    sqlite_strict=True,
)
