"""Whether the books are in order: what must always hold of transfers, accounts and jobs."""

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One thing that does not hold."""

    rule: str
    subject: str
    """The account or job it was found in."""
    detail: str


# Each query selects (subject, detail) of what breaks its rule, and so nothing when all is well.
_RULES = {
    "the sum of debits is the sum of credits": """
        SELECT 'all accounts', 'debits ' || debits || ', credits ' || credits
        FROM (SELECT SUM(debits_posted) AS debits, SUM(credits_posted) AS credits FROM accounts)
            AS sums
        WHERE debits <> credits
    """,
    "an account is the fold of its transfers": """
        SELECT id, 'stored ' || stored || ', from transfers ' || folded
        FROM (
            SELECT a.id,
                a.debits_posted || '/' || a.credits_posted || '/' || a.debits_pending AS stored,
                (SELECT COALESCE(SUM(t.amount_credits), 0) FROM transfers t
                    WHERE t.debit_account_id = a.id AND t.kind IN ('grant', 'move', 'settle'))
                || '/' ||
                (SELECT COALESCE(SUM(t.amount_credits), 0) FROM transfers t
                    WHERE t.credit_account_id = a.id AND t.kind IN ('grant', 'move', 'settle'))
                || '/' ||
                (SELECT COALESCE(SUM(t.amount_credits), 0) FROM transfers t
                    WHERE t.debit_account_id = a.id AND t.kind = 'reserve'
                    AND NOT EXISTS (SELECT 1 FROM transfers r WHERE r.pending_id = t.id)) AS folded
            FROM accounts a
        ) AS compared
        WHERE stored <> folded
    """,
    "a resolution is its reservation's, once and in full": """
        SELECT r.id, 'resolves ' || t.id
        FROM transfers r JOIN transfers t ON t.id = r.pending_id
        WHERE t.kind <> 'reserve' OR r.amount_credits <> t.amount_credits
            OR r.debit_account_id <> t.debit_account_id
            OR r.credit_account_id <> t.credit_account_id
            OR (SELECT COUNT(*) FROM transfers o WHERE o.pending_id = t.id) > 1
    """,
    "a job has a reservation of its price, and a reservation a job": """
        SELECT j.id, 'priced ' || j.price_credits || ', reserved '
            || COALESCE(CAST(t.amount_credits AS TEXT), 'nothing')
        FROM jobs j LEFT JOIN transfers t ON t.job_id = j.id AND t.kind = 'reserve'
        WHERE CASE WHEN j.relaxed = 1 THEN t.id IS NOT NULL
            ELSE t.id IS NULL OR t.amount_credits <> j.price_credits END
        UNION ALL
        SELECT t.job_id, 'reserved ' || t.amount_credits || ' without a job'
        FROM transfers t LEFT JOIN jobs j ON j.id = t.job_id
        WHERE t.kind = 'reserve' AND j.id IS NULL
    """,
    "success settles, failure and cancelling release, and nothing else does": """
        SELECT id, 'job ' || state || ', reservation ' || resolved
        FROM (
            SELECT j.id, j.state,
                COALESCE((SELECT r.kind FROM transfers r
                    WHERE r.job_id = j.id AND r.kind IN ('settle', 'release')), 'open') AS resolved,
                CASE WHEN j.relaxed = 1 THEN 'open'
                    WHEN j.state = 'succeeded' THEN 'settle'
                    WHEN j.state IN ('failed', 'cancelled', 'dead') THEN 'release'
                    ELSE 'open' END AS expected
            FROM jobs j
        ) AS compared
        WHERE resolved <> expected
    """,
    "what has ended is in the outbox, and nothing else is": """
        SELECT j.id, 'job ' || j.state || ', '
            || CASE WHEN d.job_id IS NULL THEN 'no delivery' ELSE 'delivery ' || d.state END
        FROM jobs j LEFT JOIN deliveries d ON d.job_id = j.id
        WHERE (j.finished_at IS NULL) <> (d.job_id IS NULL)
    """,
}


def audit(connection: Connection) -> tuple[Drift, ...]:
    """Everything that is not in order; empty when all of it is. Reads every transfer and job."""
    return tuple(
        Drift(rule=rule, subject=subject, detail=detail)
        for rule, query in _RULES.items()
        for subject, detail in connection.execute(text(query))
    )
