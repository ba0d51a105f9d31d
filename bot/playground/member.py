"""A member without a page: issues command lines, presses buttons, sees what happens."""

import asyncio
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, cast

import aiohttp

from bot.playground.attachments import content_type_of
from bot.playground.command_line import Names, parse_command_line
from bot.playground.json_types import JsonObject
from bot.playground.member_errors import MemberError, Refused, WaitedInVain
from bot.playground.rules.components import LABEL, TEXT_INPUT
from bot.playground.rules.localizations import DEFAULT_LOCALE
from bot.playground.seen_message import SeenMessage
from bot.playground.sent import PATIENCE_SECONDS, OpenModal, Sent

Seen = TypeVar("Seen")


class Member:
    """One of the playground's people, in one channel; open it with `connect`."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._http = http
        self._messages: dict[str, SeenMessage] = {}
        self._news = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._names = Names()
        self.id = self.guild_id = self.channel_id = ""
        self.bot_online = False
        self.acknowledged: set[str] = set()
        self.failures: dict[str, str] = {}
        self.modals: dict[str, OpenModal] = {}
        self.threads: dict[str, JsonObject] = {}
        """By id, archived ones too; each with its name and whether it is archived."""

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        name: str = "Ada",
        guild: str = "Study Hall",
        channel: str = "studio",
        locale: str = DEFAULT_LOCALE,
        connector: aiohttp.BaseConnector | None = None,
    ) -> "Member":
        """Enter a channel as one of the members. Raises MemberError for unknown names.

        `locale` is the language of their client; `connector` is for a playground behind TLS.
        """
        headers = {"X-Member-Locale": locale}
        member = cls(url, aiohttp.ClientSession(connector=connector, headers=headers))
        try:
            await member._enter(name, guild, channel)
        except BaseException:
            await member.close()
            raise
        return member

    async def __aenter__(self) -> "Member":
        """The member itself, connected."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave."""
        await self.close()

    async def close(self) -> None:
        """Leave the playground."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader
        await self._http.close()

    @property
    def messages(self) -> list[SeenMessage]:
        """The latest state of every message that this member sees, oldest first."""
        return sorted(self._messages.values(), key=lambda message: int(message.id))

    def message(self, message_id: str) -> SeenMessage | None:
        """The latest state of one message; None when it was deleted."""
        return self._messages.get(message_id)

    async def type(self, line: str) -> Sent:
        """Issue a command line, `image:@path` uploading a file.

        Raises CommandLineError for a line that cannot be understood and Refused for one that
        Discord's client would not send.
        """
        parsed = parse_command_line(line, await self.commands(), names=self._names)
        return await self._act(2, data=parsed.data, uploads=parsed.uploads)

    async def commands(self) -> list[JsonObject]:
        """The commands registered for this member's guild."""
        path = f"/playground/guilds/{self.guild_id}/commands"
        return cast(list[JsonObject], (await self._get(path))["commands"])

    async def autocomplete(self, line: str, option: str) -> list[JsonObject]:
        """The bot's suggestions for an option, with the rest of the line as typed so far."""
        parsed = parse_command_line(line, await self.commands(), names=self._names, focused=option)
        return cast(list[JsonObject], (await self._post(4, data=parsed.data))["choices"])

    async def press(
        self, message: SeenMessage, *, label: str | None = None, custom_id: str | None = None
    ) -> Sent:
        """Press a button by its label or custom_id. Raises MemberError when there is none."""
        current = await self._as_it_stands(message)
        for button in current.buttons:
            if button.get("label") == label if label else button.get("custom_id") == custom_id:
                data: JsonObject = {"component_type": 2, "custom_id": button.get("custom_id")}
                return await self._act(3, data=data, message=current)
        labels = ", ".join(str(b.get("label") or b.get("custom_id")) for b in current.buttons)
        raise MemberError(f"There is no button {label or custom_id}; there are: {labels}.")

    async def select(
        self, message: SeenMessage, values: Sequence[str], *, custom_id: str | None = None
    ) -> Sent:
        """Choose in a select of a message: the one with this custom_id, or its only one."""
        current = await self._as_it_stands(message)
        for component in current.components:
            if component["type"] in (3, 5, 6, 7, 8) and custom_id in (None, component["custom_id"]):
                data = {
                    "component_type": component["type"],
                    "custom_id": component["custom_id"],
                    "values": list(values),
                }
                return await self._act(3, data=data, message=current)
        raise MemberError("The message has no such menu.")

    async def _as_it_stands(self, message: SeenMessage) -> SeenMessage:
        """Its latest state, once this member's own page has caught up with the given one.

        What another member was shown already may still be on its way to this one. Raises
        WaitedInVain.
        """
        return await self.wait_until(
            lambda: (
                own
                if (own := self._messages.get(message.id, message)).edited_at >= message.edited_at
                else None
            ),
            "an edit that another member sees",
            PATIENCE_SECONDS,
        )

    async def submit_modal(
        self, modal: OpenModal, answers: Mapping[str, str | Sequence[str]]
    ) -> Sent:
        """Submit a form; what is not answered keeps the value that the form came with."""
        components: list[JsonObject] = []
        for field in modal.fields:
            answer = answers.get(field["custom_id"], field.get("value") or "")
            inner: JsonObject = {"type": field["type"], "custom_id": field["custom_id"]}
            if field["type"] == TEXT_INPUT:
                inner["value"] = answer
            else:
                inner["values"] = [answer] if isinstance(answer, str) else list(answer)
            components.append({"type": LABEL, "component": inner})
        data = {"custom_id": modal.body["custom_id"], "components": components}
        return await self._act(5, data=data)

    async def download(self, attachment: JsonObject) -> bytes:
        """The content of an attachment. Raises MemberError when it is gone."""
        async with self._http.get(attachment["url"]) as response:
            if response.status != 200:
                raise MemberError(f"The file answered {response.status}.")
            return await response.read()

    async def wait_for_message(
        self,
        predicate: Callable[[SeenMessage], bool],
        timeout_seconds: float = PATIENCE_SECONDS,
    ) -> SeenMessage:
        """The first message, present or future, in a state that fits. Raises WaitedInVain."""
        return await self.wait_until(
            lambda: next((m for m in self.messages if predicate(m)), None),
            "such a message",
            timeout_seconds,
        )

    async def wait_until(
        self, probe: Callable[[], Seen | None], what: str, timeout_seconds: float
    ) -> Seen:
        """The first value that `probe` finds; asked again at every event. Raises WaitedInVain."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while (found := probe()) is None:
                    await self._news.wait()
                return found
        except TimeoutError:
            seen = "\n".join(f"- {m.text or m.body}" for m in self.messages[-5:]) or "- nothing"
            raise WaitedInVain(
                f"Waited {timeout_seconds} s for {what} in vain. The last messages:\n{seen}"
            ) from None

    async def go_to_thread(
        self, name: str, timeout_seconds: float = PATIENCE_SECONDS
    ) -> JsonObject:
        """Enter a thread of this server once there is one of this name. Raises WaitedInVain."""
        thread = await self.wait_until(
            lambda: next((one for one in self.threads.values() if one["name"] == name), None),
            f"a thread {name}",
            timeout_seconds,
        )
        self.channel_id = str(thread["id"])
        return thread

    async def _enter(self, name: str, guild: str, channel: str) -> None:
        session = await self._get("/playground/session")
        self.id = _id_of(session["users"], "global_name", name)
        self.guild_id = _id_of(session["guilds"], "name", guild)
        channels = next(g["channels"] for g in session["guilds"] if g["id"] == self.guild_id)
        self.channel_id = _id_of(channels, "name", channel)
        people = {u[key].lower(): u["id"] for u in session["users"] for key in ("username",)}
        self._names = Names(people=people, channels={c["name"]: c["id"] for c in channels})
        socket = await self._http.ws_connect(
            f"{self._url}/playground/events", params={"user": self.id}, max_msg_size=0
        )
        self._socket = socket
        greeting = await socket.receive_json()
        self.bot_online = bool(greeting["d"]["online"])
        threads = next(g["threads"] for g in session["guilds"] if g["id"] == self.guild_id)
        self.threads = {one["id"]: one for one in threads}
        mine = [one for one in session["direct_channels"] if one["recipient_id"] == self.id]
        for one in (*channels, *threads, *mine):
            path = f"/playground/channels/{one['id']}/messages"
            for body in (await self._get(path, user=self.id))["messages"]:
                self._messages[str(body["id"])] = SeenMessage(body)
        self._reader = asyncio.create_task(self._read(socket))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                event = json.loads(frame.data)
                self._note(event["t"], event["d"])
                self._news.set()
                self._news = asyncio.Event()

    def _note(self, name: str, data: JsonObject) -> None:
        match name:
            case "MESSAGE_CREATE" | "MESSAGE_UPDATE":
                self._messages[str(data["id"])] = SeenMessage(data)
            case "MESSAGE_DELETE":
                self._messages.pop(str(data["id"]), None)
            case "INTERACTION_ACKNOWLEDGED":
                self.acknowledged.add(data["interaction_id"])
            case "INTERACTION_FAILED":
                self.failures[data["interaction_id"]] = data["reason"]
            case "MODAL":
                self.modals[data["interaction_id"]] = OpenModal(data)
            case "THREAD_CREATE" | "THREAD_UPDATE":
                if data["guild_id"] == self.guild_id:
                    self.threads[data["id"]] = data
            case "BOT_STATUS":
                self.bot_online = bool(data["online"])
            case _:
                pass

    async def _act(
        self,
        kind: int,
        *,
        data: JsonObject,
        message: SeenMessage | None = None,
        uploads: Sequence[Path] = (),
    ) -> Sent:
        answer = await self._post(kind, data=data, message=message, uploads=uploads)
        return Sent(self, str(answer["interaction_id"]))

    async def _post(
        self,
        kind: int,
        *,
        data: JsonObject,
        message: SeenMessage | None = None,
        uploads: Sequence[Path] = (),
    ) -> JsonObject:
        payload: JsonObject = {
            "user": self.id,
            "guild_id": self.guild_id,
            "channel_id": message.channel_id if message else self.channel_id,
            "type": kind,
            "data": data,
        }
        if message is not None:
            payload["message_id"] = message.id
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("payload_json", json.dumps(payload), content_type="application/json")
        for index, path in enumerate(uploads):
            form.add_field(
                f"files[{index}]",
                io.BytesIO(await asyncio.to_thread(path.read_bytes)),
                filename=path.name,
                content_type=content_type_of(path.name, ""),
            )
        async with self._http.post(f"{self._url}/playground/interactions", data=form) as response:
            return await _answer(response)

    async def _get(self, path: str, **query: str) -> JsonObject:
        params = query or ({"user": self.id} if self.id else {})
        async with self._http.get(f"{self._url}{path}", params=params) as response:
            return await _answer(response)


async def _answer(response: aiohttp.ClientResponse) -> JsonObject:
    body = cast(JsonObject, await response.json())
    if response.status != 200:
        raise Refused(str(body.get("message")), status=response.status)
    return body


def _id_of(things: list[Any], key: str, name: str) -> str:
    for thing in things:
        if thing[key].lower() == name.lower():
            return str(thing["id"])
    listed = ", ".join(str(thing[key]) for thing in things)
    raise MemberError(f"There is no {name}; there are: {listed}.")
