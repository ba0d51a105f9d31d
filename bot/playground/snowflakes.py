"""Discord's ids: 42 bits of milliseconds since 2015, then 22 bits that make them unique."""

from datetime import UTC, datetime, timedelta

from bot.playground.clock import Clock

DISCORD_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)


class Snowflakes:
    """Hands out ids that grow, also within a millisecond and when the clock stands still."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """A new id, greater than every id before it."""
        milliseconds = (self._clock.now() - DISCORD_EPOCH) // timedelta(milliseconds=1)
        self._last = max(milliseconds << 22, self._last + 1)
        return str(self._last)


def created_at(snowflake: str) -> datetime:
    """When an id was handed out, to the millisecond."""
    return DISCORD_EPOCH + timedelta(milliseconds=int(snowflake) >> 22)
