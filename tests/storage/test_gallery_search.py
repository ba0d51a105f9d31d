"""Pages of the gallery: what is found, in which order, and that nothing is skipped or repeated."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, insert

from storage import gallery, gallery_search, schema
from storage.database import Database
from storage.errors import InvalidCursor
from storage.gallery_search import RARE_MATCHES, GallerySearch
from storage.search_words import words_of
from tests.storage.builders import GUILD, MEMBER, NOW
from tests.storage.kinds import only_postgresql
from tests.storage.stores import PostgresStore, SqliteStore, Store

ORDERS = ("best", "newest", "liked")


def put(
    connection: Connection,
    number: int,
    prompt: str = "a red circle",
    *,
    likes: int = 0,
    **changes: Any,
) -> None:
    """An entry as `gallery.share` makes it, with the job that it needs."""
    job: dict[str, Any] = {
        "id": f"job{number}", "interaction_id": number, "guild_id": GUILD, "user_id": MEMBER,
        "channel_id": 7, "command": "imagine-video", "model": "pocket", "request_json": "{}",
        "price_credits": 1, "state": "succeeded", "attempt": 1, "private": False,
        "clip_json": "{}", "clip_sha256": "ab" * 32, "created_at": NOW, "started_at": NOW,
        "finished_at": NOW, "faults": 0, "worker_kills": 0, "cancel_requested": False,
        "relaxed": False, "spare_memory": False, **changes,
    }  # fmt: skip
    connection.execute(insert(schema.jobs).values(**job))
    gallery.share(
        connection,
        job_id=f"job{number}",
        shared_by=job["user_id"],
        prompt=prompt,
        settings_json="{}",
        model_revision="r1",
        seed=1,
        now=NOW + timedelta(minutes=number),
    )
    connection.execute(
        schema.gallery_entries.update()
        .where(schema.gallery_entries.c.job_id == f"job{number}")
        .values(likes=likes)
    )


def found(connection: Connection, limit: int = 10, **search: Any) -> list[str]:
    page = gallery_search.page(
        connection, guild_id=GUILD, limit=limit, search=GallerySearch(**search)
    )
    return [entry.job_id for entry in page.entries]


async def test_all_words_are_looked_for_whatever_their_case_and_accents(
    database: Database,
) -> None:
    def unit(connection: Connection) -> list[list[str]]:
        put(connection, 1, "A RED Fox, asleep")
        put(connection, 2, "a red café")
        put(connection, 3, "foxglove & redwood")
        put(connection, 4, "ثعلب أحمر 🦊")
        put(connection, 5, "it's 16:9 -- close-up \"quoted\" & 'more'")
        put(connection, 6, "रंगीन हिन्दी")
        return [
            found(connection, words=words)
            for words in (
                "fox red", "CAFE", "red", "fox*", "ثعلب", 'close up "QUOTED', "हिन्दी", "nothing",
                "' OR 1=1", "🦊", "a " * 50 + "red",
            )
        ]  # fmt: skip

    assert await database.write(unit) == [
        ["job1"], ["job2"], ["job2", "job1"], ["job1"], ["job4"], ["job5"], ["job6"], [], [], [],
        ["job2", "job1"],
    ]  # fmt: skip


async def test_filters_are_combined_and_a_server_sees_its_own_only(database: Database) -> None:
    def unit(connection: Connection) -> list[list[str]]:
        put(connection, 1, "a red fox")
        put(connection, 2, "a red fox", model="ltx-video", user_id=9)
        put(connection, 3, "a red fox", command="loop", user_id=9)
        put(connection, 4, "a red fox", guild_id=GUILD + 1)
        return [
            found(connection),
            found(connection, words="fox"),
            found(connection, model="ltx-video"),
            found(connection, author_id=9, command="loop", words="red"),
            found(connection, author_id=9),
            found(connection, author_id=8),
        ]

    assert await database.write(unit) == [
        ["job3", "job2", "job1"], ["job3", "job2", "job1"], ["job2"], ["job3"], ["job3", "job2"],
        [],
    ]  # fmt: skip


async def test_rare_words_show_the_best_match_and_common_ones_the_newest(
    database: Database,
) -> None:
    def unit(connection: Connection) -> tuple[list[str], list[str], list[str]]:
        put(connection, 1, "unicorn")
        put(connection, 2, "a unicorn among very many other things in a long prompt")
        rare = found(connection, words="unicorn")
        for number in range(3, RARE_MATCHES + 3):
            put(connection, number, "a common circle")
        return (
            rare,
            found(connection, limit=1, words="circle"),
            found(connection, words="unicorn", order="newest"),
        )

    assert await database.write(unit) == (
        ["job1", "job2"],
        [f"job{RARE_MATCHES + 2}"],
        ["job2", "job1"],
    )


async def test_the_most_liked_come_first(database: Database) -> None:
    def unit(connection: Connection) -> list[str]:
        for number, count in enumerate((2, 5, 0, 5), 1):
            put(connection, number, likes=count)
        return found(connection, order="liked")

    assert await database.write(unit) == ["job4", "job2", "job1", "job3"]


async def test_what_is_taken_out_is_found_no_more(database: Database) -> None:
    def unit(connection: Connection) -> list[str]:
        put(connection, 1)
        gallery.unshare(connection, job_id="job1")
        return found(connection, words="circle")

    assert await database.write(unit) == []


async def test_a_search_is_remembered_for_its_buttons(database: Database) -> None:
    search = GallerySearch(words="a “red” 🦊", model="pocket", author_id=MEMBER, order="liked")
    first = await database.write(lambda c: gallery_search.keep_search(c, search, now=NOW))
    assert await database.write(lambda c: gallery_search.keep_search(c, search, now=NOW)) == first
    assert len(first) == 16
    assert await database.read(lambda c: gallery_search.search_of(c, first)) == search
    later = NOW + timedelta(days=31)
    await database.write(lambda c: gallery_search.keep_search(c, GallerySearch(), now=later))
    with pytest.raises(InvalidCursor):
        await database.read(lambda c: gallery_search.search_of(c, first))


@pytest.fixture(params=["sqlite", "postgresql"], scope="session")
def make_store(request: pytest.FixtureRequest) -> Callable[[], Store]:
    if request.param == "sqlite":
        return SqliteStore
    url: str = request.getfixturevalue("postgres_url")
    return lambda: PostgresStore(url)


Clips = st.lists(
    st.tuples(st.sampled_from(["red", "red red fox", "fox and red and more"]), st.integers(0, 3)),
    max_size=8,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    before=Clips,
    meanwhile=st.lists(Clips, max_size=4),
    order=st.sampled_from(ORDERS),
    words=st.sampled_from(["", "red"]),
    limit=st.integers(1, 3),
)
def test_paging_neither_skips_nor_repeats_while_clips_are_added(
    make_store: Callable[[], Store],
    before: list[tuple[str, int]],
    meanwhile: list[list[tuple[str, int]]],
    order: Any,
    words: str,
    limit: int,
) -> None:
    store = make_store()
    try:
        seen = store.run(
            lambda connection: _browse(connection, before, meanwhile, order, words, limit)
        )
    finally:
        store.close()
    there_from_the_start = {f"job{number}" for number in range(1, len(before) + 1)}
    assert len(seen) == len(set(seen)), "nothing is shown twice"
    assert there_from_the_start <= set(seen), "nothing is left out"


def _browse(
    connection: Connection,
    before: Sequence[tuple[str, int]],
    meanwhile: list[list[tuple[str, int]]],
    order: Any,
    words: str,
    limit: int,
) -> list[str]:
    """All pages from first to last, with clips added after each."""
    count = 0
    for prompt, likes in before:
        count += 1
        put(connection, count, prompt, likes=likes)
    seen: list[str] = []
    cursor, more = None, list(meanwhile)
    while True:
        page = gallery_search.page(
            connection,
            guild_id=GUILD,
            limit=limit,
            search=GallerySearch(words=words, order=order),
            after=cursor,
        )
        seen += [entry.job_id for entry in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            return seen
        for prompt, likes in more.pop() if more else ():
            count += 1
            put(connection, count, prompt, likes=likes)


@given(st.text(max_size=200))
def test_words_are_letters_and_digits_and_the_same_when_read_again(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words
    assert all(word.isalnum() for word in words)


PLACES = (
    101, 111, 8_190, 8_193, 16_384, 130_000, 262_144, 262_145, 3_000_000, 9_000_000, 9_000_001,
)  # fmt: skip


def spread(connection: Connection) -> None:
    """Entries far apart, as in a gallery of millions; between them those of another guild."""
    for number, place in enumerate(PLACES, 1):
        put(connection, number, "a red fox" if number % 2 else "a red fox by night", likes=number)
        put(connection, 100 + number, "a red fox", guild_id=GUILD + 1)
        for job, sequence in ((number, place), (100 + number, place + 2)):
            connection.execute(
                schema.gallery_entries.update()
                .where(schema.gallery_entries.c.job_id == f"job{job}")
                .values(sequence=sequence)
            )


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [1, 2, 4, 20])
async def test_what_was_shared_long_ago_is_found_in_its_turn(
    database: Database, order: Any, limit: int
) -> None:
    """Each page once, whether its entries stand side by side or millions apart."""
    search = GallerySearch(words="fox RED", order=order)

    def browse(connection: Connection) -> list[str]:
        spread(connection)
        seen: list[str] = []
        cursor = None
        while True:
            page = gallery_search.page(
                connection, guild_id=GUILD, limit=limit, search=search, after=cursor
            )
            seen += [entry.job_id for entry in page.entries]
            cursor = page.next_cursor
            if cursor is None:
                return seen

    backwards = [f"job{number}" for number in range(len(PLACES), 0, -1)]
    if order == "best":
        backwards = [*backwards[::2], *backwards[1::2]]
    assert await database.write(browse) == backwards


async def test_the_newest_of_many_matches_are_found_wherever_they_stand(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than are ranked: as a search for common words in a large gallery."""
    monkeypatch.setattr(gallery_search, "RARE_MATCHES", 3)

    def look(connection: Connection) -> tuple[list[str], list[str], list[str]]:
        spread(connection)
        return (
            found(connection, limit=4, words="red fox"),
            found(connection, limit=4, words="night"),
            found(connection, limit=4, words="night red", author_id=MEMBER),
        )

    newest = [f"job{number}" for number in range(len(PLACES), 0, -1)]
    by_night = [job for job in newest if int(job[3:]) % 2 == 0][:4]
    assert await database.write(look) == (newest[:4], by_night, by_night)


