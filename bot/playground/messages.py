"""The messages of all channels; every change is announced to the bot and to the members."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.playground.gateway.audience import Intent
from bot.playground.gateway.sessions import Sessions
from bot.playground.json_types import JsonObject
from bot.playground.member_side.events import MemberEvents
from bot.playground.threads import Threads
from bot.playground.world import World

LOADING = 1 << 7
EPHEMERAL = 1 << 6
COMPONENTS_V2 = 1 << 15
SUPPRESS_EMBEDS = 1 << 2
HAS_THREAD = 1 << 5
THREAD_CREATED, THREAD_STARTER = 18, 21  # Types of messages that nobody writes.
CONTENT_KEYS = ("content", "embeds", "attachments", "components")


@dataclass(kw_only=True)
class StoredMessage:
    """A message as Discord's JSON; `only_for` names the one member who sees an ephemeral one.

    `interaction_token` is the token of the interaction that it answers, if any.
    """

    body: JsonObject
    only_for: str | None = None
    interaction_token: str | None = None

    @property
    def id(self) -> str:
        """The message's id."""
        return str(self.body["id"])

    @property
    def channel_id(self) -> str:
        """The channel it stands in."""
        return str(self.body["channel_id"])

    @property
    def loading(self) -> bool:
        """Whether it is the placeholder of a deferred answer ("is thinking")."""
        return bool(self.body["flags"] & LOADING)

    def for_member(self) -> JsonObject:
        """The body as the member side shows it."""
        return self.body | {"ephemeral": self.only_for is not None}


class Messages:
    """Keeps messages in the order of their ids."""

    def __init__(
        self, world: World, sessions: Sessions, member_events: MemberEvents, threads: Threads
    ) -> None:
        self._world = world
        self._threads = threads
        self._sessions = sessions
        self._member_events = member_events
        self._by_id: dict[str, StoredMessage] = {}

    def get(self, message_id: str) -> StoredMessage | None:
        """Any message, ephemeral ones too."""
        return self._by_id.get(message_id)

    def in_channel(self, channel_id: str) -> Iterator[StoredMessage]:
        """A channel's messages, oldest first."""
        return (m for m in self._by_id.values() if m.channel_id == channel_id)

    def add(self, message: StoredMessage) -> None:
        """Post a message."""
        self._by_id[message.id] = message
        if message.only_for is None and message.body["type"] != THREAD_STARTER:
            self._threads.note_message(message.channel_id, message.id)
        self._announce("MESSAGE_CREATE", message)

    def changed(self, message: StoredMessage) -> None:
        """Announce that a message's body was edited."""
        self._announce("MESSAGE_UPDATE", message)

    def delete(self, message: StoredMessage) -> None:
        """Take a message away."""
        del self._by_id[message.id]
        gone: JsonObject = {"id": message.id, "channel_id": message.channel_id}
        self._member_events.publish("MESSAGE_DELETE", gone, only_for=message.only_for)
        if message.only_for is None:
            channel = self._world.channel(message.channel_id)
            if channel:
                gone["guild_id"] = channel.guild_id
            intent = Intent.GUILD_MESSAGES if channel else Intent.DIRECT_MESSAGES
            self._sessions.dispatch("MESSAGE_DELETE", gone, intent=intent)

    def _announce(self, event: str, message: StoredMessage) -> None:
        self._member_events.publish(event, message.for_member(), only_for=self._readers(message))
        if message.only_for is not None:
            return
        body = dict(message.body)
        channel = self._world.channel(message.channel_id)
        if channel:
            body["guild_id"] = channel.guild_id
        intent = Intent.GUILD_MESSAGES if channel else Intent.DIRECT_MESSAGES
        self._sessions.dispatch(event, body, intent=intent)

    def _readers(self, message: StoredMessage) -> str | None:
        direct = self._world.direct_channels.get(message.channel_id)
        return direct.recipient_id if direct else message.only_for
