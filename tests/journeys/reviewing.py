"""What the journeys of reports, take-downs and appeals have in common."""

from __future__ import annotations

from bot.playground.member import Member
from bot.playground.seen_message import SeenMessage
from tests.journeys.stage import CLIP_SECONDS


async def report(member: Member, job_id: str, reason: str) -> str:
    card = await member.wait_for_message(
        lambda message: any(
            button.get("custom_id") == f"job:report:{job_id}" for button in message.buttons
        ),
        timeout_seconds=CLIP_SECONDS,
    )
    modal = await (await member.press(card, custom_id=f"job:report:{job_id}")).modal()
    return (await (await member.submit_modal(modal, {"reason": reason})).reply()).text


async def queue(moderator: Member) -> SeenMessage:
    return await (await moderator.type("/admin review")).reply()


async def filled(member: Member, message: SeenMessage, label: str, answers: dict[str, str]) -> str:
    """Presses, fills the form that opens, and returns the private answer."""
    modal = await (await member.press(message, label=label)).modal()
    before = {one.id for one in member.messages}
    await member.submit_modal(modal, answers)
    return (await member.wait_for_message(lambda one: one.id not in before and bool(one.text))).text


async def taken_down(member: Member, job_id: str, having: str = "Taken down") -> SeenMessage:
    """The card without its clip."""
    return await member.wait_for_message(
        lambda message: (
            f"job {job_id}" in message.text
            and having in message.text
            and not message.attachments
            and message.channel_id == member.channel_id
        ),
        timeout_seconds=CLIP_SECONDS,
    )


async def told(member: Member, words: str) -> SeenMessage:
    """What the bot wrote to the member alone."""
    return await member.wait_for_message(
        lambda message: words in message.text and message.channel_id != member.channel_id,
        timeout_seconds=CLIP_SECONDS,
    )


async def take_down(moderator: Member, job_id: str, reason: str = "not for school") -> str:
    sent = await moderator.type(f"/admin takedown clip:{job_id} reason:{reason}")
    return (await (await moderator.submit_modal(await sent.modal(), {})).reply()).text
