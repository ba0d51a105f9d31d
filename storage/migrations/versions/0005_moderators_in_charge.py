"""One log for everything that moderators do, pots of credits, and how far a day has refilled.

What two lists and the ledger told of moderators so far becomes rows of the one log. SQLite cannot
change a CHECK, so its accounts and transfers are built anew, as jobs were in 0002.
"""

# The names that are put into a statement are constants of this file.
# ruff: noqa: S608

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

LARGE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ACTS = (
    "act IN ('relaxed', 'role_grant', 'requeue', 'allowance', 'grant', 'reset', 'pot', 'boost',"
    " 'queue', 'clear_queue', 'block', 'channels', 'models', 'limits', 'word_rule', 'preview',"
    " 'showcase', 'report')"
)
ACCOUNT_CHECKS = {
    "kind_is_known": "kind IN ('bank', 'user', 'pot')",
    "available_is_not_negative": "kind = 'bank'"
    " OR credits_posted - debits_posted - debits_pending >= 0",
}
TRANSFER_CHECKS = {
    "kind_is_known": "kind IN ('grant', 'move', 'reserve', 'settle', 'release')",
    "only_holds_have_jobs": "(kind IN ('grant', 'move')) = (job_id IS NULL)",
}
ACCOUNT_COLUMNS = (
    "id, kind, guild_id, user_id, debits_posted, credits_posted, debits_pending, refilled_day"
)
TRANSFER_COLUMNS = (
    "sequence, id, kind, pending_id, debit_account_id, credit_account_id, amount_credits, job_id,"
    " reason, made_by, made_at"
)

Row = dict[str, Any]


