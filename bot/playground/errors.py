"""Discord's error answers: an HTTP status, Discord's own code, a message, a tree of form errors.

Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes
"""

from collections.abc import Sequence
from typing import Any, cast

from bot.playground.json_types import JsonObject

Path = tuple[str | int, ...]
"""Where in a request body a value stands, for example `("embeds", 0, "title")`."""


class ApiError(Exception):
    """A request that Discord would refuse."""

    def __init__(
        self, status: int, code: int, message: str, *, errors: JsonObject | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> JsonObject:
        """The JSON that the client reads."""
        body: JsonObject = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class FormErrors:
    """Collects what is wrong with a request body, in Discord's nested shape."""

    def __init__(self) -> None:
        self._tree: JsonObject = {}

    def add(self, path: Sequence[str | int], code: str, message: str) -> None:
        """Note one mistake at `path`."""
        node = self._tree
        for step in path:
            node = node.setdefault(str(step), {})
        cast(list[Any], node.setdefault("_errors", [])).append({"code": code, "message": message})

    def required(self, path: Sequence[str | int]) -> None:
        """Note a value that is missing."""
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required")

    def raise_if_any(self) -> None:
        """Raise ApiError 50035 when something was noted."""
        if self._tree:
            raise ApiError(400, 50035, "Invalid Form Body", errors=self._tree)


def unauthorized() -> ApiError:
    """No token, or not the token of the bot."""
    return ApiError(401, 0, "401: Unauthorized")


def route_not_found() -> ApiError:
    """A path that the API (or the playground) does not have."""
    return ApiError(404, 0, "404: Not Found")


def method_not_allowed() -> ApiError:
    """A path that exists, with another method."""
    return ApiError(405, 0, "405: Method Not Allowed")


def invalid_json() -> ApiError:
    """A body that is no JSON object."""
    return ApiError(400, 50109, "The request body contains invalid JSON.")


def unknown(what: str) -> ApiError:
    """404 for something that is not there, with the code that Discord has for its kind."""
    codes = {
        "Channel": 10003,
        "Guild": 10004,
        "Member": 10007,
        "Message": 10008,
        "User": 10013,
        "Webhook": 10015,
        "Interaction": 10062,
        "application command": 10063,
    }
    name = what.lower() if what == "Interaction" else what
    return ApiError(404, codes[what], f"Unknown {name}")


def already_acknowledged() -> ApiError:
    """A second answer to the same interaction."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def invalid_webhook_token() -> ApiError:
    """A token that is older than 15 minutes, or that never was one."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def entity_too_large() -> ApiError:
    """An attachment, or a request, over its size limit."""
    return ApiError(413, 40005, "Request entity too large")


def missing_access() -> ApiError:
    """The bot cannot see the channel."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """The bot may not do that in the channel."""
    return ApiError(403, 50013, "Missing Permissions")


def edit_by_another() -> ApiError:
    """An edit of a message that somebody else wrote."""
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def thread_archived() -> ApiError:
    """An edit in a thread that rests."""
    return ApiError(
        400,
        50083,
        "Tried to perform an operation on an archived thread, such as editing a message or adding "
        "a user to the thread",
    )


def thread_exists() -> ApiError:
    """A second thread from the same message."""
    return ApiError(400, 160004, "A thread has already been created for this message")


def wrong_channel_type() -> ApiError:
    """What channels of this kind do not have, as a thread of a thread."""
    return ApiError(400, 50024, "Cannot execute action on this channel type")


def empty_message() -> ApiError:
    """Nothing that could be shown."""
    return ApiError(400, 50006, "Cannot send an empty message")


def cannot_message_user() -> ApiError:
    """A direct message to somebody who takes none from the bot."""
    return ApiError(403, 50007, "Cannot send messages to this user")
