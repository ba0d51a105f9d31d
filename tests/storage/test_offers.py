"""Offers: kept for a day, then gone."""

from datetime import timedelta

import pytest

from storage import offers
from storage.database import Database
from storage.errors import OfferExpired
from storage.offers import OFFER_KEPT, Offer
from tests.storage.builders import GUILD, MEMBER, NOW

OFFER = Offer(
    id="abc",
    interaction_id=1,
    guild_id=GUILD,
    user_id=MEMBER,
    request_json="{}",
    price_credits=5,
    made_at=NOW,
)


async def test_an_offer_is_found_until_it_is_a_day_old(database: Database) -> None:
    await database.write(lambda connection: offers.keep(connection, OFFER))
    still = NOW + OFFER_KEPT
    assert await database.read(lambda c: offers.get(c, "abc", now=still)) == OFFER
    with pytest.raises(OfferExpired):
        await database.read(lambda c: offers.get(c, "abc", now=still + timedelta(seconds=1)))
    with pytest.raises(OfferExpired):
        await database.read(lambda c: offers.get(c, "other", now=NOW))
