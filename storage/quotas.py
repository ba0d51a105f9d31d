"""Daily allowances: whose rule counts for a member, and what a boost makes of it.

    member > role > channel > guild > the setting `credits.daily_allowance`

A rule for a member still counts after they had their data erased and came back, until moderators
set or clear one anew. Of the roles that a member holds the most generous rule counts, and of equal
ones the role with the least id. So there is one rule for everybody, in whatever order the rules
were made. What is cleared lets the next wider rule count again.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection

from storage import boosts, moderation, pseudonyms
from storage.boosts import Boost
from storage.errors import InvalidAllowance
from storage.posting import MAX_CREDITS
from storage.pseudonyms import is_pseudonym


class Scope(StrEnum):
    """For whom a rule is made, from the narrowest to the widest."""

    MEMBER = "member"
    ROLE = "role"
    CHANNEL = "channel"
    GUILD = "guild"


@dataclass(frozen=True, kw_only=True)
class QuotaRule:
    """A daily allowance that a moderator set."""

    scope: Scope
    subject_id: int
    """Of the member, role or channel; 0 for the guild."""
    daily_allowance_credits: int
    set_by: int
    set_at: datetime


@dataclass(frozen=True, kw_only=True)
class Asker:
    """A member with what decides about their quota; a thread counts as the channel it is in."""

    guild_id: int
    user_id: int
    role_ids: Collection[int] = ()
    channel_id: int | None = None
    """None where nothing is asked from a channel: then no channel's rule counts."""
    pseudonym: int | None = None
    """Of a member who had their data erased: rules for them that were made before still count."""


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A member's daily allowance, and why it is so."""

    allowance_credits: int
    base_credits: int
    """Before the boost."""
    rule: QuotaRule | None
    """None: the default of the settings."""
    overruled: tuple[QuotaRule, ...]
    """Rules for this member that a narrower or more generous one overrules, in their order."""
    boost: Boost | None


def set_rule(
    connection: Connection,
    *,
    guild_id: int,
    scope: Scope,
    subject_id: int,
    daily_allowance_credits: int,
    set_by: int,
    now: datetime,
) -> None:
    """Raises InvalidAllowance."""
    if not 0 <= daily_allowance_credits <= MAX_CREDITS:
        raise InvalidAllowance(daily_allowance_credits=daily_allowance_credits)
    moderation.change(
        connection,
        guild_id=guild_id,
        act="allowance",
        subject=_subject(scope, subject_id),
        after={"credits": daily_allowance_credits},
        made_by=set_by,
        now=now,
    )


def clear_rule(
    connection: Connection,
    *,
    guild_id: int,
    scope: Scope,
    subject_id: int,
    cleared_by: int,
    now: datetime,
) -> bool:
    """Let the next wider rule count again; False if nothing was set."""
    ids = [subject_id]
    if scope is Scope.MEMBER and (pseudonym := pseudonyms.former(connection, subject_id)):
        ids.append(pseudonym)
    cleared = [
        moderation.change(
            connection,
            guild_id=guild_id,
            act="allowance",
            subject=_subject(scope, each),
            after=None,
            made_by=cleared_by,
            now=now,
        )
        for each in ids
    ]
    return any(cleared)


def rules(connection: Connection, *, guild_id: int) -> tuple[QuotaRule, ...]:
    """All that are in force in a guild."""
    found: list[QuotaRule] = []
    for act in moderation.in_force(connection, guild_id=guild_id, act="allowance"):
        scope, _, subject_id = act.subject.partition(":")
        found.append(
            QuotaRule(
                scope=Scope(scope),
                subject_id=int(subject_id or 0),
                daily_allowance_credits=(act.after or {})["credits"],
                set_by=act.made_by,
                set_at=act.made_at,
            )
        )
    return tuple(found)


def in_order(known: Iterable[QuotaRule], asker: Asker) -> tuple[QuotaRule, ...]:
    """The rules for this member; the first one counts. The order of `known` does not matter."""
    concerned: dict[Scope, set[int | None]] = {
        Scope.MEMBER: {asker.user_id, asker.pseudonym},
        Scope.ROLE: set(asker.role_ids),
        Scope.CHANNEL: set() if asker.channel_id is None else {asker.channel_id},
        Scope.GUILD: {0},
    }
    narrowest_first = list(Scope)
    return tuple(
        sorted(
            (rule for rule in known if rule.subject_id in concerned[rule.scope]),
            key=lambda rule: (
                narrowest_first.index(rule.scope),
                is_pseudonym(rule.subject_id),
                -rule.daily_allowance_credits,
                rule.subject_id,
            ),
        )
    )


def quota(connection: Connection, asker: Asker, *, default_credits: int, now: datetime) -> Quota:
    """What the member's daily allowance is now, and why."""
    asker = replace(asker, pseudonym=pseudonyms.former(connection, asker.user_id))
    found = in_order(rules(connection, guild_id=asker.guild_id), asker)
    rule = found[0] if found else None
    base_credits = rule.daily_allowance_credits if rule else default_credits
    boost = boosts.boost_on(
        boosts.boosts(connection, guild_id=asker.guild_id), now.astimezone(UTC).date()
    )
    allowance = min(int(base_credits * boost.factor), MAX_CREDITS) if boost else base_credits
    return Quota(
        allowance_credits=allowance,
        base_credits=base_credits,
        rule=rule,
        overruled=found[1:],
        boost=boost,
    )


def _subject(scope: Scope, subject_id: int) -> str:
    return scope.value if scope is Scope.GUILD else f"{scope.value}:{subject_id}"
