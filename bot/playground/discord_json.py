"""The world in Discord's JSON shapes."""

from datetime import datetime

from bot.playground.json_types import JsonObject
from bot.playground.permissions import permissions_in_channel
from bot.playground.world import (
    Channel,
    DirectChannel,
    Guild,
    Overwrite,
    Role,
    Thread,
    User,
    World,
)

JOINED_AT = "2026-01-01T00:00:00+00:00"
PUBLIC_THREAD = 11


def timestamp(moment: datetime) -> str:
    """ISO 8601 with an offset, to the microsecond, as Discord writes it."""
    return moment.isoformat(timespec="microseconds")


def user_json(user: User) -> JsonObject:
    """A user as everybody sees it."""
    return {
        "id": user.id,
        "username": user.username,
        "global_name": user.global_name,
        "discriminator": "0000" if user.bot else "0",
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def own_user_json(user: User) -> JsonObject:
    """The bot as it sees itself."""
    return user_json(user) | {"verified": True, "mfa_enabled": True, "locale": "en-US"}


def member_json(guild: Guild, user: User) -> JsonObject:
    """A member of a guild."""
    return {
        "user": user_json(user),
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": list(guild.members[user.id]),
        "joined_at": JOINED_AT,
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def role_json(role: Role) -> JsonObject:
    """A role of a guild."""
    return {
        "id": role.id,
        "name": role.name,
        "description": None,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": role.color,
        "colors": {"primary_color": role.color, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def channel_json(channel: Channel) -> JsonObject:
    """A text channel of a guild, or a thread of one."""
    if isinstance(channel, Thread):
        return _thread_json(channel)
    return {
        "id": channel.id,
        "type": 0,
        "guild_id": channel.guild_id,
        "name": channel.name,
        "topic": channel.topic,
        "position": channel.position,
        "parent_id": None,
        "last_message_id": None,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "flags": 0,
        "permission_overwrites": [_overwrite_json(entry) for entry in channel.overwrites],
    }


def _thread_json(thread: Thread) -> JsonObject:
    return {
        "id": thread.id,
        "type": PUBLIC_THREAD,
        "guild_id": thread.guild_id,
        "parent_id": thread.parent_id,
        "owner_id": thread.owner_id,
        "name": thread.name,
        "last_message_id": thread.last_message_id,
        "rate_limit_per_user": 0,
        "flags": 0,
        "message_count": thread.message_count,
        "total_message_sent": thread.message_count,
        "member_count": 0 if thread.joined_at is None else 1,
        "thread_metadata": {
            "archived": thread.archived,
            "archive_timestamp": timestamp(thread.archive_changed_at),
            "auto_archive_duration": thread.auto_archive_minutes,
            "locked": False,
            "create_timestamp": timestamp(thread.started_at),
        },
    }


def thread_member_json(thread: Thread, bot_id: str) -> JsonObject:
    """The bot as a member of a thread that it joined."""
    joined_at = thread.joined_at or thread.started_at
    return {
        "id": thread.id,
        "user_id": bot_id,
        "join_timestamp": timestamp(joined_at),
        "flags": 0,
    }


def partial_channel_json(guild: Guild, channel: Channel, user_id: str) -> JsonObject:
    """A channel as an interaction carries it, with what `user_id` may do there."""
    permissions = permissions_in_channel(guild, channel, user_id)
    return channel_json(channel) | {"permissions": str(permissions)}


def direct_channel_json(channel: DirectChannel, world: World) -> JsonObject:
    """The private channel with a member."""
    recipient = world.user(channel.recipient_id)
    return {
        "id": channel.id,
        "type": 1,
        "last_message_id": None,
        "flags": 0,
        "recipients": [user_json(recipient)] if recipient else [],
    }


# What servers can be configured to, at Discord's defaults.
PLAIN_GUILD: JsonObject = {
    "icon": None,
    "description": None,
    "home_header": None,
    "splash": None,
    "discovery_splash": None,
    "banner": None,
    "features": [],
    "emojis": [],
    "stickers": [],
    "application_id": None,
    "region": "local",
    "afk_channel_id": None,
    "afk_timeout": 300,
    "system_channel_id": None,
    "system_channel_flags": 0,
    "widget_enabled": False,
    "widget_channel_id": None,
    "verification_level": 0,
    "default_message_notifications": 0,
    "mfa_level": 0,
    "explicit_content_filter": 0,
    "max_presences": None,
    "max_members": 500000,
    "max_stage_video_channel_users": 50,
    "max_video_channel_users": 25,
    "vanity_url_code": None,
    "premium_tier": 0,
    "premium_subscription_count": 0,
    "rules_channel_id": None,
    "safety_alerts_channel_id": None,
    "public_updates_channel_id": None,
    "premium_progress_bar_enabled": False,
    "nsfw": False,
    "nsfw_level": 0,
    "incidents_data": None,
}


def guild_json(guild: Guild) -> JsonObject:
    """A guild without its channels and members."""
    return PLAIN_GUILD | {
        "id": guild.id,
        "name": guild.name,
        "owner_id": guild.owner_id,
        "preferred_locale": guild.preferred_locale,
        "roles": [role_json(role) for role in guild.roles],
    }


def guild_create_json(guild: Guild, member_users: list[User], threads: list[Thread]) -> JsonObject:
    """The GUILD_CREATE event; `member_users` are those that the bot's intents let it see, and
    `threads` those that are not archived."""
    return guild_json(guild) | {
        "joined_at": JOINED_AT,
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [member_json(guild, user) for user in member_users],
        "channels": [channel_json(channel) for channel in guild.channels],
        "threads": [channel_json(thread) for thread in threads],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def _overwrite_json(overwrite: Overwrite) -> JsonObject:
    return {
        "id": overwrite.target_id,
        "type": overwrite.kind,
        "allow": str(overwrite.allow),
        "deny": str(overwrite.deny),
    }
