"""A bot without a library: a gateway connection and plain HTTP, to test rules exactly."""

import asyncio
import io
import json
import zlib
from dataclasses import dataclass
from types import TracebackType
from typing import Any, cast

import aiohttp

from bot.playground.server import Playground

PATIENCE_SECONDS = 30.0
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the API said."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> int:
        """Discord's error code."""
        return int(self.body["code"])

    def error_at(self, *path: str | int) -> str:
        """The word of the first form error at a path of the body."""
        node = self.body["errors"]
        for step in path:
            node = node[str(step)]
        return str(node["_errors"][0]["code"])


class RawBot:
    """Speaks to one playground; `connect` opens the gateway."""

    def __init__(self, playground: Playground) -> None:
        self._playground = playground
        self.http = aiohttp.ClientSession()
        self.token = playground.bot_token
        self.gateway: RawGateway | None = None

    async def __aenter__(self) -> "RawBot":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.gateway is not None:
            await self.gateway.close()
        await self.http.close()

    async def connect(self, *, intents: int = 1) -> "RawGateway":
        """Identify and read READY."""
        gateway = await self.open_gateway()
        await gateway.send(2, {"token": self.token, "intents": intents, "properties": {}})
        await gateway.event("READY")
        self.gateway = gateway
        return gateway

    async def open_gateway(self, *, compress: bool = False) -> "RawGateway":
        """Connect and read HELLO."""
        url = f"{self._playground.gateway_url}/?v=10&encoding=json"
        url += "&compress=zlib-stream" if compress else ""
        gateway = RawGateway(await self.http.ws_connect(url, max_msg_size=0))
        hello = await gateway.receive()
        assert hello["op"] == 10
        gateway.heartbeat_interval_seconds = hello["d"]["heartbeat_interval"] / 1000
        return gateway

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        files: dict[str, bytes] | None = None,
        token: str | None = None,
    ) -> Answer:
        """One request; with `files` (name -> content) it is multipart."""
        headers = {"Authorization": f"Bot {token or self.token}"}
        arguments: Json = {"headers": headers}
        if files is not None:
            form = aiohttp.FormData(quote_fields=False)
            if body is not None:
                form.add_field("payload_json", json.dumps(body))
            for index, (name, content) in enumerate(files.items()):
                form.add_field(f"files[{index}]", io.BytesIO(content), filename=name)
            arguments["data"] = form
        elif body is not None:
            arguments["data"] = json.dumps(body)
            headers["Content-Type"] = "application/json"
        url = f"{self._playground.url}/api/v10{path}"
        async with self.http.request(method, url, **arguments) as response:
            text = await response.text()
            return Answer(
                status=response.status,
                body=json.loads(text) if text else None,
                headers=dict(response.headers),
            )

    async def register(self, *commands: Json, guild_id: str | None = None) -> Answer:
        """Make these all commands of the scope."""
        application = f"/applications/{self._playground.world.application_id}"
        scope = f"/guilds/{guild_id}" if guild_id else ""
        return await self.request("PUT", f"{application}{scope}/commands", list(commands))

    async def next_interaction(self) -> Json:
        """The next INTERACTION_CREATE."""
        assert self.gateway is not None
        return cast(Json, (await self.gateway.event("INTERACTION_CREATE"))["d"])

    async def call_back(
        self,
        interaction: Json,
        kind: int,
        data: Any = None,
        *,
        files: dict[str, bytes] | None = None,
    ) -> Answer:
        """Answer an interaction."""
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
        body: Json = {"type": kind}
        if data is not None:
            body["data"] = data
        return await self.request("POST", f"{path}?with_response=1", body, files=files)

    def webhook(self, interaction: Json, tail: str = "") -> str:
        """The path of an interaction's webhook."""
        return f"/webhooks/{self._playground.world.application_id}/{interaction['token']}{tail}"


class RawGateway:
    """One gateway connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heartbeat_interval_seconds = 0.0
        self.seq: int | None = None
        self.session_id = ""
        self._inflate = zlib.decompressobj()

    async def send(self, op: int, data: Any) -> None:
        """Send one frame."""
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def receive(self) -> Json:
        """The next frame. Fails when the connection was closed."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            frame = await self.socket.receive()
        assert frame.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), frame
        text = frame.data
        if frame.type is aiohttp.WSMsgType.BINARY:
            assert text.endswith(b"\x00\x00\xff\xff")
            text = self._inflate.decompress(text)
        payload = cast(Json, json.loads(text))
        if payload["s"] is not None:
            self.seq = payload["s"]
        if payload["t"] == "READY":
            self.session_id = payload["d"]["session_id"]
        return payload

    async def event(self, name: str) -> Json:
        """The next event of this name; others are skipped."""
        while True:
            payload = await self.receive()
            if payload["t"] == name:
                return payload

    async def close_code(self) -> int | None:
        """Read until the server closes, and say its code."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.socket.closed:
                await self.socket.receive()
        return self.socket.close_code

    async def close(self, code: int = 1000) -> None:
        """Hang up."""
        await self.socket.close(code=code)
