"""A playground whose clock stands still, watched by the contract, and who acts on it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from bot.playground.clock import ManualClock
from bot.playground.exchange import Exchange
from bot.playground.member import Member
from bot.playground.server import Playground
from tests.bot.playground.openapi_contract import validate_exchange
from tests.bot.playground.practice_bot import PracticeBot
from tests.bot.playground.raw_bot import RawBot

Enter = Callable[..., Awaitable[Member]]
StartBot = Callable[[PracticeBot], Awaitable[None]]


@pytest.fixture
def clock() -> ManualClock:
    """Time that only a test moves."""
    return ManualClock()


@pytest.fixture
async def playground(clock: ManualClock) -> AsyncIterator[Playground]:
    """A playground on a free port."""
    async with Playground(clock=clock) as playground:
        playground.exchanges = validate_exchange
        yield playground


@pytest.fixture
def exchanges(playground: Playground) -> list[Exchange]:
    """Every request of the bot from here on; the contract goes on watching."""
    seen: list[Exchange] = []

    def see(exchange: Exchange) -> None:
        seen.append(exchange)
        validate_exchange(exchange)

    playground.exchanges = see
    return seen


@pytest.fixture
async def bot(playground: Playground) -> AsyncIterator[RawBot]:
    """A bot without a library, not connected to the gateway."""
    async with RawBot(playground) as bot:
        yield bot


@pytest.fixture
async def enter(playground: Playground) -> AsyncIterator[Enter]:
    """Opens members, and lets them leave when the test is over."""
    async with AsyncExitStack() as stack:

        async def open_member(
            name: str = "Ada", *, guild: str = "Study Hall", channel: str = "studio"
        ) -> Member:
            member = await Member.connect(playground.url, name=name, guild=guild, channel=channel)
            return await stack.enter_async_context(member)

        yield open_member


@pytest.fixture
async def start_bot(playground: Playground) -> AsyncIterator[StartBot]:
    """Starts bots made with discord.py, and stops them when the test is over."""
    async with AsyncExitStack() as stack:

        async def start(bot: PracticeBot) -> None:
            await stack.enter_async_context(bot.running_on(playground))

        yield start
