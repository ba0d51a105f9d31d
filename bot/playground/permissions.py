"""Discord's permission bits and how roles and channel overwrites add up.

Source: https://discord.com/developers/docs/topics/permissions#permission-overwrites
"""

from enum import IntFlag

from bot.playground.world import Channel, Guild, Thread


class Permission(IntFlag):
    """The bits that matter here, at Discord's positions."""

    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    USE_EXTERNAL_EMOJIS = 1 << 18
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


EVERYTHING = (1 << 53) - 1


def permissions_in_guild(guild: Guild, user_id: str) -> int:
    """What the roles of a member allow, before any channel has its say."""
    if user_id == guild.owner_id:
        return EVERYTHING
    held = guild.role_ids_of(user_id)
    allowed = 0
    for role in guild.roles:
        if role.id in held:
            allowed |= role.permissions
    return EVERYTHING if allowed & Permission.ADMINISTRATOR else allowed


def permissions_in_channel(guild: Guild, channel: Channel, user_id: str) -> int:
    """What a member may do in one channel: overwrites of @everyone, of roles, of the member."""
    allowed = permissions_in_guild(guild, user_id)
    if allowed == EVERYTHING:
        return allowed
    held = guild.role_ids_of(user_id)
    role_deny = role_allow = 0
    for overwrite in channel.overwrites:
        if overwrite.target_id == guild.id:
            allowed = allowed & ~overwrite.deny | overwrite.allow
        elif overwrite.target_id in held:
            role_deny |= overwrite.deny
            role_allow |= overwrite.allow
    allowed = allowed & ~role_deny | role_allow
    for overwrite in channel.overwrites:
        if overwrite.target_id == user_id:
            allowed = allowed & ~overwrite.deny | overwrite.allow
    return allowed


def to_send_in(channel: Channel) -> Permission:
    """What posting there takes: in threads a permission of their own."""
    if isinstance(channel, Thread):
        return Permission.SEND_MESSAGES_IN_THREADS
    return Permission.SEND_MESSAGES
