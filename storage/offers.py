"""Offers: a request that a member was shown with its price, to be accepted by a button.

An offer keeps the interaction that asked for it, and accepting makes the job of that interaction:
however often it is accepted, there is one job. What it was to be made from is not kept over a
restart.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from storage.errors import OfferExpired
from storage.schema import insert_if_absent, offers

OFFER_KEPT = timedelta(hours=24)

_TABLE = offers.c


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One offer; `id` is what its job's id will be."""

    id: str
    interaction_id: int
    guild_id: int
    user_id: int
    request_json: str
    price_credits: int
    made_at: datetime


def keep(connection: Connection, offer: Offer) -> None:
    """Until it is too old; others that are go with it."""
    connection.execute(offers.delete().where(_TABLE.made_at < offer.made_at - OFFER_KEPT))
    values = {one.name: getattr(offer, one.name) for one in fields(Offer)}
    insert_if_absent(connection, offers, **values)


def get(connection: Connection, offer_id: str, *, now: datetime) -> Offer:
    """Raises OfferExpired."""
    query = select(*(_TABLE[one.name] for one in fields(Offer))).where(
        _TABLE.id == offer_id, _TABLE.made_at >= now - OFFER_KEPT
    )
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        raise OfferExpired(offer_id=offer_id)
    return Offer(**found)
