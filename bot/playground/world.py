"""Who and what exists in the playground: people, roles, guilds, channels."""

from dataclasses import dataclass, field, replace
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class User:
    """An account; `color` is how the chat page paints it."""

    id: str
    username: str
    global_name: str | None
    color: str = "#7a8494"
    bot: bool = False


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role; the one whose id is the guild's own is @everyone."""

    id: str
    name: str
    permissions: int
    color: int = 0
    position: int = 0


@dataclass(frozen=True, kw_only=True)
class Overwrite:
    """A channel's exception for a role (kind 0) or a member (kind 1)."""

    target_id: str
    kind: int
    allow: int = 0
    deny: int = 0


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A text channel of a guild."""

    id: str
    guild_id: str
    name: str
    topic: str
    position: int
    overwrites: tuple[Overwrite, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Thread(Channel):
    """A public thread of a text channel, whose overwrites are its own too."""

    parent_id: str
    owner_id: str
    started_at: datetime
    archive_changed_at: datetime
    auto_archive_minutes: int
    archived: bool = False
    message_count: int = 0
    last_message_id: str | None = None
    joined_at: datetime | None = None
    """When the bot joined it; None while it has not."""


@dataclass(frozen=True, kw_only=True)
class DirectChannel:
    """The private channel of the bot and one member."""

    id: str
    recipient_id: str


@dataclass(frozen=True, kw_only=True)
class Guild:
    """A server with its roles, channels and members (user id -> ids of the roles held).

    `preferred_locale` is the language that its moderators chose for it; "en-US" until they do.
    """

    id: str
    name: str
    owner_id: str
    roles: tuple[Role, ...]
    channels: tuple[Channel, ...]
    members: dict[str, tuple[str, ...]]
    preferred_locale: str = "en-US"

    def role_ids_of(self, user_id: str) -> frozenset[str]:
        """The roles of a member, @everyone among them; none for a stranger."""
        if user_id not in self.members:
            return frozenset()
        return frozenset((self.id, *self.members[user_id]))


@dataclass(kw_only=True)
class World:
    """Everything that exists before anybody speaks; threads and direct channels come later, and a
    guild may come to prefer another language."""

    application_id: str
    application_name: str
    bot_user: User
    owner: User
    members: tuple[User, ...]
    moderator_ids: frozenset[str]
    guilds: tuple[Guild, ...]
    direct_channels: dict[str, DirectChannel] = field(default_factory=dict[str, DirectChannel])
    closed_to_direct: set[str] = field(default_factory=set[str])
    """The members who take no direct messages from the bot."""
    threads: dict[str, Thread] = field(default_factory=dict[str, Thread])

    def user(self, user_id: str) -> User | None:
        """Anybody: a member, the bot, the owner of the guilds."""
        people = (*self.members, self.bot_user, self.owner)
        return next((user for user in people if user.id == user_id), None)

    def member(self, user_id: str) -> User | None:
        """One of the people that somebody can act as."""
        return next((user for user in self.members if user.id == user_id), None)

    def guild(self, guild_id: str) -> Guild | None:
        """A guild by its id."""
        return next((guild for guild in self.guilds if guild.id == guild_id), None)

    def prefer_locale(self, guild_id: str, locale: str) -> Guild:
        """The guild, whose language this is from now on."""
        self.guilds = tuple(
            replace(guild, preferred_locale=locale) if guild.id == guild_id else guild
            for guild in self.guilds
        )
        return next(guild for guild in self.guilds if guild.id == guild_id)

    def channel(self, channel_id: str) -> Channel | None:
        """A guild's channel, or thread, by its id."""
        channels = (channel for guild in self.guilds for channel in guild.channels)
        found = next((channel for channel in channels if channel.id == channel_id), None)
        return found or self.threads.get(channel_id)

    def threads_of(self, guild_id: str) -> list[Thread]:
        """A guild's threads, archived ones too, oldest first."""
        return [thread for thread in self.threads.values() if thread.guild_id == guild_id]

    def guild_of(self, channel: Channel) -> Guild:
        """The guild that a channel belongs to."""
        return next(guild for guild in self.guilds if guild.id == channel.guild_id)

    def direct_channel_with(self, recipient_id: str, new_id: str) -> DirectChannel:
        """The private channel with a member, opened under `new_id` at the first time."""
        for channel in self.direct_channels.values():
            if channel.recipient_id == recipient_id:
                return channel
        channel = DirectChannel(id=new_id, recipient_id=recipient_id)
        self.direct_channels[new_id] = channel
        return channel
