"""Points discord.py at another server that speaks Discord's protocol, such as the playground."""

from __future__ import annotations

import discord.gateway
import discord.http
import yarl

API_VERSION = 10


def point_discord_at(url: str, gateway_url: str) -> None:
    """Call before login. discord.py keeps both addresses as class attributes."""
    discord.http.Route.BASE = f"{url}/api/v{API_VERSION}"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
