"""Blocks, allowed channels, models and lengths, and words: refused before anything is charged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from structlog.testing import capture_logs

from bot.playground.member import Member
from bot.views.asked_once import Undoable, question_view
from bot.views.rules_pager import rules_view
from storage import word_rules
from storage.database import Connection
from tests.journeys.moderators import CLIP, say
from tests.journeys.scripted_executor import ScriptedExecutor
from tests.journeys.stage import Stage, card_of, credits_of, finished_card, order


async def refused(member: Member, line: str = CLIP) -> str:
    """What the member reads; asserts that nothing was charged."""
    before = await credits_of(member)
    answer = await say(member, line)
    assert " is in. " not in answer
    assert await credits_of(member) == before
    return answer


async def test_a_blocked_member_reads_why_and_until_when_and_cannot_remix_either(
    stage: Stage,
) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        card = await finished_card(ada, await order(ada, CLIP))
        await say(lin, "/admin block member:ada reason:too many of the same hours:2")
        answer = await refused(ada)
        assert "do not let you make clips here until <t:" in answer
        assert "too many of the same" in answer
        pressed = await (await ada.press(card, label="Reroll")).reply()
        assert "do not let you make clips" in pressed.text
        assert "too many of the same" in await say(lin, "/admin allowed")
        async with stage.member("Grace") as grace:
            await order(grace, CLIP)
        assert "may order clips again" in await say(lin, "/admin unblock member:ada")
        assert "is not blocked" in await say(lin, "/admin unblock member:ada")
        await order(ada, CLIP)
        log = await say(lin, "/admin log about:ada")
        assert f"blocked <@{ada.id}> until" in log
        assert f"lifted the block of <@{ada.id}>" in log


async def test_only_allowed_channels_models_lengths_and_prices_are_taken(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin", channel="showcase") as lin:
        assert "Channels: all" in await say(lin, "/admin allowed")
        await say(lin, f"/admin channels channel:{lin.channel_id}")
        assert f"in other channels only: <#{lin.channel_id}>" in await refused(ada)
        await say(lin, "/admin channels")
        assert "no model called" in await say(lin, "/admin models model:nosuch")
        assert "Models: pocket" in await say(lin, "/admin models model:pocket")
        await order(ada, CLIP)
        await say(lin, "/admin limits seconds:1")
        assert "at most 1 seconds; that is 2" in await refused(ada, f"{CLIP} duration:2")
        await say(lin, "/admin limits credits:1")
        assert "at most 1 credits; that costs 2" in await refused(ada, f"{CLIP} duration:2")
        assert "A clip at most: no limit" in await say(lin, "/admin limits")
        await order(ada, f"{CLIP} duration:2")


async def test_a_word_rule_is_tried_first_and_then_refuses_every_disguise(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        tried = await say(lin, "/admin rules test prompt:a class of grass words:ass")
        assert "would be let through" in tried
        tried = await say(lin, "/admin rules test prompt:an a$$ words:ass")
        assert "refused by the rule “ass”: it reads “a$$”" in tried
        await order(ada, "/imagine-video prompt:an ass")
        await say(lin, "/admin rules add words:ass")
        assert "There is a rule “ass” already" in await say(lin, "/admin rules add words:ass")
        assert "do not allow “ass”" in await refused(ada, "/imagine-video prompt:an аѕѕ")
        assert "do not allow “ass”" in await refused(
            ada, "/imagine-video prompt:a dog negative:an á.s.s"
        )
        await order(ada, "/imagine-video prompt:a class of grass")
        assert "ass" in await say(lin, "/admin rules list")
        assert "needs a letter" in await say(lin, "/admin rules add words:!!")
        assert "is removed" in await say(lin, "/admin rules remove words:ass")
        assert "There is no rule" in await say(lin, "/admin rules remove words:ass")
        await order(ada, "/imagine-video prompt:an ass")


async def test_what_may_not_be_ordered_is_not_previewed_either(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        preview = await (await ada.type("/price prompt:an ass -dur 2")).reply()
        await say(lin, "/admin rules add words:ass")
        assert "do not allow “ass”" in await say(ada, "/price prompt:an ass")
        pressed = await (await ada.press(preview, label="Generate")).reply()
        assert "do not allow “ass”" in pressed.text
        await say(lin, "/admin limits seconds:1")
        assert "at most 1 seconds" in await say(ada, "/price prompt:a circle -dur 2")
        await say(lin, "/admin limits")
        await say(lin, "/admin preview above:0")
        await say(lin, "/admin block member:ada reason:too many of the same hours:2")
        for line in ("/price prompt:a circle", CLIP):
            assert "too many of the same" in await refused(ada, line)


async def test_a_preview_tells_that_the_queue_is_paused(stage: Stage) -> None:
    async with stage.member("Ada") as ada, stage.member("Lin") as lin:
        await say(lin, "/admin pause")
        preview = await (await ada.type("/price prompt:a circle")).reply()
        assert "next, once moderators let the queue go on" in preview.text
        await order(lin, CLIP)
        assert "number 2 in the queue, once" in await say(ada, "/price prompt:a circle")
        reply = await (await ada.press(preview, label="Generate")).reply()
        assert "Moderators have paused the queue" in reply.text
        await say(lin, "/admin resume")
        assert (await finished_card(ada, reply.text.split("`")[1])).attachments


MODERATORS_COMMANDS = (
    "/quota set credits:5",
    "/quota clear",
    "/quota explain member:ada",
    "/quota reset member:ada",
    "/quota grant member:ada credits:5",
    "/quota pot credits:5",
    "/quota boost factor:2 first:2099-01-01 last:2099-01-02",
    "/quota boosts",
    "/quota end-boost boost:1",
    "/admin pause",
    "/admin drain",
    "/admin resume",
    "/admin clear",
    "/admin block member:lin reason:no",
    "/admin unblock member:ada",
    "/admin allowed",
    "/admin channels",
    "/admin models model:pocket",
    "/admin limits seconds:1",
    "/admin rules add words:circle",
    "/admin rules remove words:circle",
    "/admin rules list",
    "/admin rules test prompt:x",
    "/admin defaults set steps:8",
    "/admin defaults list",
    "/admin defaults clear",
    "/admin preview above:1",
    "/admin showcase channel:#showcase",
    "/admin log",
    "/admin report",
    "/admin review",
    "/admin takedown clip:abcdefghijklm reason:no",
    "/admin restore clip:abcdefghijklm",
)


async def test_a_student_s_every_attempt_is_refused_and_logged(stage: Stage) -> None:
    """Also where the client sends what it should hide, and where a button is pressed."""
    async with stage.member("Grace") as grace, stage.member("Lin") as lin:
        for group in ("quota", "admin"):
            stage.playground.permit(group, grace.id)
        with capture_logs() as logs:
            for line in MODERATORS_COMMANDS:
                assert "for moderators" in await say(grace, line), line
        attempts: list[dict[str, Any]] = [
            dict(entry) for entry in logs if entry["event"] == "refused"
        ]
        assert [entry["what"] for entry in attempts] == [
            " ".join(word for word in line.split() if ":" not in word)
            for line in MODERATORS_COMMANDS
        ]
        assert {entry["user_id"] for entry in attempts} == {int(grace.id)}
        assert "Nothing so far" in await say(lin, "/admin log")


async def test_a_student_who_presses_a_moderator_s_button_changes_nothing(
    stage: Stage, executor: ScriptedExecutor
) -> None:
    executor.hold()
    async with stage.member("Grace") as grace:
        running = await order(grace, CLIP)
        await card_of(grace, running, having="step 1 of 4")
        await order(grace, CLIP)
        channel = stage.service.client.get_partial_messageable(int(grace.channel_id))
        await channel.send("for all to see", view=question_view(Undoable.CLEAR_QUEUE))
        seen = await grace.wait_for_message(lambda message: "for all to see" in message.text)
        with capture_logs() as logs:
            pressed = await grace.press(seen, label="Clear the queue")
            assert "for moderators" in (await pressed.reply()).text
        assert [entry["what"] for entry in logs if entry["event"] == "refused"] == [
            "sure:clear-queue:"
        ]
        assert await credits_of(grace) == 96
        executor.let_go()


async def test_the_log_is_read_page_by_page_as_it_was_searched_for(stage: Stage) -> None:
    async with stage.member("Lin") as lin:
        await say(lin, "/quota set credits:9")
        for number in range(1, 13):
            await say(lin, f"/quota grant member:ada credits:{number} reason:number {number}.")
        first = await (await lin.type("/admin log what:grant about:ada days:1")).reply()
        assert "number 12." in first.text
        assert "number 2." not in first.text
        await lin.press(first, label="Older")
        second = await lin.wait_for_message(lambda message: "number 2." in message.text)
        assert "number 1." in second.text
        assert "daily allowance" not in second.text
        assert [button["label"] for button in second.buttons] == ["Newest"]
        await lin.press(second, label="Newest")
        await lin.wait_for_message(
            lambda message: message.id == first.id and "number 12." in message.text
        )


async def test_many_word_rules_are_read_page_by_page(stage: Stage) -> None:
    async with stage.member("Lin") as lin, stage.member("Grace") as grace:
        guild_id = int(lin.guild_id)

        def add_many(connection: Connection) -> None:
            for number in range(60):
                word_rules.add(
                    connection,
                    guild_id=guild_id,
                    rule_id=str(number),
                    words=f"word {number:02}",
                    set_by=int(lin.id),
                    now=datetime.now(UTC),
                )

        await stage.service.database.write(add_many)
        first = await (await lin.type("/admin rules list")).reply()
        assert "Word rules: 60" in first.text
        assert "word 24" in first.text
        assert "word 25" not in first.text
        await lin.press(first, label="Later")
        await lin.wait_for_message(lambda message: "word 49" in message.text)
        await lin.press(first, label="Later")
        last = await lin.wait_for_message(lambda message: "page 3 of 3" in message.text)
        assert "word 59" in last.text
        assert [button["label"] for button in last.buttons] == ["Earlier"]
        channel = stage.service.client.get_partial_messageable(int(grace.channel_id))
        await channel.send("for all to see", view=rules_view(earlier=1, later=None))
        seen = await grace.wait_for_message(lambda message: "for all to see" in message.text)
        pressed = await grace.press(seen, label="Earlier")
        assert "for moderators" in (await pressed.reply()).text


async def test_a_kind_of_act_is_offered_as_it_is_typed(stage: Stage) -> None:
    async with stage.member("Lin") as lin:
        offered = await lin.autocomplete("/admin log what:take", "what")
        assert offered == [{"name": "takedown", "value": "takedown"}]
        assert "no kind of act “nonsense”" in await say(lin, "/admin log what:nonsense")
