"""A message as a member sees it."""

from dataclasses import dataclass
from typing import Any, cast

from bot.playground.json_types import JsonObject
from bot.playground.messages import LOADING
from bot.playground.rules.components import BUTTON, TEXT_DISPLAY, walk


@dataclass(frozen=True)
class SeenMessage:
    """One state of a message; an edit makes a new SeenMessage with the same id."""

    body: JsonObject

    @property
    def id(self) -> str:
        """The message's id."""
        return str(self.body["id"])

    @property
    def channel_id(self) -> str:
        """The channel it stands in."""
        return str(self.body["channel_id"])

    @property
    def edited_at(self) -> str:
        """When it was last edited, in ISO 8601; empty when never."""
        return str(self.body["edited_timestamp"] or "")

    @property
    def content(self) -> str:
        """Its plain text."""
        return str(self.body["content"])

    @property
    def embeds(self) -> list[JsonObject]:
        """Its embeds."""
        return cast(list[JsonObject], self.body["embeds"])

    @property
    def attachments(self) -> list[JsonObject]:
        """Its files, as Discord's attachment objects."""
        return cast(list[JsonObject], self.body["attachments"])

    @property
    def components(self) -> list[JsonObject]:
        """Every component, parents before children."""
        return list(walk(cast(list[Any], self.body["components"])))

    @property
    def buttons(self) -> list[JsonObject]:
        """Its buttons, in reading order."""
        return [component for component in self.components if component["type"] == BUTTON]

    @property
    def ephemeral(self) -> bool:
        """Whether only this member sees it."""
        return bool(self.body["ephemeral"])

    @property
    def loading(self) -> bool:
        """Whether the bot "is thinking"."""
        return bool(self.body["flags"] & LOADING)

    @property
    def interaction_id(self) -> str | None:
        """The interaction that it answers."""
        metadata = cast(JsonObject, self.body.get("interaction_metadata") or {})
        return metadata.get("id")

    @property
    def text(self) -> str:
        """Everything that can be read in it: content, embeds, text displays."""
        lines = [self.content]
        for embed in self.embeds:
            lines += [embed.get("title", ""), embed.get("description", "")]
            for entry in embed.get("fields", []):
                lines += [entry["name"], entry["value"]]
            lines.append(embed.get("footer", {}).get("text", ""))
        lines += [str(c["content"]) for c in self.components if c["type"] == TEXT_DISPLAY]
        return "\n".join(line for line in lines if line)
