"""PostgreSQL's index of words knows all that the gallery is searched by, and where an entry stands.

A search finds the newest of very many matches without fetching the others: see
storage/gallery_matching.py.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

STRETCH_BITS = (13, 17, 21)
GUILD = "'guild_id:' || guild_id::text"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    lexemes = (
        GUILD,
        "'author_id:' || author_id::text",
        "'model:' || model",
        "'command:' || command",
        *(f"{GUILD} || ':{bits}:' || (sequence >> {bits})::text" for bits in STRETCH_BITS),
    )
    op.drop_index("gallery_by_words", "gallery_entries")
    op.execute(
        "CREATE INDEX gallery_by_words ON gallery_entries USING gin (array_to_tsvector("
        f"string_to_array(words, ' ') || ARRAY[{', '.join(lexemes)}])) WITH (fastupdate = off)"
    )
    # Statistics would hold members' words, and make the planner doubt that the index is the way.
    op.execute("ALTER INDEX gallery_by_words ALTER COLUMN 1 SET STATISTICS 0")
