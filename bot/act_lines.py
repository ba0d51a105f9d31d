"""An act of the moderators' log as a line that one reads."""

from __future__ import annotations

from collections.abc import Callable

import discord

from bot.text import as_code, credit_count, mention
from storage.moderation import Act, ActKind, Facts
from storage.option_defaults import WHOLE_GUILD


def act_line(act: Act) -> str:
    """When, who, what, and what was there before."""
    when = discord.utils.format_dt(act.made_at, "R")
    return f"{when} {mention(act.made_by)} {_LINES[act.act](act)}"


def subject_words(subject: str) -> str:
    """`member:5` as a mention."""
    kind, _, subject_id = subject.partition(":")
    match kind:
        case "member":
            return mention(int(subject_id))
        case "role":
            return f"<@&{subject_id}>"
        case "channel":
            return f"<#{subject_id}>"
        case _:
            return "everybody"


def _relaxed(act: Act) -> str:
    was, is_ = (bool(facts and facts["allowed"]) for facts in (act.before, act.after))
    words = {True: "open", False: "closed"}
    return f"{'opened' if is_ else 'closed'} the relaxed lane (it was {words[was]})"


def _role_grant(act: Act) -> str:
    role = f"<@&{act.subject}>"
    if act.after is None:
        return f"ended what {role} brings (before: {_brings(act.before)})"
    return f"gave {role} {_brings(act.after)} (before: {_brings(act.before)})"


def _brings(facts: Facts | None) -> str:
    return f"{credit_count(facts['credits'])} a {facts['window']}" if facts else "nothing"


def _requeue(act: Act) -> str:
    return f"tried dead job `{act.subject}` again as `{(act.after or {})['job']}`"


def _allowance(act: Act) -> str:
    whose = "everybody's default" if act.subject == "guild" else f"{subject_words(act.subject)}'s"
    was = "not set" if act.before is None else credit_count(act.before["credits"])
    if act.after is None:
        return f"cleared {whose} daily allowance (before: {was})"
    return f"set {whose} daily allowance to {credit_count(act.after['credits'])} (before: {was})"


def _grant(act: Act) -> str:
    before, after = _credits(act)
    return (
        f"granted {subject_words(act.subject)} {credit_count(after - before)}, from {before} to "
        f"{after}{_reason(act)}"
    )


def _reset(act: Act) -> str:
    before, after = _credits(act)
    return (
        f"reset {subject_words(act.subject)} from {before} to {credit_count(after)}{_reason(act)}"
    )


def _pot(act: Act) -> str:
    before, after = _credits(act)
    source = f" of {subject_words(act.subject)}'s" if act.subject else ""
    return (
        f"put {credit_count(after - before)}{source} into the pot, from {before} to {after}"
        f"{_reason(act)}"
    )


def _boost(act: Act) -> str:
    facts = act.after or act.before or {}
    name = discord.utils.escape_markdown(facts["name"])
    words = f"“{name}” (×{facts['factor']:g} from {facts['first_day']} to {facts['last_day']})"
    return f"ended the boost {words}" if act.after is None else f"set the boost {words}"


def _queue(act: Act) -> str:
    was, is_ = (facts["state"] if facts else "open" for facts in (act.before, act.after))
    verbs = {"open": "let the queue go on", "paused": "paused the queue"}
    return f"{verbs.get(is_, 'let the queue drain')} (it was {was})"


def _clear_queue(act: Act) -> str:
    jobs = (act.before or {})["waiting"]
    given_back = (act.before or {})["credits"]
    return f"cleared the queue of {jobs} jobs; {credit_count(given_back)} went back"


def _block(act: Act) -> str:
    whom = subject_words(act.subject)
    if act.after is None:
        return f"lifted the block of {whom}"
    until = f"until {act.after['until'][:16]} UTC" if act.after["until"] else "until it is lifted"
    changed = ", who was blocked already," if act.before else ""
    return f"blocked {whom}{changed} {until}{_reason(act)}"


def _channels(act: Act) -> str:
    was, is_ = (
        ", ".join(f"<#{each}>" for each in facts["ids"]) if facts else "all"
        for facts in (act.before, act.after)
    )
    return f"allowed these channels: {is_} (before: {was})"


def _models(act: Act) -> str:
    was, is_ = (", ".join(facts["names"]) if facts else "all" for facts in (act.before, act.after))
    return f"allowed these models: {is_} (before: {was})"


def _limits(act: Act) -> str:
    was, is_ = (limit_words(facts) for facts in (act.before, act.after))
    return f"limited clips to {is_} (before: {was})"


def limit_words(facts: Facts | None) -> str:
    """`8 s, 10 credits`, or that there is no limit."""
    parts: list[str] = []
    if facts and facts.get("seconds") is not None:
        parts.append(f"{facts['seconds']:g} s")
    if facts and facts.get("credits") is not None:
        parts.append(credit_count(facts["credits"]))
    return ", ".join(parts) or "no limit"


