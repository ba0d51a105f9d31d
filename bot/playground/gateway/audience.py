"""Who receives an event: intents and shards."""

from enum import IntFlag

from bot.playground.json_types import JsonObject


class Intent(IntFlag):
    """The intents that events of the playground depend on, at Discord's positions."""

    NONE = 0
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MESSAGES = 1 << 9
    DIRECT_MESSAGES = 1 << 12


ALL_INTENTS = (1 << 26) - 1


def shard_of(event: JsonObject, shard_count: int) -> int:
    """The shard that receives an event; what belongs to no guild goes to shard 0.

    Formula: https://discord.com/developers/docs/events/gateway#sharding
    """
    guild_id = event.get("guild_id")
    return (int(guild_id) >> 22) % shard_count if guild_id else 0
