"""What every table holds of members, and what an erasure makes of it: the one list of both.

A row is a member's where one of its `owners` is their id, or its `of_jobs` names a job of theirs
(of transfers, where one of `of_accounts` is an account of theirs).
The rows of a table are either deleted, or kept without whose they are and what was said in them. A
test holds every column of the schema against this list: a new one must be placed here, and so is
exported and erased like the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ERASED = "(erased)"
NO_FILE = "0" * 64
"""The hash of no file, where a row must have one."""

NUMBERS_AN_EVENT = "numbers an event; says nothing about a person without Discord's own records"
PLACE = "a place, not a person"
BOOKS = "what the books are made of"
MACHINE = "how the machinery works"
SETTING = "a setting of the server"


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One table.

    `owners`, `of_jobs` and `of_accounts` say which rows are a member's. Deleted rows need no more.
    Of rows that are kept, `pseudonyms` are columns whose id is replaced (in others' rows too, where
    the member did something there), `emptied` are those whose content is replaced, and what it is
    replaced by; `rewritten` are changed by code of their own (`storage/erasing.py`). `kept` says
    of each other column why it may stay.
    """

    owners: tuple[str, ...] = ()
    of_jobs: str | None = None
    of_accounts: tuple[str, ...] = ()
    deleted: bool = False
    pseudonyms: tuple[str, ...] = ()
    emptied: Mapping[str, object] = field(default_factory=dict[str, object])
    rewritten: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict[str, str])


def _kept(reason: str, *columns: str) -> dict[str, str]:
    return dict.fromkeys(columns, reason)


_LEDGER = {
    "accounts": Holding(
        owners=("user_id",),
        rewritten=("id", "user_id"),
        kept=_kept(
            BOOKS,
            "kind",
            "guild_id",
            "debits_posted",
            "credits_posted",
            "debits_pending",
            "refilled_day",
            "refilled_to",
        ),
    ),
    "transfers": Holding(
        of_accounts=("debit_account_id", "credit_account_id"),
        rewritten=("id", "pending_id", "debit_account_id", "credit_account_id", "reason"),
        pseudonyms=("made_by",),
        kept=_kept(BOOKS, "sequence", "kind", "amount_credits", "job_id", "made_at"),
    ),
}

_JOBS = {
    "jobs": Holding(
        owners=("user_id",),
        pseudonyms=("user_id",),
        emptied={
            "request_json": "{}",
            "error_text": None,
            "card_message_id": None,
            "private": True,
        },
        rewritten=("clip_json", "clip_sha256"),
        kept={
            **_kept(
                BOOKS,
                "sequence",
                "id",
                "command",
                "model",
                "price_credits",
                "state",
                "created_at",
                "started_at",
                "finished_at",
                "relaxed",
            ),
            **_kept(NUMBERS_AN_EVENT, "interaction_id"),
            **_kept(PLACE, "guild_id", "channel_id"),
            **_kept("whose remix it is, without a word of it", "parent_job_id", "requeued_as"),
            **_kept(
                MACHINE,
                "attempt",
                "error_code",
                "lease_until",
                "not_before",
                "faults",
                "worker_kills",
                "cancel_requested",
                "spare_memory",
            ),
        },
    ),
    "deliveries": Holding(
        of_jobs="job_id",
        emptied={"message_id": None},
        rewritten=("state", "sending_since", "problem", "ended_at"),
        kept={
            **_kept(BOOKS, "job_id"),
            **_kept(MACHINE, "nonce", "attempts", "next_attempt_at"),
        },
    ),
}

_GALLERY = {
    "gallery_entries": Holding(owners=("author_id",), of_jobs="job_id", deleted=True),
    "gallery_withheld": Holding(owners=("author_id",), of_jobs="job_id", deleted=True),
    "likes": Holding(owners=("user_id",), of_jobs="job_id", deleted=True),
    "showcase_posts": Holding(
        of_jobs="job_id",
        rewritten=("ended",),
        kept={
            **_kept(BOOKS, "job_id", "lifted_at", "attempted"),
            **_kept(PLACE, "guild_id", "channel_id"),
            **_kept("until the showcase has deleted the message", "message_id"),
        },
    ),
    # Whose searches they are is not known: an erasure deletes all of them.
    "gallery_searches": Holding(rewritten=("id", "chosen_json", "used_at")),
    "offers": Holding(owners=("user_id",), deleted=True),
}

