"""What an observer sees of one request of the bot."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its answer.

    `path_template` is the path as the API reference writes it, for example
    `/channels/{channel_id}/messages`; `request_json` is the parsed body (of a multipart
    request: its `payload_json`), None without one; `injected` marks an answer that came from
    a FaultPlan rather than from the rules.
    """

    method: str
    path_template: str
    path: str
    query: dict[str, str]
    request_json: Any
    file_names: tuple[str, ...]
    status: int
    response_json: Any
    injected: bool = False
