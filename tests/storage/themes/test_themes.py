"""A theme from its opening to its winner, as it is remembered."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from storage import gallery, guild_settings, ledger, moderator_log, reviews, showcase
from storage.audit import audit
from storage.database import Database
from storage.errors import UnknownJob
from storage.jobs import JobRecord
from storage.moderator_log import LogSearch
from storage.reviews import Decision
from storage.theme_errors import (
    NotEnterable,
    NotEntered,
    OwnEntry,
    PrivateClip,
    UnknownEntry,
    UnknownTheme,
    WrongPhase,
)
from storage.themes import entries, phases, posts, pot, votes
from tests.storage.builders import GUILD, MODERATOR, NOW, admit, fail, give, make_record
from tests.storage.themes.contests import (
    ADA,
    GRACE,
    LIN,
    THEME,
    a_theme,
    begin,
    decide,
    enter,
    finish,
    make_clip,
    number_of,
    open_one,
    order_in_thread,
    three_entries,
    vote,
)


def waiting(connection: Connection) -> list[tuple[str, int]]:
    return [(post.kind, post.number) for post in posts.waiting(connection, theme_id=THEME)]


def left(connection: Connection) -> int:
    return pot.left(connection, theme_id=THEME, guild_id=GUILD)


def won_by(connection: Connection) -> dict[int, int | None]:
    """Winners with their votes."""
    found = entries.numbered(connection, theme_id=THEME)
    return {entry.user_id: entry.votes for entry in found if entry.won}


async def test_a_theme_is_opened_once_by_its_interaction(database: Database) -> None:
    assert await database.write(lambda c: phases.open_theme(c, a_theme(pot_credits=50)))
    again = a_theme(id="other", pot_credits=50)
    assert not await database.write(lambda c: phases.open_theme(c, again))
    theme = await database.read(lambda c: phases.get(c, THEME, guild_id=GUILD))
    assert theme == a_theme(pot_credits=50)
    assert await database.read(waiting) == [("announcement", 0), ("guide", 0)]
    assert await database.read(left) == 50
    with pytest.raises(UnknownTheme):
        await database.read(lambda c: phases.get(c, THEME, guild_id=GUILD + 1))


async def test_a_member_has_one_entry_which_another_replaces(database: Database) -> None:
    def play(connection: Connection) -> list[object]:
        open_one(connection)
        first, second = (make_clip(connection, ADA, number) for number in (1, 2))
        replaced = [enter(connection, ADA, first), enter(connection, ADA, second)]
        return [*replaced, entries.count(connection, theme_id=THEME)]

    assert await database.write(play) == [None, "job1", 1]
    withdrawn = await database.write(
        lambda c: entries.withdraw(c, theme_id=THEME, guild_id=GUILD, user_id=ADA)
    )
    assert withdrawn == "job2"
    with pytest.raises(NotEntered):
        await database.write(
            lambda c: entries.withdraw(c, theme_id=THEME, guild_id=GUILD, user_id=ADA)
        )


async def test_only_one_s_own_finished_clips_enter(database: Database) -> None:
    def prepare(connection: Connection) -> None:
        open_one(connection)
        make_clip(connection, GRACE, 1)
        give(connection, 30, user_id=ADA)
        admit(connection, make_record(2, user_id=ADA))
        admit(connection, make_record(3, user_id=ADA))
        fail(connection, "job3")
        make_clip(connection, ADA, 4, private=True)

    await database.write(prepare)
    for job_id, reason in (("job1", "another's"), ("job2", "unfinished"), ("job3", "unfinished")):
        with pytest.raises(NotEnterable) as refusal:
            await database.write(lambda c, job_id=job_id: enter(c, ADA, job_id))
        assert refusal.value.reason == reason
    with pytest.raises(UnknownJob):
        await database.write(lambda c: enter(c, ADA, "nothing"))
    with pytest.raises(PrivateClip):
        await database.write(lambda c: enter(c, ADA, "job4"))
    assert await database.write(lambda c: enter(c, ADA, "job4", private_too=True)) is None
    found = await database.read(
        lambda c: entries.candidates(c, guild_id=GUILD, user_id=ADA, limit=25)
    )
    assert [job.id for job in found] == ["job4"]


async def test_entries_get_their_numbers_by_lot_and_are_posted_before_the_vote_is_counted(
    database: Database,
) -> None:
    await database.write(three_entries)
    theme = await database.write(begin)
    assert (theme.phase, theme.voting_ends) == ("voting", NOW + timedelta(days=2))
    numbers = await database.read(lambda c: {number_of(c, who) for who in (ADA, GRACE, LIN)})
    assert numbers == {1, 2, 3}
    assert (await database.read(waiting))[1:] == [
        ("voting", 0),
        ("entry", 1),
        ("entry", 2),
        ("entry", 3),
    ]
    with pytest.raises(WrongPhase):
        await database.write(begin)
    with pytest.raises(WrongPhase):
        await database.write(lambda c: enter(c, ADA, "job1"))


async def test_the_most_votes_win_and_as_many_share(database: Database) -> None:
    def play(connection: Connection) -> None:
        three_entries(connection)
        begin(connection)
        for voter, author in ((GRACE, ADA), (LIN, ADA), (ADA, GRACE), (LIN, GRACE), (99, LIN)):
            vote(connection, voter, author)

    await database.write(play)
    theme = await database.write(decide)
    assert (theme.phase, theme.ended_at) == ("decided", NOW)
    assert await database.read(won_by) == {ADA: 2, GRACE: 2}
    with pytest.raises(WrongPhase):
        await database.write(decide)
    with pytest.raises(WrongPhase):
        await database.write(lambda c: vote(c, LIN, ADA))


async def test_nobody_votes_for_themselves_or_for_what_is_not_there(database: Database) -> None:
    def play(connection: Connection) -> None:
        three_entries(connection)
        begin(connection)

    await database.write(play)
    with pytest.raises(OwnEntry):
        await database.write(lambda c: vote(c, ADA, ADA))
    with pytest.raises(UnknownEntry):
        await database.write(
            lambda c: votes.set_vote(
                c, theme_id=THEME, number=4, voter_id=ADA, wanted=True, now=NOW
            )
        )


async def test_without_a_vote_nobody_wins_and_without_an_entry_there_is_no_vote(
    database: Database,
) -> None:
    await database.write(three_entries)
    await database.write(begin)
    await database.write(decide)
    assert await database.read(won_by) == {}
    await database.write(lambda c: phases.open_theme(c, a_theme(id="empty", interaction_id=901)))
    empty = await database.write(lambda c: phases.begin_voting(c, "empty", guild_id=GUILD, now=NOW))
    assert empty.phase == "decided"


async def test_a_deleted_clip_takes_part_no_more(database: Database) -> None:
    def before_the_vote(connection: Connection) -> int:
        three_entries(connection)
        entries.drop_clip(connection, job_id="job1")
        return entries.count(connection, theme_id=THEME)

    assert await database.write(before_the_vote) == 2

    def while_people_vote(connection: Connection) -> tuple[object, ...]:
        begin(connection)
        grace = number_of(connection, GRACE)
        vote(connection, LIN, GRACE)
        vote(connection, ADA, LIN)
        posts.posted(connection, theme_id=THEME, kind="entry", number=grace, message_id=77)
        entries.drop_clip(connection, job_id="job2")
        (gone,) = posts.to_take_down(connection, theme_id=THEME)
        return gone.message_id, votes.of_member(connection, theme_id=THEME, voter_id=LIN)

    assert await database.write(while_people_vote) == (77, ())
    with pytest.raises(UnknownEntry):
        await database.write(lambda c: vote(c, LIN, GRACE))
    await database.write(decide)
    assert await database.read(won_by) == {LIN: 1}


async def test_a_clip_that_moderators_took_down_does_not_enter(database: Database) -> None:
    def take_down(connection: Connection) -> tuple[JobRecord, ...]:
        open_one(connection)
        make_clip(connection, ADA, 1)
        decision = Decision(job_id="job1", guild_id=GUILD, made_by=MODERATOR, now=NOW)
        reviews.take_down(connection, decision, "not for school")
        return entries.candidates(connection, guild_id=GUILD, user_id=ADA, limit=25)

    assert await database.write(take_down) == ()
    with pytest.raises(NotEnterable) as refusal:
        await database.write(lambda c: enter(c, ADA, "job1"))
    assert refusal.value.reason == "taken down"


async def test_due_is_what_the_clock_is_past(database: Database) -> None:
    def due(connection: Connection, days: float) -> list[str]:
        return [one.id for one in phases.due(connection, now=NOW + timedelta(days=days))]

    await database.write(three_entries)
    assert await database.read(lambda c: (due(c, 2.9), due(c, 3))) == ([], [THEME])
    await database.write(begin)
    assert await database.read(lambda c: (due(c, 1.9), due(c, 2))) == ([], [THEME])
    await database.write(decide)
    assert await database.read(lambda c: due(c, 100)) == []


async def test_the_pot_pays_first_in_its_thread_and_what_is_left_goes_back(
    database: Database,
) -> None:
    def play(connection: Connection) -> list[object]:
        open_one(connection, pot_credits=25)
        give(connection, 10, user_id=ADA)
        for number in (1, 2, 3):
            order_in_thread(connection, number)
        payers = [ledger.payer_of(connection, job_id=f"job{n}") for n in (1, 2, 3)]
        return [payers, left(connection)]

    assert await database.write(play) == [["theme", "theme", "member"], 5]
    await database.write(begin)
    assert await database.read(left) == 0, "it pays no more, so it is given back"
    assert await database.read(pot.to_give_back) == ()
    await database.write(lambda c: finish(c, 1))
    assert await database.read(pot.to_give_back) == ((THEME, GUILD),)
    for expected in (10, 0):
        given = await database.write(
            lambda c: pot.give_back(c, theme_id=THEME, guild_id=GUILD, now=NOW)
        )
        assert given == expected
    await database.write(lambda c: finish(c, 2))
    assert await database.read(pot.to_give_back) == ((THEME, GUILD),), "a second time, too"
    assert await database.read(audit) == ()


async def test_a_cancelled_theme_gives_its_pot_back_and_posts_only_that(
    database: Database,
) -> None:
    def play(connection: Connection) -> None:
        open_one(connection, pot_credits=25)
        phases.cancel(connection, THEME, guild_id=GUILD, now=NOW, made_by=MODERATOR)

    await database.write(play)
    assert await database.read(left) == 0
    assert await database.read(waiting) == [("result", 0)]
    with pytest.raises(WrongPhase):
        await database.write(
            lambda c: phases.cancel(c, THEME, guild_id=GUILD, now=NOW, made_by=MODERATOR)
        )
    acts = await database.read(
        lambda c: moderator_log.page(c, LogSearch(guild_id=GUILD, act="theme"), limit=9).acts
    )
    assert [(act.subject, (act.before or {}).get("phase"), act.after) for act in acts] == [
        (THEME, "entering", {"phase": "cancelled", "title": "Seas", "pot": 25}),
        (THEME, None, {"phase": "entering", "title": "Seas", "pot": 25}),
    ]


async def test_a_winner_that_is_shared_comes_into_the_showcase(database: Database) -> None:
    def play(connection: Connection) -> None:
        three_entries(connection)
        guild_settings.set_showcase(
            connection, guild_id=GUILD, likes=9, channel_id=3, changed_by=MODERATOR, now=NOW
        )
        gallery.share(
            connection,
            job_id="job1",
            shared_by=ADA,
            prompt="a sea",
            settings_json="{}",
            model_revision="r1",
            seed=1,
            now=NOW,
        )
        begin(connection)
        vote(connection, LIN, ADA)
        vote(connection, ADA, GRACE)
        decide(connection)

    await database.write(play)
    lifted = await database.read(showcase.waiting)
    assert [post.job_id for post in lifted] == ["job1"], "Grace's is not shared"


async def test_a_message_is_remembered_from_the_first_try_on(database: Database) -> None:
    await database.write(three_entries)
    post = (await database.read(lambda c: posts.waiting(c, theme_id=THEME)))[0]
    assert (post.kind, post.attempted) == ("guide", False)
    assert await database.write(lambda c: posts.attempt(c, post))
    (again,) = await database.read(lambda c: posts.waiting(c, theme_id=THEME))
    assert again.attempted
    await database.write(lambda c: posts.posted(c, theme_id=THEME, kind="guide", message_id=4))
    assert not await database.write(lambda c: posts.attempt(c, post))
    assert await database.read(waiting) == []