async def test_filters_may_hold_any_character(database: Database) -> None:
    names = ("it's", "back\\slash", "a 'quoted' & (odd) | model:*", "ملف")

    def look(connection: Connection) -> list[list[str]]:
        for number, name in enumerate(names, 1):
            put(connection, number, "a red fox", model=name)
        return [found(connection, words="fox", model=name) for name in (*names, "its", "guild_id")]

    assert await database.write(look) == [["job1"], ["job2"], ["job3"], ["job4"], [], []]


async def test_words_are_not_taken_for_what_the_index_says_of_an_entry(database: Database) -> None:
    def look(connection: Connection) -> list[list[str]]:
        put(connection, 1, "a red fox")
        return [
            found(connection, words=words)
            for words in ("model:pocket", f"guild_id:{GUILD}", "pocket", str(GUILD))
        ]

    assert await database.write(look) == [[], [], [], []]


@only_postgresql
async def test_postgresql_reads_its_index_of_words_for_every_search(database: Database) -> None:
    """For another spelling of the index's expression it would read the whole gallery."""
    told: list[str] = []

    def explain(
        connection: Connection, _: object, statement: str, values: Any, *__: object
    ) -> None:
        if "@@" in statement and not statement.startswith("EXPLAIN"):
            told.append(
                "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())
            )

    def look(connection: Connection) -> None:
        spread(connection)
        # The gallery of this test is shorter than the index.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        event.listen(connection, "before_cursor_execute", explain)
        for order in ORDERS:
            found(connection, words="red fox", author_id=MEMBER, model="pocket", order=order)
        event.remove(connection, "before_cursor_execute", explain)

    await database.write(look)
    assert len(told) > len(ORDERS)
    assert all("Bitmap Index Scan on gallery_by_words" in plan for plan in told)