def upgrade() -> None:
    rows = sorted(
        (*_acts(), *_allowances(), *_grants()), key=lambda row: (row["made_at"], row["guild_id"])
    )
    log = _create_log()
    if rows:
        op.bulk_insert(log, rows)
    _make_append_only("moderator_log")
    for table in ("moderator_acts", "quota_changes"):
        op.drop_table(table)
        if _on_postgresql():
            op.execute(f"DROP FUNCTION {table}_forbid_change()")
    if _on_postgresql():
        _alter_ledger()
    else:
        _rebuild_ledger()


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _create_log() -> sa.Table:
    log = op.create_table(
        "moderator_log",
        sa.Column("sequence", LARGE, autoincrement=True, nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before_json", sa.Text(), nullable=True),
        sa.Column("after_json", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("made_by", LARGE, nullable=False),
        sa.Column("made_at", LARGE, nullable=False),
        sa.CheckConstraint(ACTS, name="act_is_known"),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_strict=True,
    )
    op.create_index("log_by_subject", "moderator_log", ["guild_id", "act", "subject", "sequence"])
    op.create_index("log_by_time", "moderator_log", ["guild_id", "sequence"])
    return log


def _acts() -> Iterator[Row]:
    """What moderators set and did, but for allowances and grants; and what members reported."""
    newest: dict[tuple[int, str, str], str | None] = {}
    for old in _read("SELECT * FROM moderator_acts ORDER BY sequence"):
        match old["act"]:
            case "relaxed":
                after = {"allowed": bool(old["value"])}
            case "role_grant":
                after = {"credits": old["value"], "window": old["detail"]} if old["value"] else None
            case "preview":
                after = {"credits": old["value"]}
            case "showcase":
                likes = old["value"]
                after = {"likes": likes, "channel": int(old["detail"])} if likes else None
            case "report":
                after = None
            case _:
                after = {"job": old["detail"]}
        row = _row(newest, old, old["act"], old["subject"], after, old["made_by"], old["made_at"])
        yield {**row, "detail": old["detail"]} if old["act"] == "report" else row


def _allowances() -> Iterator[Row]:
    newest: dict[tuple[int, str, str], str | None] = {}
    for old in _read("SELECT * FROM quota_changes ORDER BY sequence"):
        subject = "guild" if old["user_id"] is None else f"member:{old['user_id']}"
        credits_ = old["daily_allowance_credits"]
        after = None if credits_ is None else {"credits": credits_}
        yield _row(newest, old, "allowance", subject, after, old["changed_by"], old["changed_at"])


def _row(
    newest: dict[tuple[int, str, str], str | None],
    old: sa.RowMapping,
    act: str,
    subject: str,
    after: Row | None,
    made_by: int,
    made_at: int,
) -> Row:
    """The row in the log, `newest` then holding what it set."""
    key = (old["guild_id"], act, subject)
    before = newest.get(key)
    newest[key] = after_json = None if after is None else json.dumps(after, sort_keys=True)
    return {
        "guild_id": old["guild_id"],
        "act": act,
        "subject": subject,
        "before_json": before,
        "after_json": after_json,
        "detail": "",
        "made_by": made_by,
        "made_at": made_at,
    }


def _grants() -> Iterator[Row]:
    """What moderators gave, with what could be spent before it: the fold of earlier transfers."""
    available = (
        "SELECT COALESCE(SUM(CASE WHEN e.kind IN ('grant', 'release') THEN e.amount_credits"
        " WHEN e.kind = 'reserve' THEN -e.amount_credits ELSE 0 END), 0) FROM transfers e"
        " WHERE e.sequence < t.sequence AND t.credit_account_id"
        " IN (e.debit_account_id, e.credit_account_id)"
    )
    for old in _read(
        f"SELECT t.*, a.guild_id, a.user_id, ({available}) AS available FROM transfers t"
        " JOIN accounts a ON a.id = t.credit_account_id WHERE t.kind = 'grant'"
        " AND t.made_by IS NOT NULL AND t.id NOT LIKE 'grant:role:%' ORDER BY t.sequence"
    ):
        before = int(old["available"])
        yield {
            "guild_id": old["guild_id"],
            "act": "grant",
            "subject": f"member:{old['user_id']}",
            "before_json": json.dumps({"credits": before}),
            "after_json": json.dumps({"credits": before + old["amount_credits"]}),
            "detail": old["reason"] or "",
            "made_by": old["made_by"],
            "made_at": old["made_at"],
        }


def _read(query: str) -> list[sa.RowMapping]:
    return list(op.get_bind().execute(sa.text(query)).mappings())


def _make_append_only(table: str) -> None:
    if _on_postgresql():
        op.execute(
            f"CREATE FUNCTION {table}_forbid_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = '23000'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_forbid_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_forbid_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_forbid_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _alter_ledger() -> None:
    op.add_column("accounts", sa.Column("refilled_to", LARGE, nullable=True))
    for name, condition in ACCOUNT_CHECKS.items():
        op.drop_constraint(name, "accounts", type_="check")
        op.create_check_constraint(name, "accounts", condition)
    op.drop_constraint("kind_is_known", "transfers", type_="check")
    op.drop_constraint("all_but_grants_have_jobs", "transfers", type_="check")
    for name, condition in TRANSFER_CHECKS.items():
        op.create_check_constraint(name, "transfers", condition)


def _rebuild_ledger() -> None:
    op.create_table(
        "accounts_anew",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("guild_id", LARGE, nullable=False),
        sa.Column("user_id", LARGE, nullable=True),
        sa.Column("debits_posted", LARGE, nullable=False),
        sa.Column("credits_posted", LARGE, nullable=False),
        sa.Column("debits_pending", LARGE, nullable=False),
        sa.Column("refilled_day", sa.Text(), nullable=True),
        sa.Column("refilled_to", LARGE, nullable=True),
        sa.CheckConstraint("(kind = 'user') = (user_id IS NOT NULL)", name="users_have_ids"),
        sa.CheckConstraint(
            "debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0",
            name="sums_are_not_negative",
        ),
        *(sa.CheckConstraint(condition, name=name) for name, condition in ACCOUNT_CHECKS.items()),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.execute(
        f"INSERT INTO accounts_anew ({ACCOUNT_COLUMNS}) SELECT {ACCOUNT_COLUMNS} FROM accounts"
    )
    op.create_table(
        "transfers_anew",
        sa.Column("sequence", LARGE, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("pending_id", sa.Text(), nullable=True),
        sa.Column("debit_account_id", sa.Text(), nullable=False),
        sa.Column("credit_account_id", sa.Text(), nullable=False),
        sa.Column("amount_credits", LARGE, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("made_by", LARGE, nullable=True),
        sa.Column("made_at", LARGE, nullable=False),
        sa.CheckConstraint(
            "(kind IN ('settle', 'release')) = (pending_id IS NOT NULL)",
            name="resolutions_have_holds",
        ),
        sa.CheckConstraint("amount_credits > 0", name="amount_is_positive"),
        sa.CheckConstraint("debit_account_id <> credit_account_id", name="sides_differ"),
        *(sa.CheckConstraint(condition, name=name) for name, condition in TRANSFER_CHECKS.items()),
        sa.ForeignKeyConstraint(["pending_id"], ["transfers.id"]),
        sa.ForeignKeyConstraint(["debit_account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["credit_account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
        sqlite_strict=True,
    )
    op.execute(
        f"INSERT INTO transfers_anew ({TRANSFER_COLUMNS}) SELECT {TRANSFER_COLUMNS} FROM transfers"
    )
    for table in ("transfers", "accounts"):
        op.drop_table(table)
        op.rename_table(f"{table}_anew", table)
    op.create_index("one_resolution_a_reservation", "transfers", ["pending_id"], unique=True)
    op.create_index("transfers_by_debit_account", "transfers", ["debit_account_id", "sequence"])
    op.create_index("transfers_by_credit_account", "transfers", ["credit_account_id", "sequence"])
    op.create_index("transfers_by_job", "transfers", ["job_id"])
    _make_append_only("transfers")
