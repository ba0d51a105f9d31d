"""What a member has done, and how to wait for what the bot makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from bot.playground.json_types import JsonObject
from bot.playground.member_errors import NoAnswer
from bot.playground.rules.components import LABEL, ROW
from bot.playground.seen_message import SeenMessage

if TYPE_CHECKING:
    from bot.playground.member import Member

PATIENCE_SECONDS = 30.0
Seen = TypeVar("Seen")


@dataclass(frozen=True)
class OpenModal:
    """A form that the bot opened for the member."""

    body: JsonObject

    @property
    def title(self) -> str:
        """What stands above it."""
        return str(self.body["title"])

    @property
    def fields(self) -> list[JsonObject]:
        """Its inputs, each with the label that it shows."""
        found: list[JsonObject] = []
        for component in cast(list[JsonObject], self.body["components"]):
            if component["type"] == ROW:
                found.append(component["components"][0])
            elif component["type"] == LABEL:
                found.append(component["component"] | {"label": component["label"]})
        return found


@dataclass(frozen=True)
class Sent:
    """Something that the member did and that the bot has to answer."""

    member: Member
    interaction_id: str

    @property
    def replies(self) -> list[SeenMessage]:
        """Every message so far that answers it, oldest first; placeholders are not among them."""
        return [m for m in self.member.messages if self._answers(m) and not m.loading]

    async def reply(self, timeout_seconds: float = PATIENCE_SECONDS) -> SeenMessage:
        """The first answer. Raises NoAnswer or WaitedInVain."""
        return await self.member.wait_until(
            lambda: self._unless_failed(next(iter(self.replies), None)),
            "an answer",
            timeout_seconds,
        )

    async def thinking(self, timeout_seconds: float = PATIENCE_SECONDS) -> SeenMessage:
        """The placeholder of a deferred answer. Raises NoAnswer or WaitedInVain."""

        def placeholder() -> SeenMessage | None:
            found = (m for m in self.member.messages if self._answers(m) and m.loading)
            return self._unless_failed(next(found, None))

        return await self.member.wait_until(placeholder, "a placeholder", timeout_seconds)

    async def acknowledged(self, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the bot has answered in any way. Raises NoAnswer or WaitedInVain."""

        def done() -> bool | None:
            return self._unless_failed(
                True if self.interaction_id in self.member.acknowledged else None
            )

        await self.member.wait_until(done, "an acknowledgement", timeout_seconds)

    async def modal(self, timeout_seconds: float = PATIENCE_SECONDS) -> OpenModal:
        """The form that the bot opened. Raises NoAnswer or WaitedInVain."""
        return await self.member.wait_until(
            lambda: self._unless_failed(self.member.modals.get(self.interaction_id)),
            "a form",
            timeout_seconds,
        )

    def _answers(self, message: SeenMessage) -> bool:
        return message.interaction_id == self.interaction_id

    def _unless_failed(self, found: Seen | None) -> Seen | None:
        if found is None and self.interaction_id in self.member.failures:
            raise NoAnswer(self.member.failures[self.interaction_id])
        return found
