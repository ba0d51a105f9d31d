"""Whose turn it is: fair shares of the executor's seconds, between guilds and between users.

The rule, its bound and the proof are in `docs/fairness.md`. From below: `turns` (one level),
`lanes` (guilds, and the users of each), `order` (with slots, limits and the relaxed lane),
`queue` (what the dispatcher awaits).
"""
