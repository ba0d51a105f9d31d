"""The tables of the gallery, and of what is shown before it is ordered: part of
`storage/schema.py`."""

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    event,
    literal_column,
)

from storage.columns import Flag, LargeInteger, Moment, Seed, metadata

gallery_entries = Table(
    "gallery_entries",
    metadata,
    Column("sequence", LargeInteger, primary_key=True, autoincrement=True),
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False, unique=True),
    Column("guild_id", LargeInteger, nullable=False),
    Column("author_id", LargeInteger, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("settings_json", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("model_revision", Text, nullable=False),
    Column("seed", Seed, nullable=False),
    Column("parent_job_id", Text, ForeignKey("jobs.id")),
    Column("clip_sha256", Text, nullable=False),
    Column("shared_by", LargeInteger, nullable=False),
    Column("shared_at", Moment, nullable=False),
    Column("command", Text, nullable=False),
    # The prompt's words as they are searched for: see storage/search_words.py.
    Column("words", Text, nullable=False),
    # How many rows of `likes` there are, kept with them in one transaction.
    Column("likes", LargeInteger, nullable=False),
    CheckConstraint("likes >= 0", name="likes_is_not_negative"),
    sqlite_strict=True,
)
_ENTRY = gallery_entries.c
Index("gallery_by_guild", _ENTRY.guild_id, _ENTRY.sequence)
Index("gallery_by_likes", _ENTRY.guild_id, _ENTRY.likes, _ENTRY.sequence)
Index("gallery_by_author", _ENTRY.guild_id, _ENTRY.author_id, _ENTRY.sequence)
Index("gallery_by_model", _ENTRY.guild_id, _ENTRY.model, _ENTRY.sequence)
Index("gallery_by_command", _ENTRY.guild_id, _ENTRY.command, _ENTRY.sequence)
# What PostgreSQL's index of words holds of an entry: its words, whatever else it may be searched
# by, and which stretches of its guild's gallery it stands in. Words are letters and digits, so that
# none of them looks like the others. It is also the expression that a search must ask for.
FILTERED_BY = ("author_id", "model", "command")
STRETCH_BITS = (13, 17, 21)
"""Entries stand in stretches of two to the power of each: 8 thousand, 131 thousand, 2 million."""
_GUILD = "'guild_id:' || guild_id::text"
_LEXEMES = (
    _GUILD,
    "'author_id:' || author_id::text",
    "'model:' || model",
    "'command:' || command",
    *(f"(({_GUILD}) || ':{bits}:') || ((sequence >> {bits})::text)" for bits in STRETCH_BITS),
)
POSTGRESQL_WORDS = f"array_to_tsvector(string_to_array(words, ' ') || ARRAY[{', '.join(_LEXEMES)}])"
Index(
    "gallery_by_words",
    literal_column(POSTGRESQL_WORDS, Text),
    postgresql_using="gin",
    # Else what was shared lately waits in a list that every search reads from end to end.
    postgresql_with={"fastupdate": "off"},
    _table=gallery_entries,
).ddl_if(dialect="postgresql")

# SQLite's full-text index. It keeps no copy of the words, and triggers of the migration keep it as
# the table is. To the tokenizer every character beyond ASCII is part of a word, so that words are
# those of `words` and no others.
SQLITE_WORDS_INDEX = (
    "CREATE VIRTUAL TABLE gallery_words USING fts5(guild_id, words, content='gallery_entries',"
    " content_rowid='sequence', detail='column', columnsize=0, tokenize='ascii')"
)
event.listen(gallery_entries, "after_create", DDL(SQLITE_WORDS_INDEX).execute_if(dialect="sqlite"))

# One row for each member who likes an entry; withdrawn with it.
likes = Table(
    "likes",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), nullable=False),
    Column("user_id", LargeInteger, nullable=False),
    Column("liked_at", Moment, nullable=False),
    PrimaryKeyConstraint("job_id", "user_id"),
    sqlite_strict=True,
)

# One row for each clip that was lifted into its guild's showcase; it stays when the entry goes, so
# that no clip is lifted twice.
showcase_posts = Table(
    "showcase_posts",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("guild_id", LargeInteger, nullable=False),
    Column("channel_id", LargeInteger, nullable=False),
    Column("lifted_at", Moment, nullable=False),
    # It may have been sent, and nobody lived to remember its message.
    Column("attempted", Flag, nullable=False),
    Column("message_id", LargeInteger),
    # Why it will not be posted, or that it was taken down.
    Column("ended", Text),
    CheckConstraint("attempted IN (0, 1)", name="attempted_is_a_flag"),
    sqlite_strict=True,
)

# What a page of the gallery is filtered by, for buttons whose custom ids are too short for it.
gallery_searches = Table(
    "gallery_searches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("chosen_json", Text, nullable=False),
    Column("used_at", Moment, nullable=False),
    sqlite_strict=True,
)

# A request with its price that a member was shown and has not accepted yet.
offers = Table(
    "offers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("interaction_id", LargeInteger, nullable=False, unique=True),
    Column("guild_id", LargeInteger, nullable=False),
    Column("user_id", LargeInteger, nullable=False),
    Column("request_json", Text, nullable=False),
    Column("price_credits", LargeInteger, nullable=False),
    Column("made_at", Moment, nullable=False),
    sqlite_strict=True,
)
Index("offers_by_time", offers.c.made_at)
