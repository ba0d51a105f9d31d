"""Likes, a showcase, search over prompts, offers, and the acts that set them.

SQLite cannot add a CHECK or a column that must not be empty, so there tables are built anew, as in
0002.
"""

# The names that are put into a statement are constants of this file.
# ruff: noqa: S608

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD_CHARACTERS = 40
ACTS = "act IN ('relaxed', 'role_grant', 'requeue', 'preview', 'showcase', 'report')"
ACT_COLUMNS = "sequence, guild_id, act, subject, value, detail, made_by, made_at"
ENTRY_COLUMNS = (
    "sequence, job_id, guild_id, author_id, prompt, settings_json, model, model_revision, seed,"
    " parent_job_id, clip_sha256, shared_by, shared_at"
)
INDEXES = {
    "gallery_by_guild": ["guild_id", "sequence"],
    "gallery_by_likes": ["guild_id", "likes", "sequence"],
    "gallery_by_author": ["guild_id", "author_id", "sequence"],
    "gallery_by_model": ["guild_id", "model", "sequence"],
    "gallery_by_command": ["guild_id", "command", "sequence"],
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _alter_acts()
        _alter_entries()
    else:
        _rebuild_acts()
        _rebuild_entries()
    _fill_words()
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("gallery_entries", "words", server_default=None)
    for name, columns in INDEXES.items():
        if name != "gallery_by_guild" or op.get_bind().dialect.name != "postgresql":
            op.create_index(name, "gallery_entries", columns)
    _index_words()
    _create_likes()
    _create_showcase_posts()
    _create_searches()
    _create_offers()


def _alter_acts() -> None:
    op.drop_constraint("act_is_known", "moderator_acts", type_="check")
    op.create_check_constraint("act_is_known", "moderator_acts", ACTS)


def _rebuild_acts() -> None:
    op.create_table(
        "acts_anew",
        sa.Column("sequence", LARGE, autoincrement=True, nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("value", LARGE, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("made_by", LARGE, nullable=False),
        sa.Column("made_at", LARGE, nullable=False),
        sa.CheckConstraint(ACTS, name="act_is_known"),
        sa.CheckConstraint("value >= 0", name="value_is_not_negative"),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_strict=True,
    )
    op.execute(f"INSERT INTO acts_anew ({ACT_COLUMNS}) SELECT {ACT_COLUMNS} FROM moderator_acts")
    op.drop_table("moderator_acts")
    op.rename_table("acts_anew", "moderator_acts")
    op.create_index("acts_by_subject", "moderator_acts", ["guild_id", "act", "subject", "sequence"])
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER moderator_acts_forbid_{change.lower()} BEFORE {change} ON"
            " moderator_acts BEGIN SELECT RAISE(ABORT, 'moderator_acts is append-only'); END"
        )


def _new_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("likes", LARGE, nullable=False),
    ]


def _alter_entries() -> None:
    for column, default in zip(_new_columns(), ("''", "''", "0"), strict=True):
        # A default, since rows are there already.
        column.server_default = sa.DefaultClause(sa.text(default))
        op.add_column("gallery_entries", column)
        if column.name != "words":
            op.alter_column("gallery_entries", column.name, server_default=None)
    op.execute(
        "UPDATE gallery_entries SET command ="
        " (SELECT command FROM jobs WHERE jobs.id = gallery_entries.job_id)"
    )
    op.create_check_constraint("likes_is_not_negative", "gallery_entries", "likes >= 0")


def _rebuild_entries() -> None:
    op.create_table(
        "entries_anew",
        sa.Column("sequence", LARGE, autoincrement=True, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("author_id", LARGE, nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("settings_json", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("parent_job_id", sa.Text(), nullable=True),
        sa.Column("clip_sha256", sa.Text(), nullable=False),
        sa.Column("shared_by", LARGE, nullable=False),
        sa.Column("shared_at", LARGE, nullable=False),
        *_new_columns(),
        sa.CheckConstraint("likes >= 0", name="likes_is_not_negative"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.ForeignKeyConstraint(["parent_job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("job_id"),
        sqlite_strict=True,
    )
    op.execute(
        f"INSERT INTO entries_anew ({ENTRY_COLUMNS}, command, words, likes) SELECT {ENTRY_COLUMNS},"
        " (SELECT command FROM jobs WHERE jobs.id = job_id), '', 0 FROM gallery_entries"
    )
    op.drop_table("gallery_entries")
    op.rename_table("entries_anew", "gallery_entries")


def _fill_words() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT sequence, prompt FROM gallery_entries")).all()
    for sequence, prompt in rows:
        connection.execute(
            sa.text("UPDATE gallery_entries SET words = :words WHERE sequence = :sequence"),
            {"words": _words(prompt), "sequence": sequence},
        )


def _words(text: str) -> str:
    """As storage/search_words.py did when this was written."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(one for one in folded if unicodedata.category(one)[0] != "M")
    split = "".join(one if one.isalnum() else " " for one in bare).split()
    return " ".join(word[:WORD_CHARACTERS] for word in split)


def _index_words() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX gallery_by_words ON gallery_entries USING gin"
            " (array_to_tsvector(string_to_array(words, ' ')))"
        )
        return
    op.execute(
        "CREATE VIRTUAL TABLE gallery_words USING fts5(guild_id, words, content='gallery_entries',"
        " content_rowid='sequence', detail='column', columnsize=0, tokenize='ascii')"
    )
    put = (
        "INSERT INTO gallery_words (rowid, guild_id, words)"
        " VALUES (new.sequence, new.guild_id, new.words);"
    )
    take = (
        "INSERT INTO gallery_words (gallery_words, rowid, guild_id, words)"
        " VALUES ('delete', old.sequence, old.guild_id, old.words);"
    )
    for event, what in {
        "INSERT": put, "DELETE": take, "UPDATE OF sequence, guild_id, words": take + put,
    }.items():  # fmt: skip
        name = f"gallery_words_{event.partition(' ')[0].lower()}"
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON gallery_entries BEGIN {what} END")
    op.execute("INSERT INTO gallery_words (gallery_words) VALUES ('rebuild')")


def _create_likes() -> None:
    op.create_table(
        "likes",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("user_id", LARGE, nullable=False),
        sa.Column("liked_at", LARGE, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id", "user_id"),
        sqlite_strict=True,
    )


def _create_showcase_posts() -> None:
    op.create_table(
        "showcase_posts",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("channel_id", LARGE, nullable=False),
        sa.Column("lifted_at", LARGE, nullable=False),
        sa.Column("attempted", sa.Integer(), nullable=False),
        sa.Column("message_id", LARGE, nullable=True),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.CheckConstraint("attempted IN (0, 1)", name="attempted_is_a_flag"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id"),
        sqlite_strict=True,
    )


def _create_searches() -> None:
    op.create_table(
        "gallery_searches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("chosen_json", sa.Text(), nullable=False),
        sa.Column("used_at", LARGE, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )


def _create_offers() -> None:
    op.create_table(
        "offers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("interaction_id", LARGE, nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("user_id", LARGE, nullable=False),
        sa.Column("request_json", sa.Text(), nullable=False),
        sa.Column("price_credits", LARGE, nullable=False),
        sa.Column("made_at", LARGE, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("interaction_id"),
        sqlite_strict=True,
    )
    op.create_index("offers_by_time", "offers", ["made_at"])
