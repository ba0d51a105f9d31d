"""What prompts of a guild must not say: words as moderators typed them. How a text is held against
them is not storage's business."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from storage import moderation
from storage.moderation_errors import TooManyRules, UnknownWordRule

MOST_RULES = 200


@dataclass(frozen=True, kw_only=True)
class WordRule:
    """`words` stand one after the other in a text that breaks the rule."""

    id: str
    words: str
    set_by: int
    set_at: datetime


def add(
    connection: Connection, *, guild_id: int, rule_id: str, words: str, set_by: int, now: datetime
) -> bool:
    """False if there is a rule of these words. Raises TooManyRules."""
    known = rules(connection, guild_id=guild_id)
    if any(rule.words == words for rule in known):
        return False
    if len(known) >= MOST_RULES:
        raise TooManyRules(most=MOST_RULES)
    return moderation.change(
        connection,
        guild_id=guild_id,
        act="word_rule",
        subject=rule_id,
        after={"words": words},
        made_by=set_by,
        now=now,
    )


def remove(
    connection: Connection, *, guild_id: int, words: str, removed_by: int, now: datetime
) -> None:
    """Raises UnknownWordRule."""
    for rule in rules(connection, guild_id=guild_id):
        if rule.words == words:
            moderation.change(
                connection,
                guild_id=guild_id,
                act="word_rule",
                subject=rule.id,
                after=None,
                made_by=removed_by,
                now=now,
            )
            return
    raise UnknownWordRule(words=words)


def rules(connection: Connection, *, guild_id: int) -> tuple[WordRule, ...]:
    """Oldest first."""
    return tuple(
        WordRule(id=act.subject, words=act.after["words"], set_by=act.made_by, set_at=act.made_at)
        for act in moderation.in_force(connection, guild_id=guild_id, act="word_rule")
        if act.after
    )
