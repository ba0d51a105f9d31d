"""From an acknowledged interaction to an order, and back to a private answer.

Shared by the commands, reroll and remix, so that each checks the same things in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot.delivery import Delivery
from bot.errors import ChannelForbidden
from bot.moderators import asker_of
from bot.replies import answer, waiting_sentence
from bot.request_files import files_of
from bot.submission import Accepted, Order, Submission
from bot.text import credit_count
from generation.request import GenerationRequest
from storage.media_files import MediaFiles

NEEDED_PERMISSIONS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
}


class Ordering:
    def __init__(
        self, *, submission: Submission, delivery: Delivery, media_files: MediaFiles
    ) -> None:
        self._submission = submission
        self._delivery = delivery
        self._media_files = media_files

    async def order(
        self,
        interaction: discord.Interaction[Any],
        request: GenerationRequest,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        """Submits the request of a deferred interaction and answers privately.

        `files` are new uploads by SHA-256; what else the request names is in the media files.
        Raises ChannelForbidden and what `Submission.submit` raises.
        """
        check_channel(interaction)
        channel_id = interaction.channel_id
        assert interaction.guild_id is not None  # the command tree admits guilds only
        assert channel_id is not None
        files = await files_of(self._media_files, request, files)
        accepted = await self._submission.submit(
            Order(
                interaction_id=interaction.id,
                asker=asker_of(interaction),
                channel_id=channel_id,
                request=request,
                files=files,
            )
        )
        await answer(interaction, self._receipt(accepted))

    def _receipt(self, accepted: Accepted) -> str:
        standing = self._delivery.standing(accepted.record)
        where = (
            waiting_sentence(standing.place, standing.seconds_left, paused=standing.paused)
            if standing
            else "It started."
        )
        price = credit_count(accepted.record.price_credits)
        if accepted.record.relaxed:
            cost = (
                f"It costs {price} and you have {accepted.available_credits}, so it waits relaxed: "
                "free, and after everybody who pays."
            )
        elif accepted.from_pot:
            cost = (
                f"It costs {price} and you have {accepted.available_credits}; the server's pot "
                "pays it."
            )
        else:
            cost = f"{price} held, {accepted.available_credits} left."
        return f"Job `{accepted.record.id}` is in. {where} {cost}"


def check_channel(interaction: discord.Interaction[Any]) -> None:
    """Raises ChannelForbidden where the bot could not post a card with a clip."""
    granted = interaction.app_permissions
    missing = tuple(
        title for name, title in NEEDED_PERMISSIONS.items() if not getattr(granted, name)
    )
    if missing:
        raise ChannelForbidden(missing)
