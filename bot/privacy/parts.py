"""What the composition root opens of this folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.channel_messages import ChannelMessages
from bot.delivery import Delivery
from bot.finished_cards import FinishedCards
from bot.privacy.erasing import SWEEP_SECONDS, Erasing
from bot.privacy.exporting import Exporting
from bot.rounds import Rounds
from config.settings import Settings
from generation.dispatcher import Dispatcher
from storage.database import Database
from storage.media_files import MediaFiles


@dataclass(frozen=True, kw_only=True, slots=True)
class Privacy:
    """What members are sent of their own, and what is erased."""

    exporting: Exporting
    erasing: Erasing

    async def start(self, rounds: Rounds) -> None:
        """Goes on with what an earlier process did not live to end."""
        await self.exporting.resume()
        rounds.every(SWEEP_SECONDS, "erasures", self.erasing.sweep, at_once=True)


def open_privacy(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    database: Database,
    media_files: MediaFiles,
    messages: ChannelMessages,
    delivery: Delivery,
    cards: FinishedCards,
    dispatcher: Dispatcher,
    take_down: Sequence[Callable[[], Awaitable[object]]],
    at_rest: Sequence[Callable[[], Awaitable[object]]],
) -> Privacy:
    """Closed with the stack."""
    exporting = Exporting(
        database=database,
        media_files=media_files,
        messages=messages,
        folder=settings.storage.exports_folder,
        attachment_bytes=settings.delivery.attachment_bytes,
    )
    stack.push_async_callback(exporting.close)
    erasing = Erasing(
        database=database,
        media_files=media_files,
        dispatcher=dispatcher,
        delivery=delivery,
        cards=cards,
        messages=messages,
        forget_export=exporting.forget,
        take_down=take_down,
        at_rest=at_rest,
    )
    return Privacy(exporting=exporting, erasing=erasing)
