"""What the journeys of moderators have in common."""

from __future__ import annotations

from bot.playground.member import Member
from tests.journeys.stage import Stage

CLIP = "/imagine-video prompt:a red circle"


async def say(member: Member, line: str) -> str:
    """What the bot answers to a line."""
    return (await (await member.type(line)).reply()).text


async def asked(member: Member, line: str, answer: str) -> str:
    """What the bot says once its question was answered with this button."""
    question = await (await member.type(line)).reply()
    await member.press(question, label=answer)
    changed = await member.wait_for_message(
        lambda message: message.id == question.id and not message.buttons
    )
    return changed.text


def role_id(stage: Stage, name: str) -> int:
    """Of a role in Study Hall."""
    guild = next(each for each in stage.service.client.guilds if each.name == "Study Hall")
    return next(role for role in guild.roles if role.name == name).id
