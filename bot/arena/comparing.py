"""Ordering a comparison: the pair drawn, one price for both, both jobs or none."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import discord

from bot.arena.contenders import Contender, contender_of, contenders
from bot.arena.message import PairPreview, draw_preview, price_of_both
from bot.arena.pairing import Pair, draw_pair
from bot.arena.referee import Referee
from bot.delivery import Delivery
from bot.errors import NotAllowed
from bot.job_id import job_id_for
from bot.moderators import asker_of
from bot.order import Order, job_for
from bot.ordering import PRICE_FIRST, check_channel
from bot.replies import answer, waiting_sentence
from bot.request_options import RequestOptions
from bot.submission import Accepted, Submission
from bot.text import with_notes
from bot.views.arena_buttons import ArenaAction, arena_view
from generation.errors import InvalidRequest
from generation.models.catalogue import Catalogue
from generation.request import GenerationRequest
from storage import comparisons, conduct, guild_settings, offers
from storage.comparisons import Comparison
from storage.conduct import Allowed
from storage.database import Connection, Database
from storage.errors import OfferExpired
from storage.jobs import JobRecord
from storage.offers import Offer

MACHINE_BITS = 0x3FF << 12
"""The bits of a snowflake that name the machine which handed it out."""


class Comparing:
    """`preview_above` is the price above which a guild that set none sees a preview first; `chance`
    draws pairs and sides."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: Catalogue,
        submission: Submission,
        delivery: Delivery,
        referee: Referee,
        preview_above: int,
        chance: random.Random | None = None,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._submission = submission
        self._delivery = delivery
        self._referee = referee
        self._preview_above = preview_above
        self._chance = chance or random.SystemRandom()

    async def compare(
        self,
        interaction: discord.Interaction[Any],
        options: RequestOptions,
        named: tuple[str | None, str | None] = (None, None),
    ) -> None:
        """Orders two clips of a deferred interaction, or previews what costs more than the guild's
        threshold. `named` are contenders who are to meet.

        Raises ChannelForbidden, NoOpponent, UnknownModel, UnsupportedOption, InvalidRequest, and
        what `Submission.submit` raises, of both prices together.
        """
        check_channel(interaction)
        guild_id = interaction.guild_id or 0

        def read(connection: Connection) -> tuple[Allowed, int]:
            return conduct.allowed(connection, guild_id=guild_id), guild_settings.preview_above(
                connection, guild_id=guild_id, default_credits=self._preview_above
            )

        allowed, above = await self._database.read(read)
        pair, notes = draw_pair(
            options,
            contenders(self._catalogue, allowed),
            self._catalogue,
            named=self._named(named),
            fits=lambda request: self._fits(request, allowed),
            chance=self._chance,
        )
        if self._price(pair) > above or interaction.extras.get(PRICE_FIRST):
            await self._preview(interaction, pair, notes)
            return
        said = await self._submit(interaction, interaction.id, pair)
        await answer(interaction, with_notes(said, notes))

    async def accept(self, interaction: discord.Interaction[Any], offer_id: str) -> None:
        """Orders what was previewed; however often it is pressed, there is one comparison.

        Raises OfferExpired, also where the price is another by now, NotAllowed, JobExists and what
        `compare` raises.
        """
        now = datetime.now(UTC)
        offer = await self._database.read(
            lambda connection: offers.get(connection, offer_id, now=now)
        )
        if (offer.user_id, offer.guild_id) != (interaction.user.id, interaction.guild_id):
            raise NotAllowed("accept")
        pair = Pair.from_json(offer.request_json, offer_id=offer_id)
        if self._price(pair) != offer.price_credits:
            raise OfferExpired(offer_id=offer_id)
        check_channel(interaction)
        await answer(interaction, await self._submit(interaction, offer.interaction_id, pair))

    def _named(self, names: tuple[str | None, str | None]) -> tuple[Contender, ...]:
        named = tuple(contender_of(name, self._catalogue) for name in names if name)
        if len(set(named)) < len(named):
            raise InvalidRequest("model_b", "is the same as model_a")
        return named

    def _fits(self, request: GenerationRequest, allowed: Allowed) -> bool:
        """Whether moderators allow its length and price."""
        long = allowed.most_seconds is not None and request.seconds > allowed.most_seconds
        most = allowed.most_credits
        return not long and (most is None or self._submission.cost(request) <= most)

    def _price(self, pair: Pair) -> int:
        return sum(self._submission.cost(request) for request in pair.requests)

    async def _preview(
        self, interaction: discord.Interaction[Any], pair: Pair, notes: tuple[str, ...]
    ) -> None:
        orders = _orders(interaction, interaction.id, pair)
        available = 0
        for order in orders:  # each is checked against what moderators allow
            available = await self._submission.available(order)
        price_credits = self._price(pair)
        offer = Offer(
            id=job_id_for(interaction.id),
            interaction_id=interaction.id,
            guild_id=orders[0].asker.guild_id,
            user_id=orders[0].asker.user_id,
            request_json=pair.to_json(),
            price_credits=price_credits,
            made_at=datetime.now(UTC),
        )
        await self._database.write(lambda connection: offers.keep(connection, offer))
        ahead = [
            self._delivery.foretold(job_for(order), self._submission.cost(order.request))
            for order in orders
        ]
        seconds = [each.seconds_left if each else None for each in ahead]
        embed = draw_preview(
            PairPreview(
                request=pair.requests[0],
                price_credits=price_credits,
                available_credits=available,
                models=()
                if pair.uniform
                else tuple(each.title(self._catalogue) for each in pair.contenders),
                place=ahead[0].place if ahead[0] else None,
                seconds_left=None if None in seconds else sum(filter(None, seconds)),
                notes=notes,
            )
        )
        view = arena_view(offer.id, (ArenaAction.ORDER,))
        await interaction.followup.send(embed=embed, view=view, ephemeral=True)

    async def _submit(
        self, interaction: discord.Interaction[Any], interaction_id: int, pair: Pair
    ) -> str:
        """Both orders at once; returns the receipt."""
        orders = _orders(interaction, interaction_id, pair)
        comparison = self._comparison_of(orders, pair)

        async def announce(_: object) -> None:
            try:
                await self._referee.post(comparison.id)
            except Exception:
                await self._database.write(lambda connection: _withdraw(connection, comparison.id))
                raise

        with self._referee.announcing(comparison.id):
            accepted = await self._submission.submit_together(
                orders,
                announce=announce,
                record_beside=lambda connection: comparisons.add(connection, comparison),
            )
        return self._receipt(comparison, accepted)

    def _comparison_of(self, orders: tuple[Order, Order], pair: Pair) -> Comparison:
        """Which of them is A is drawn here, before anything is recorded."""
        sides = list(zip(orders, pair.contenders, strict=True))
        self._chance.shuffle(sides)
        (order_a, contender_a), (order_b, contender_b) = sides
        first = orders[0]
        return Comparison(
            id=job_id_for(first.interaction_id),
            interaction_id=first.interaction_id,
            guild_id=first.asker.guild_id,
            user_id=first.asker.user_id,
            channel_id=first.channel_id,
            job_a_id=job_id_for(order_a.interaction_id),
            job_b_id=job_id_for(order_b.interaction_id),
            contender_a=contender_a.name,
            contender_b=contender_b.name,
            uniform=pair.uniform,
            made_at=datetime.now(UTC),
        )

    def _receipt(self, comparison: Comparison, accepted: tuple[Accepted, ...]) -> str:
        records: tuple[JobRecord, JobRecord] = (accepted[0].record, accepted[1].record)
        standing = self._delivery.standing(records[0])
        where = (
            waiting_sentence(standing.place, None, paused=standing.paused)
            if standing
            else "It started."
        )
        if records[0].relaxed:
            cost = "They wait relaxed: free, and after everybody who pays."
        elif accepted[0].payer == "theme":
            cost = f"The theme's pot pays {price_of_both(records)}."
        elif accepted[0].payer == "pot":
            cost = f"The server's pot pays {price_of_both(records)}."
        else:
            left = accepted[-1].available_credits
            cost = f"{price_of_both(records)} held for both, {left} left."
        return f"Comparison `{comparison.id}` is in: two clips. {where} {cost}"


def _orders(
    interaction: discord.Interaction[Any], interaction_id: int, pair: Pair
) -> tuple[Order, Order]:
    """Both under one interaction: the second job's id is that of an interaction which came at the
    same moment from a machine of Discord's that is not the one it came from."""
    assert interaction.channel_id is not None  # the command tree admits guilds only
    first, second = (
        Order(
            interaction_id=id_,
            asker=asker_of(interaction),
            channel_id=interaction.channel_id,
            request=request,
        )
        for id_, request in zip(
            (interaction_id, interaction_id ^ MACHINE_BITS), pair.requests, strict=True
        )
    )
    return first, second


def _withdraw(connection: Connection, comparison_id: str) -> None:
    """Of a comparison whose message could not be posted: whoever asked is told privately."""
    now = datetime.now(UTC)
    problem = "its message could not be posted"
    comparisons.call_off(
        connection, comparison_id=comparison_id, problem=problem, now=now, told=True
    )
