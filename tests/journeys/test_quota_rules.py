"""Quotas by default, role, member and channel: what counts, why, and what members then have."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

from storage import jobs
from storage.audit import audit
from storage.database import Connection
from tests.journeys.moderators import CLIP, asked, role_id, say
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, card_of, credits_of, finished_card, order
from tests.storage.builders import make_record


async def test_the_rule_that_counts_is_explained_and_fills_the_account(stage: Stage) -> None:
    async with (
        stage.member("Ada") as ada,
        stage.member("Ada", channel="showcase") as ada_elsewhere,
        stage.member("Lin") as lin,
    ):
        student = role_id(stage, "student")
        assert "Because of the bot's default: 100" in await say(lin, "/quota explain member:ada")
        await say(lin, "/quota set credits:10")
        await say(lin, f"/quota set credits:25 channel:{ada.channel_id}")
        assert await credits_of(ada_elsewhere) == 10
        assert await credits_of(ada) == 25, "the channel's rule brings the difference at once"
        await say(lin, f"/quota set credits:40 role:{student}")
        await say(lin, "/quota set credits:60 member:ada")
        explained = await say(lin, "/quota explain member:ada")
        assert "has **60 credits** a day" in explained
        assert "Because of: the member's own rule: 60 credits" in explained
        overruled = explained.split("Overruled")[1]
        places = [
            overruled.index(words)
            for words in (
                f"the role <@&{student}>: 40",
                f"the channel <#{ada.channel_id}>: 25",
                "the server's default: 10",
                "The bot's default: 100",
            )
        ]
        assert places == sorted(places)
        assert await credits_of(ada) == 60
        await say(lin, "/quota clear member:ada")
        assert f"Because of: the role <@&{student}>" in await say(lin, "/quota explain member:ada")
        assert "only one of them" in await say(
            lin, f"/quota set credits:1 member:ada role:{student}"
        )
        log = await say(lin, "/admin log what:allowance")
        assert f"cleared <@{ada.id}>'s daily allowance (before: 60 credits)" in log
        assert f"set <#{ada.channel_id}>'s daily allowance to 25 credits" in log
    assert await stage.service.database.read(audit) == ()


async def test_a_boost_doubles_today_s_credits_and_says_until_when(stage: Stage) -> None:
    today = datetime.now(UTC).date()
    last = today + timedelta(days=6)
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        assert await credits_of(ada) == 100
        made = await say(lin, f"/quota boost factor:2 first:{today} last:{last} name:exam week")
        assert f"× 2 for “exam week”, from {today} to {last} (UTC)" in made
        assert await credits_of(ada) == 200
        explained = await say(lin, "/quota explain member:ada")
        assert f"Boosted: × 2 for “exam week”, until the end of {last}" in explained
        assert "exam week" in await say(lin, "/quota boosts")
        offered = await lin.autocomplete("/quota end-boost boost:exam", "boost")
        assert [choice["name"] for choice in offered] == [f"exam week, from {today}"]
        assert "Ended" in await say(lin, f"/quota end-boost boost:{offered[0]['value']}")
        assert "There are none" in await say(lin, "/quota boosts")
        assert "is no day" in await say(
            lin, "/quota boost factor:2 first:2026-02-30 last:2026-03-0x"
        )
        assert "would be over already" in await say(
            lin, "/quota boost factor:2 first:2020-01-01 last:2020-01-02"
        )


async def test_a_reset_is_asked_once_and_done_by_who_may(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await credits_of(ada)
        await say(lin, "/quota grant member:ada credits:50")
        assert "Nothing was changed" in await asked(lin, "/quota reset member:ada", "Leave it")
        assert await credits_of(ada) == 150
        done = await asked(lin, "/quota reset member:ada", "Reset")
        assert f"<@{ada.id}> now has 100 credits; before it was 150" in done
        assert await credits_of(ada) == 100
        assert f"reset <@{ada.id}> from 150 to 100 credits" in await say(lin, "/admin log")
    assert await stage.service.database.read(audit) == ()


async def test_the_pot_pays_for_who_runs_out(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await say(lin, "/quota set credits:1")
        assert "you have 1" in await say(ada, CLIP)
        assert "which has 3 now" in await say(lin, "/quota pot credits:3")
        receipt = await say(ada, CLIP)
        assert "It costs 2 credits and you have 1; the server's pot pays it" in receipt
        await finished_card(ada, receipt.split("`")[1])
        assert "The server's pot has 1 credit" in await say(ada, "/credits")
        assert "That costs 2 credits and you have 1" in await say(ada, CLIP)
        assert "has 2 now" in await say(lin, "/quota pot credits:1 member:ada")
        assert await credits_of(ada) == 0
    assert await stage.service.database.read(audit) == ()


async def test_the_report_tells_who_made_what_as_a_picture_and_a_table(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        card = await finished_card(ada, (await say(ada, CLIP)).split("`")[1])
        pressed = await (await ada.press(card, label="Reroll")).reply()
        await finished_card(ada, pressed.text.split("`")[1])
        report = await (await lin.type("/admin report days:7")).reply()
        drawn, table = report.attachments
        assert (drawn["filename"], table["filename"]) == ("report.png", "report.csv")
        assert (await lin.download(drawn)).startswith(b"\x89PNG")
        rows = list(csv.DictReader(io.StringIO((await lin.download(table)).decode("utf-8-sig"))))
        assert [(row["kind"], row["name"], row["clips"], row["credits"]) for row in rows] == [
            ("total", "everybody", "2", "4"),
            ("member", "Ada", "2", "4"),
            ("role", "student", "2", "4"),
        ]
        assert "Most remixed" in report.text


async def test_the_pot_pays_a_member_so_much_a_day_and_says_where_credits_went_back(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await say(lin, "/quota set credits:0")
        assert "at most 3 credits a day" in await say(lin, "/quota pot credits:50 limit:3")
        executor.hold()
        job_id = await order(ada, CLIP)
        card = await card_of(ada, job_id, having="step 1 of 4")
        assert "2 credits held, of the server's pot" in card.text
        explained = await say(lin, "/quota explain member:ada")
        assert "at most 3 credits a day (UTC) for a member; for this one 2 today" in explained
        refused = await say(ada, CLIP)
        assert "pays at most 3 a day for a member, and has paid 2 for you today" in refused
        await ada.press(card, label="Cancel")
        ended = await finished_card(ada, job_id)
        assert "The 2 credits went back into the server's pot" in ended.text
        executor.let_go()
        await finished_card(ada, await order(ada, CLIP))
        assert "The pot has 48 now" in await say(lin, "/quota pot limit:0")
        await order(ada, CLIP)
        log = await say(lin, "/admin log what:pot limit")
        assert "set what the pot pays a member a day to no limit (before: 3 credits)" in log
    assert await stage.service.database.read(audit) == ()


async def test_the_report_knows_the_roles_of_more_members_than_discord_tells_at_once(
    stage: Stage,
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:

        def strangers(connection: Connection) -> None:
            for number in range(1, 121):
                jobs.add(
                    connection,
                    make_record(
                        number,
                        guild_id=int(ada.guild_id),
                        user_id=number,
                        created_at=datetime.now(UTC),
                    ),
                )

        await stage.service.database.write(strangers)
        await finished_card(ada, await order(ada, CLIP))
        report = await (await lin.type("/admin report days:7")).reply()
        table = (await lin.download(report.attachments[1])).decode("utf-8-sig")
        rows = [(row["kind"], row["name"]) for row in csv.DictReader(io.StringIO(table))]
        assert ("member", "Ada") in rows
        assert ("role", "student") in rows
        assert ("member", "7") in rows
