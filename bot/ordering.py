"""From an acknowledged interaction to an order, and back to a private answer.

Shared by the commands and the buttons, so that each checks the same things in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import discord

from bot.card import Standing
from bot.delivery import Delivery
from bot.errors import ChannelForbidden, NotAllowed
from bot.job_id import job_id_for
from bot.moderators import asker_of
from bot.order import Order, job_for
from bot.preview import NO_ORIGINS, Preview, draw_preview
from bot.replies import answer, waiting_sentence
from bot.request_files import files_of, keep_files
from bot.submission import Accepted, Submission
from bot.text import credit_count, with_notes
from bot.views.offer_button import offer_view
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage import guild_settings, offers
from storage.database import Database
from storage.errors import OfferExpired
from storage.media_files import MediaFiles
from storage.offers import Offer

PRICE_FIRST = "price first"
"""Set among an interaction's `extras` by who wants the price shown before anything is ordered."""

NEEDED_PERMISSIONS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
}
NEEDED_IN_THREADS = {
    name: title for name, title in NEEDED_PERMISSIONS.items() if name != "send_messages"
} | {"send_messages_in_threads": "Send Messages in Threads"}


class Ordering:
    """`preview_above` is the price above which a guild that set none sees a preview first."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: Catalogue,
        submission: Submission,
        delivery: Delivery,
        media_files: MediaFiles,
        preview_above: int,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._submission = submission
        self._delivery = delivery
        self._media_files = media_files
        self._preview_above = preview_above

    async def order(
        self,
        interaction: discord.Interaction[Any],
        request: GenerationRequest,
        files: Mapping[str, bytes] | None = None,
        *,
        notes: Sequence[str] = (),
        origins: Mapping[str, str] = NO_ORIGINS,
    ) -> None:
        """Submits the request of a deferred interaction and answers privately, with these notes;
        what costs more than the guild's threshold is previewed instead, and so is what asks for
        PRICE_FIRST.

        `files` are new uploads by SHA-256; what else the request names is in the media files.
        Raises ChannelForbidden and what `Submission.submit` raises.
        """
        guild_id = interaction.guild_id or 0
        price_credits = await self._submission.price(request, guild_id=guild_id)
        above = await self._database.read(
            lambda connection: guild_settings.preview_above(
                connection,
                guild_id=guild_id,
                default_credits=self._preview_above,
            )
        )
        if price_credits > above or interaction.extras.get(PRICE_FIRST):
            await self.preview(interaction, request, files, notes=notes, origins=origins)
            return
        accepted = await self._submit(interaction, interaction.id, request, files)
        await answer(interaction, with_notes(self._receipt(accepted), notes))

    async def preview(
        self,
        interaction: discord.Interaction[Any],
        request: GenerationRequest,
        files: Mapping[str, bytes] | None = None,
        *,
        notes: Sequence[str] = (),
        origins: Mapping[str, str] = NO_ORIGINS,
    ) -> None:
        """Answers a deferred interaction with what the request would cost and become, where each
        option is from, and a button that orders it.

        Raises ChannelForbidden, Draining, UnknownModel, UnsupportedOption, DiskFull, and what
        moderators do not allow: ConductError, WordsNotAllowed.
        """
        check_channel(interaction)
        order = self._order_of(interaction, interaction.id, request, files or {})
        price_credits = await self._submission.price(request, guild_id=order.asker.guild_id)
        available = await self._submission.available(order)
        await keep_files(self._media_files, request, files or {})
        offer = Offer(
            id=job_id_for(interaction.id),
            interaction_id=interaction.id,
            guild_id=order.asker.guild_id,
            user_id=order.asker.user_id,
            request_json=request.to_json(),
            price_credits=price_credits,
            made_at=datetime.now(UTC),
        )
        await self._database.write(lambda connection: offers.keep(connection, offer))
        standing = self._foretold(order, price_credits)
        needs_model = request.needs_model
        embed = draw_preview(
            Preview(
                request=request,
                price_credits=price_credits,
                available_credits=available,
                place=standing.place if standing else None,
                seconds_left=standing.seconds_left if standing else None,
                paused=standing.paused if standing else False,
                notes=tuple(notes),
                origins=origins,
            ),
            self._catalogue.get(request.model) if needs_model else None,
        )
        await interaction.followup.send(embed=embed, view=offer_view(offer.id), ephemeral=True)

    async def accept(self, interaction: discord.Interaction[Any], offer_id: str) -> None:
        """Orders what was offered. However often it is pressed, there is one job.

        Raises OfferExpired, also where the price is another by now, NotAllowed, JobExists and what
        `order` raises.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        now = datetime.now(UTC)
        offer = await self._database.read(
            lambda connection: offers.get(connection, offer_id, now=now)
        )
        if (offer.user_id, offer.guild_id) != (interaction.user.id, interaction.guild_id):
            raise NotAllowed("accept")
        request = GenerationRequest.from_json(offer.request_json)
        price_credits = await self._submission.price(request, guild_id=offer.guild_id)
        if price_credits != offer.price_credits:
            raise OfferExpired(offer_id=offer_id)
        accepted = await self._submit(interaction, offer.interaction_id, request, None)
        await answer(interaction, self._receipt(accepted))

    async def _submit(
        self,
        interaction: discord.Interaction[Any],
        interaction_id: int,
        request: GenerationRequest,
        files: Mapping[str, bytes] | None,
    ) -> Accepted:
        check_channel(interaction)
        files = await files_of(self._media_files, request, files)
        order = self._order_of(interaction, interaction_id, request, files)
        return await self._submission.submit(order)

    def _order_of(
        self,
        interaction: discord.Interaction[Any],
        interaction_id: int,
        request: GenerationRequest,
        files: Mapping[str, bytes],
    ) -> Order:
        channel_id = interaction.channel_id
        assert interaction.guild_id is not None  # the command tree admits guilds only
        assert channel_id is not None
        return Order(
            interaction_id=interaction_id,
            asker=asker_of(interaction),
            channel_id=channel_id,
            request=request,
            files=files,
        )

    def _foretold(self, order: Order, price_credits: int) -> Standing | None:
        return self._delivery.foretold(job_for(order), price_credits)

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
        elif accepted.payer == "theme":
            cost = f"It costs {price}; the theme's pot pays it."
        elif accepted.payer == "pot":
            cost = (
                f"It costs {price} and you have {accepted.available_credits}; the server's pot "
                "pays it."
            )
        else:
            cost = f"{price} held, {accepted.available_credits} left."
        return f"Job `{accepted.record.id}` is in. {where} {cost}"


def check_channel(interaction: discord.Interaction[Any]) -> None:
    """Raises ChannelForbidden where the bot could not post a card with a clip."""
    needed = NEEDED_IN_THREADS if _in_thread(interaction) else NEEDED_PERMISSIONS
    if missing := missing_permissions(interaction, needed):
        raise ChannelForbidden(missing)


def missing_permissions(
    interaction: discord.Interaction[Any], needed: Mapping[str, str]
) -> tuple[str, ...]:
    """Of these permissions, by Discord's names for bits and for people, those that the bot lacks
    where the interaction comes from: as people know them."""
    granted = interaction.app_permissions
    return tuple(title for name, title in needed.items() if not getattr(granted, name))


def _in_thread(interaction: discord.Interaction[Any]) -> bool:
    return isinstance(interaction.channel, discord.Thread)
