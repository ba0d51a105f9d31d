"""/models, however many are enabled."""

from __future__ import annotations

from bot.commands.models import model_pages
from generation.models.card_file import CATALOGUE_FILE, read_catalogue


def test_all_models_fit_into_what_discord_takes() -> None:
    cards = read_catalogue(CATALOGUE_FILE)
    pages = model_pages(cards, default_model="pocket")
    assert all(len(page) <= 6000 and len(page.fields) <= 25 for page in pages)
    shown = [str(field.name) for page in pages for field in page.fields]
    assert len(shown) == len(cards)
    assert all(f"`{card.id}`" in name for card, name in zip(cards, shown, strict=True))


def test_a_restricted_licence_is_told() -> None:
    cards = [card for card in read_catalogue(CATALOGUE_FILE) if card.id == "hunyuan-video"]
    (page,) = model_pages(cards, default_model="pocket")
    assert "outside of the European Union" in str(page.fields[0].value)
    assert "earning money with clips is limited" in str(page.fields[0].value)