_CHOSEN = {
    "preferences": Holding(owners=("user_id",), deleted=True),
    "option_sets": Holding(owners=("user_id",), deleted=True),
    "finish_notices": Holding(owners=("user_id",), of_jobs="job_id", deleted=True),
}

_THEMES = {
    "themes": Holding(
        owners=("opened_by",),
        pseudonyms=("opened_by",),
        kept=_kept(
            "a moderator's announcement",
            "id",
            "interaction_id",
            "guild_id",
            "channel_id",
            "thread_id",
            "title",
            "rules",
            "phase",
            "opened_at",
            "entering_ends",
            "voting_seconds",
            "voting_ends",
            "ended_at",
            "pot_credits",
            "shown_phase",
            "settled",
        ),
    ),
    # Those of themes that are open to entries are withdrawn; of later ones the clip is taken down.
    "theme_entries": Holding(
        owners=("user_id",),
        pseudonyms=("user_id",),
        rewritten=("dropped",),
        kept=_kept(
            "how a theme ended", "theme_id", "job_id", "entered_at", "number", "votes", "won"
        ),
    ),
    "theme_votes": Holding(owners=("voter_id",), deleted=True),
    "theme_posts": Holding(
        kept=_kept(
            "says nothing about a member; the clip's message is taken down",
            "theme_id",
            "kind",
            "number",
            "attempted",
            "message_id",
            "ended",
            "closed",
        )
    ),
}

_ARENA = {
    "comparisons": Holding(
        owners=("user_id",),
        pseudonyms=("user_id", "revealed_by"),
        emptied={"message_id": None},
        rewritten=("state", "shown_state", "ended_at", "problem"),
        kept={
            **_kept(
                "what the votes of others were about",
                "id",
                "job_a_id",
                "job_b_id",
                "contender_a",
                "contender_b",
                "uniform",
                "made_at",
            ),
            **_kept(NUMBERS_AN_EVENT, "interaction_id"),
            **_kept(PLACE, "guild_id", "channel_id"),
        },
    ),
    "votes": Holding(owners=("user_id",), deleted=True),
}

_MODERATION = {
    "reviews": Holding(of_jobs="job_id", pseudonyms=("changed_by",), deleted=True),
    "review_announcements": Holding(
        kept=_kept(
            "how many clips wait for moderators",
            "guild_id",
            "channel_id",
            "message_id",
            "posted_at",
            "asked_sequence",
            "waiting",
        )
    ),
    "moderator_log": Holding(
        owners=("made_by",),
        of_jobs="subject",
        pseudonyms=("made_by",),
        rewritten=("subject", "before_json", "after_json", "detail"),
        kept=_kept(SETTING, "sequence", "guild_id", "act", "made_at"),
    ),
}

_PRIVACY = {
    "pseudonym_keys": Holding(kept=_kept("makes the pseudonyms", "id", "key_hex")),
    "erasures": Holding(
        owners=("user_id",),
        rewritten=("user_id", "erased_at", "finished_at"),
        kept=_kept("that somebody had their data erased", "id", "pseudonym", "asked_at"),
    ),
    "erasure_messages": Holding(
        kept=_kept("until the message is deleted", "message_id", "erasure_id", "channel_id")
    ),
    "erasure_searches": Holding(
        kept=_kept(
            "until the message is found and deleted, or known not to be there",
            "erasure_id",
            "shows",
            "channel_id",
            "interaction_id",
            "direct",
        )
    ),
    "erasure_files": Holding(kept=_kept("until the file is deleted", "erasure_id", "sha256")),
    "exports": Holding(owners=("user_id",), deleted=True),
}

HOLDINGS: Mapping[str, Holding] = {
    **_LEDGER,
    **_JOBS,
    **_GALLERY,
    **_CHOSEN,
    **_THEMES,
    **_ARENA,
    **_MODERATION,
    **_PRIVACY,
}
"""By the name of the table."""
