"""The tables, as the current code knows them; migrations create them.

Discord ids are 64-bit integers; points in time are integer microseconds since 1970 in UTC.
The CHECK constraints are the last line of defence: the functions beside this file refuse
first, with errors that carry facts.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.arena_tables import comparisons, votes
from storage.columns import Flag, LargeInteger, Moment, metadata
from storage.gallery_tables import (
    gallery_entries,
    gallery_searches,
    likes,
    offers,
    showcase_posts,
)
from storage.preference_tables import finish_notices, option_sets, preferences
from storage.privacy_tables import (
    erasure_files,
    erasure_messages,
    erasure_searches,
    erasures,
    exports,
    pseudonym_keys,
)
from storage.review_tables import gallery_withheld, review_announcements, reviews
from storage.theme_tables import theme_entries, theme_posts, theme_votes, themes

__all__ = [
    "Flag",
    "accounts",
    "comparisons",
    "deliveries",
    "erasure_files",
    "erasure_messages",
    "erasure_searches",
    "erasures",
    "exports",
    "finish_notices",
    "gallery_entries",
    "gallery_searches",
    "gallery_withheld",
    "insert_if_absent",
    "jobs",
    "likes",
    "metadata",
    "moderator_log",
    "offers",
    "option_sets",
    "preferences",
    "pseudonym_keys",
    "review_announcements",
    "reviews",
    "showcase_posts",
    "theme_entries",
    "theme_posts",
    "theme_votes",
    "themes",
    "transfers",
    "votes",
]

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("guild_id", LargeInteger, nullable=False),
    Column("user_id", LargeInteger),
    Column("debits_posted", LargeInteger, nullable=False),
    Column("credits_posted", LargeInteger, nullable=False),
    Column("debits_pending", LargeInteger, nullable=False),
    # The last UTC day (ISO) on which a refill was considered, also when it had nothing to add.
    Column("refilled_day", Text),
    # What that day's refills have filled it up to; NULL where that is not known.
    Column("refilled_to", LargeInteger),
    CheckConstraint("kind IN ('bank', 'user', 'pot')", name="kind_is_known"),
    CheckConstraint("(kind = 'user') = (user_id IS NOT NULL)", name="users_have_ids"),
    CheckConstraint(
        "debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0",
        name="sums_are_not_negative",
    ),
    CheckConstraint(
        "kind = 'bank' OR credits_posted - debits_posted - debits_pending >= 0",
        name="available_is_not_negative",
    ),
    sqlite_strict=True,
)

# Immutable: triggers, which live in the migrations, abort every DELETE, and every UPDATE but what
# an erasure replaces while it is under way.
transfers = Table(
    "transfers",
    metadata,
    Column("sequence", LargeInteger, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("pending_id", Text, ForeignKey("transfers.id")),
    Column("debit_account_id", Text, ForeignKey("accounts.id"), nullable=False),
    Column("credit_account_id", Text, ForeignKey("accounts.id"), nullable=False),
    Column("amount_credits", LargeInteger, nullable=False),
    Column("job_id", Text),
    Column("reason", Text),
    Column("made_by", LargeInteger),
    Column("made_at", Moment, nullable=False),
    CheckConstraint(
        "kind IN ('grant', 'move', 'reserve', 'settle', 'release')", name="kind_is_known"
    ),
    CheckConstraint("amount_credits > 0", name="amount_is_positive"),
    CheckConstraint("debit_account_id <> credit_account_id", name="sides_differ"),
    CheckConstraint(
        "(kind IN ('settle', 'release')) = (pending_id IS NOT NULL)", name="resolutions_have_holds"
    ),
    CheckConstraint("(kind IN ('grant', 'move')) = (job_id IS NULL)", name="only_holds_have_jobs"),
    sqlite_strict=True,
)
# What makes charging happen once: a reservation is resolved by one transfer, whichever kind.
Index("one_resolution_a_reservation", transfers.c.pending_id, unique=True)
Index("transfers_by_debit_account", transfers.c.debit_account_id, transfers.c.sequence)
Index("transfers_by_credit_account", transfers.c.credit_account_id, transfers.c.sequence)
Index("transfers_by_job", transfers.c.job_id)

jobs = Table(
    "jobs",
    metadata,
    Column("sequence", LargeInteger, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("interaction_id", LargeInteger, nullable=False, unique=True),
    Column("guild_id", LargeInteger, nullable=False),
    Column("user_id", LargeInteger, nullable=False),
    Column("channel_id", LargeInteger, nullable=False),
    Column("card_message_id", LargeInteger),
    Column("command", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("request_json", Text, nullable=False),
    Column("price_credits", LargeInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("parent_job_id", Text, ForeignKey("jobs.id")),
    Column("private", Flag, nullable=False),
    Column("error_code", Text),
    Column("error_text", Text),
    Column("clip_json", Text),
    Column("clip_sha256", Text),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    # Until when the current attempt counts as alive; progress renews it.
    Column("lease_until", Moment),
    # When a job that waits after a fault may be tried again.
    Column("not_before", Moment),
    Column("faults", Integer, nullable=False),
    Column("worker_kills", Integer, nullable=False),
    Column("cancel_requested", Flag, nullable=False),
    # The job that a moderator made of a dead one.
    Column("requeued_as", Text, ForeignKey("jobs.id"), unique=True),
    # Accepted without credits: nothing is held for it, and it waits behind all that pay.
    Column("relaxed", Flag, nullable=False),
    # It ran out of memory once, and is made in less of it from then on.
    Column("spare_memory", Flag, nullable=False),
    CheckConstraint(
        "state IN ('waiting', 'running', 'succeeded', 'failed', 'cancelled', 'dead')",
        name="state_is_known",
    ),
    CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="running_has_a_lease"),
    CheckConstraint("not_before IS NULL OR state = 'waiting'", name="only_waiting_is_put_off"),
    CheckConstraint("faults >= 0 AND worker_kills >= 0", name="counts_are_not_negative"),
    CheckConstraint("cancel_requested IN (0, 1)", name="cancel_requested_is_a_flag"),
    CheckConstraint("requeued_as IS NULL OR state = 'dead'", name="only_the_dead_are_requeued"),
    CheckConstraint("relaxed IN (0, 1)", name="relaxed_is_a_flag"),
    CheckConstraint("spare_memory IN (0, 1)", name="spare_memory_is_a_flag"),
    CheckConstraint("attempt >= 0", name="attempt_is_not_negative"),
    CheckConstraint("price_credits > 0", name="price_is_positive"),
    CheckConstraint("private IN (0, 1)", name="private_is_a_flag"),
    CheckConstraint(
        "(state IN ('waiting', 'running')) = (finished_at IS NULL)", name="terminal_is_finished"
    ),
    CheckConstraint("state <> 'running' OR started_at IS NOT NULL", name="running_has_started"),
    CheckConstraint(
        "(state = 'succeeded') = (clip_json IS NOT NULL)"
        " AND (clip_json IS NULL) = (clip_sha256 IS NULL)",
        name="success_has_a_clip",
    ),
    CheckConstraint(
        "state NOT IN ('failed', 'dead') OR error_code IS NOT NULL", name="failure_has_a_code"
    ),
    sqlite_strict=True,
)
Index("jobs_by_state", jobs.c.state, jobs.c.sequence)
Index("jobs_by_member", jobs.c.guild_id, jobs.c.user_id, jobs.c.sequence)
Index("jobs_by_model", jobs.c.model, jobs.c.state, jobs.c.sequence)
# Whole: without statistics SQLite would count remixes by the state alone, which most jobs share.
Index("jobs_by_parent", jobs.c.parent_job_id, jobs.c.state, jobs.c.private)

# The outbox: one row for each job that has ended, made in the transaction that ends it.
deliveries = Table(
    "deliveries",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("nonce", Text, nullable=False, unique=True),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Moment, nullable=False),
    # When the message may first have been posted, while nobody knows whether it was.
    Column("sending_since", Moment),
    Column("message_id", LargeInteger),
    Column("problem", Text),
    Column("ended_at", Moment),
    CheckConstraint(
        "state IN ('pending', 'sending', 'posted', 'direct', 'kept')", name="state_is_known"
    ),
    CheckConstraint("length(nonce) BETWEEN 1 AND 25", name="nonce_fits_discord"),
    CheckConstraint("attempts >= 0", name="attempts_is_not_negative"),
    CheckConstraint(
        "(state = 'sending') = (sending_since IS NOT NULL)", name="sending_has_its_time"
    ),
    CheckConstraint(
        "(state IN ('posted', 'direct', 'kept')) = (ended_at IS NOT NULL)",
        name="ended_has_its_time",
    ),
    CheckConstraint("state <> 'kept' OR problem IS NOT NULL", name="kept_has_a_reason"),
    sqlite_strict=True,
)
Index("deliveries_by_time", deliveries.c.state, deliveries.c.next_attempt_at)

# Append-only, like transfers. It is the moderators' log and their settings at once: of the acts
# that set something, the newest on a subject is in force.
moderator_log = Table(
    "moderator_log",
    metadata,
    Column("sequence", LargeInteger, primary_key=True, autoincrement=True),
    Column("guild_id", LargeInteger, nullable=False),
    Column("act", Text, nullable=False),
    # What was acted on: `role:5`, a job's id, nothing for the guild as a whole.
    Column("subject", Text, nullable=False),
    # JSON objects; NULL where nothing was set before, or is set any more.
    Column("before_json", Text),
    Column("after_json", Text),
    Column("detail", Text, nullable=False),
    Column("made_by", LargeInteger, nullable=False),
    Column("made_at", Moment, nullable=False),
    CheckConstraint(
        "act IN ('relaxed', 'role_grant', 'requeue', 'allowance', 'grant', 'reset', 'pot', 'boost',"
        " 'queue', 'clear_queue', 'block', 'channels', 'models', 'limits', 'word_rule', 'preview',"
        " 'showcase', 'report', 'defaults', 'dismiss', 'takedown', 'appeal', 'uphold', 'restore',"
        " 'review_channel', 'pot_limit', 'theme', 'reveal')",
        name="act_is_known",
    ),
    sqlite_strict=True,
)
Index(
    "log_by_subject",
    moderator_log.c.guild_id,
    moderator_log.c.act,
    moderator_log.c.subject,
    moderator_log.c.sequence,
)
Index("log_by_time", moderator_log.c.guild_id, moderator_log.c.sequence)


def insert_if_absent(connection: Connection, table: Table, **values: object) -> bool:
    """Insert one row unless a unique key of it is taken; True if it was inserted."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing()
    inserted = connection.execute(statement.returning(*table.primary_key.columns))
    return inserted.first() is not None
