"""The life of an interaction: created, acknowledged within 3 s, its token alive for 15 min."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, IntEnum

from bot.playground.clock import Clock, Timer
from bot.playground.discord_json import user_json
from bot.playground.errors import (
    already_acknowledged,
    invalid_webhook_token,
    unknown,
)
from bot.playground.json_types import JsonObject
from bot.playground.snowflakes import Snowflakes
from bot.playground.world import User

ACKNOWLEDGE_WITHIN_SECONDS = 3.0
TOKEN_LIVES_SECONDS = 15 * 60.0
REMEMBERED = 5000


class InteractionType(IntEnum):
    """What the member did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class CallbackType(IntEnum):
    """How the bot answered."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


class Phase(Enum):
    """Where an interaction stands."""

    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"


@dataclass(kw_only=True, eq=False)
class Interaction:
    """One act of a member that the bot has to answer.

    `source_message_id` is the message whose component was used (also through a modal);
    `original_message_id` is what `@original` means; `cause` is the interaction that opened
    the modal which this one submits.
    """

    id: str
    token: str
    type: InteractionType
    user: User
    guild_id: str | None
    channel_id: str
    created_at: datetime
    data: JsonObject
    spoken_name: str
    source_message_id: str | None = None
    original_message_id: str | None = None
    cause: "Interaction | None" = None
    phase: Phase = Phase.WAITING
    answered_with: CallbackType | None = None
    timers: list[Timer] = field(default_factory=list[Timer])

    def metadata(self) -> JsonObject:
        """The `interaction_metadata` of messages that answer this interaction."""
        metadata: JsonObject = {
            "id": self.id,
            "type": int(self.type),
            "user": user_json(self.user),
            # In the bot's conversation with a member there is no server that installed it.
            "authorizing_integration_owners": {"0": self.guild_id or "0"},
        }
        if self.type is InteractionType.COMMAND:
            metadata["name"] = self.spoken_name
        elif self.type is InteractionType.COMPONENT:
            metadata["interacted_message_id"] = self.source_message_id
        elif self.type is InteractionType.MODAL_SUBMIT and self.cause is not None:
            metadata["triggering_interaction_metadata"] = self.cause.metadata()
        return metadata


class Interactions:
    """Remembers interactions by id and by token and keeps their deadlines."""

    def __init__(self, clock: Clock, snowflakes: Snowflakes) -> None:
        self._clock = clock
        self._snowflakes = snowflakes
        self._by_id: dict[str, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self.on_unanswered: Callable[[Interaction], None] = lambda interaction: None
        self.on_expired: Callable[[Interaction], None] = lambda interaction: None

    def open(
        self,
        *,
        kind: InteractionType,
        user: User,
        guild_id: str | None,
        channel_id: str,
        data: JsonObject,
        spoken_name: str = "",
        source_message_id: str | None = None,
        cause: Interaction | None = None,
    ) -> Interaction:
        """A new interaction, whose 3 seconds begin now."""
        interaction = Interaction(
            id=self._snowflakes.next(),
            token=secrets.token_urlsafe(48),
            type=kind,
            user=user,
            guild_id=guild_id,
            channel_id=channel_id,
            created_at=self._clock.now(),
            data=data,
            spoken_name=spoken_name,
            source_message_id=source_message_id,
            cause=cause,
        )
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        self._forget_old_ones()
        deadline = self._clock.call_later(
            ACKNOWLEDGE_WITHIN_SECONDS, lambda: self._unanswered(interaction)
        )
        end = self._clock.call_later(TOKEN_LIVES_SECONDS, lambda: self.on_expired(interaction))
        interaction.timers += [deadline, end]
        return interaction

    def to_acknowledge(self, interaction_id: str, token: str) -> Interaction:
        """The interaction of a callback.

        Raises ApiError: 10062 unknown, never answered in time, or with another token;
        40060 answered already.
        """
        interaction = self._by_id.get(interaction_id)
        if interaction is None or not secrets.compare_digest(interaction.token, token):
            raise unknown("Interaction")
        if interaction.phase is Phase.ACKNOWLEDGED:
            raise already_acknowledged()
        if interaction.phase is Phase.FAILED or self._age(interaction) >= timedelta(
            seconds=ACKNOWLEDGE_WITHIN_SECONDS
        ):
            raise unknown("Interaction")
        return interaction

    def acknowledge(self, interaction: Interaction, answer: CallbackType) -> None:
        """Note the bot's answer."""
        interaction.phase = Phase.ACKNOWLEDGED
        interaction.answered_with = answer
        interaction.timers[0].cancel()

    def by_token(self, token: str) -> Interaction:
        """The interaction of a follow-up or an edit.

        Raises ApiError: 50027 for a wrong token or one older than 15 minutes, 10015 while
        the interaction was not acknowledged.
        """
        interaction = self._by_token.get(token)
        if interaction is None or self._age(interaction) >= timedelta(seconds=TOKEN_LIVES_SECONDS):
            raise invalid_webhook_token()
        if interaction.phase is not Phase.ACKNOWLEDGED:
            raise unknown("Webhook")
        return interaction

    def close(self) -> None:
        """Cancel every deadline."""
        for interaction in self._by_id.values():
            for timer in interaction.timers:
                timer.cancel()

    def _age(self, interaction: Interaction) -> timedelta:
        return self._clock.now() - interaction.created_at

    def _unanswered(self, interaction: Interaction) -> None:
        if interaction.phase is Phase.WAITING:
            interaction.phase = Phase.FAILED
            self.on_unanswered(interaction)

    def _forget_old_ones(self) -> None:
        while len(self._by_id) > REMEMBERED:
            oldest = self._by_id.pop(next(iter(self._by_id)))
            del self._by_token[oldest.token]
            for timer in oldest.timers:
                timer.cancel()