def _word_rule(act: Act) -> str:
    facts = act.after or act.before or {}
    words = discord.utils.escape_markdown(facts["words"])
    return f"{'added' if act.after else 'removed'} the word rule “{words}”"


def _preview(act: Act) -> str:
    was = "the default" if act.before is None else credit_count(act.before["credits"])
    above = credit_count((act.after or {})["credits"])
    return f"previews what costs more than {above} (before: {was})"


def _showcase(act: Act) -> str:
    was, is_ = (
        f"in <#{facts['channel']}> from {facts['likes']} likes on" if facts else "off"
        for facts in (act.before, act.after)
    )
    return f"set the showcase {is_} (before: {was})"


def _theme(act: Act) -> str:
    facts = act.after or {}
    title = f"“{discord.utils.escape_markdown(facts['title'])}”"
    pot = f" with a pot of {credit_count(facts['pot'])}" if facts["pot"] else ""
    was = (act.before or {}).get("phase")
    match facts["phase"]:
        case "entering":
            return f"opened the theme {title}{pot}"
        case "voting":
            return f"began the vote on the theme {title}"
        case "cancelled":
            return f"cancelled the theme {title} (it was {was})"
        case _:
            return f"ended the theme {title} (it was {was})"


def _report(act: Act) -> str:
    return f"reported job `{act.subject}`: {discord.utils.escape_markdown(act.detail)}"


def _reveal(act: Act) -> str:
    asker = (act.before or {})["asker"]
    return f"revealed <@{asker}>'s comparison `{act.subject}`, which ended its votes"


def _dismiss(act: Act) -> str:
    count = (act.before or {})["reports"]
    return f"dismissed {count} report{'' if count == 1 else 's'} of job `{act.subject}`"


def _takedown(act: Act) -> str:
    facts = act.before or {}
    shared = f", shared and liked by {facts['likes']}" if "likes" in facts else ""
    return (
        f"took down job `{act.subject}` (before: {_REVIEWS[facts['state']]}, reports: "
        f"{facts['reports']}{shared}){_reason(act)}"
    )


def _appeal(act: Act) -> str:
    return (
        f"appealed the take-down of job `{act.subject}`: "
        f"{discord.utils.escape_markdown(act.detail[:300])}"
    )


def _uphold(act: Act) -> str:
    return f"refused the appeal for job `{act.subject}`{_reason(act)}"


def _restore(act: Act) -> str:
    return f"restored job `{act.subject}` (before: {_REVIEWS[(act.before or {})['state']]})"


_REVIEWS = {
    "reported": "reported",
    "closed": "not under review",
    "down": "taken down",
    "appealed": "taken down and appealed",
    "upheld": "taken down, the appeal refused",
}


def _review_channel(act: Act) -> str:
    was, is_ = (
        f"in <#{facts['channel']}>" if facts else "nowhere" for facts in (act.before, act.after)
    )
    return f"lets reports be announced {is_} (before: {was})"


def _pot_limit(act: Act) -> str:
    was, is_ = (
        credit_count(facts["credits"]) if facts else "no limit" for facts in (act.before, act.after)
    )
    return f"set what the pot pays a member a day to {is_} (before: {was})"


def _defaults(act: Act) -> str:
    where = "every channel" if act.subject == WHOLE_GUILD else subject_words(act.subject)
    was, is_ = (_options(facts) for facts in (act.before, act.after))
    return f"set the default options of {where} to {is_} (before: {was})"


def _options(facts: Facts | None) -> str:
    if facts is None:
        return "none"
    line = as_code(facts.get("options", ""), 200)
    private = {True: "private", False: "not private", None: ""}[facts.get("private")]
    return ", ".join(part for part in (line, private) if part)


def _credits(act: Act) -> tuple[int, int]:
    before, after = act.before or {}, act.after or {}
    return before["credits"], after["credits"]


def _reason(act: Act) -> str:
    return f" ({discord.utils.escape_markdown(act.detail)})" if act.detail else ""


_LINES: dict[ActKind, Callable[[Act], str]] = {
    "relaxed": _relaxed,
    "role_grant": _role_grant,
    "requeue": _requeue,
    "allowance": _allowance,
    "grant": _grant,
    "reset": _reset,
    "pot": _pot,
    "boost": _boost,
    "queue": _queue,
    "clear_queue": _clear_queue,
    "block": _block,
    "channels": _channels,
    "models": _models,
    "limits": _limits,
    "word_rule": _word_rule,
    "preview": _preview,
    "showcase": _showcase,
    "report": _report,
    "reveal": _reveal,
    "dismiss": _dismiss,
    "takedown": _takedown,
    "appeal": _appeal,
    "uphold": _uphold,
    "restore": _restore,
    "review_channel": _review_channel,
    "pot_limit": _pot_limit,
    "defaults": _defaults,
    "theme": _theme,
}
