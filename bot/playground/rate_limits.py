"""Buckets of requests, with Discord's headers.

Discord publishes no limits for its routes and says not to hard-code any; those below are of
the size that bots meet in practice.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.playground.clock import Clock
from bot.playground.json_types import JsonObject

MANY_WINDOWS = 1000


@dataclass(frozen=True, kw_only=True)
class RouteLimit:
    """`requests` in each window of `per_seconds`, counted apart for each major parameter."""

    name: str
    requests: int
    per_seconds: float


@dataclass(kw_only=True)
class _Window:
    opened_at: datetime
    used: int


class RateLimited(Exception):
    """Too many requests; `body` and `headers` make the 429 that clients obey."""

    def __init__(self, retry_after_seconds: float, headers: dict[str, str], *, scope: str) -> None:
        super().__init__(f"retry after {retry_after_seconds} s")
        self.body: JsonObject = {
            "message": "You are being rate limited.",
            "retry_after": round(retry_after_seconds, 3),
            "global": scope == "global",
            "code": 0,
        }
        # Without Via, discord.py takes a 429 for a ban by Cloudflare and gives up.
        self.headers = headers | {
            "Retry-After": str(math.ceil(retry_after_seconds)),
            "Via": "1.1 playground",
            "X-RateLimit-Scope": scope,
        }
        if scope == "global":
            self.headers["X-RateLimit-Global"] = "true"


class RateLimits:
    """Counts the bot's requests, by the clock."""

    def __init__(self, clock: Clock, *, global_requests_per_second: int = 50) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._overall = RouteLimit(
            name="overall", requests=global_requests_per_second, per_seconds=1.0
        )

    def count(self, limit: RouteLimit | None, major: str, *, exempt: bool) -> dict[str, str]:
        """Count one request and return its X-RateLimit headers.

        `exempt` requests (interaction endpoints) do not count towards the overall limit.
        Raises RateLimited when the bucket, or the overall limit, is used up.
        """
        if not exempt:
            self._use(self._overall, "", scope="global")
        return self._use(limit, major, scope="user") if limit else {}

    def _use(self, limit: RouteLimit, major: str, *, scope: str) -> dict[str, str]:
        now = self._clock.now()
        key = f"{limit.name}:{major}"
        window = self._windows.get(key)
        length = timedelta(seconds=limit.per_seconds)
        if window is None or now - window.opened_at >= length:
            window = self._windows[key] = _Window(opened_at=now, used=0)
            self._forget_old_windows(now)
        ends = window.opened_at + length
        headers = {
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Remaining": str(max(0, limit.requests - window.used - 1)),
            "X-RateLimit-Reset": f"{ends.timestamp():.3f}",
            "X-RateLimit-Reset-After": f"{(ends - now).total_seconds():.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(limit.name.encode()).hexdigest()[:32],
        }
        if window.used >= limit.requests:
            visible = {} if scope == "global" else headers
            raise RateLimited((ends - now).total_seconds(), visible, scope=scope)
        window.used += 1
        return headers

    def _forget_old_windows(self, now: datetime) -> None:
        """Every interaction has buckets of its own; none is of use for more than a minute."""
        if len(self._windows) > MANY_WINDOWS:
            young = now - timedelta(minutes=1)
            self._windows = {k: w for k, w in self._windows.items() if w.opened_at > young}
