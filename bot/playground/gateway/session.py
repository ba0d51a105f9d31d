"""A gateway session: numbered events, and the ones to replay after a lost connection."""

import asyncio
import json
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.playground.json_types import JsonObject

REPLAY_EVENTS = 1000


class Connection:
    """One WebSocket of the bot; sends in order, compressed when the client asked for it."""

    def __init__(self, socket: web.WebSocketResponse, *, compress: bool) -> None:
        self._socket = socket
        self._deflate = zlib.compressobj() if compress else None
        self._outbox: asyncio.Queue[tuple[str, int | None]] = asyncio.Queue()
        self.closing = False

    def send(
        self, op: int, data: Any = None, *, name: str | None = None, seq: int | None = None
    ) -> None:
        """Queue one frame."""
        self.send_text(json.dumps({"op": op, "d": data, "s": seq, "t": name}))

    def send_text(self, text: str) -> None:
        """Queue one frame that is JSON already."""
        self._outbox.put_nowait((text, None))

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued has gone out."""
        self.closing = True
        self._outbox.put_nowait((reason, code))

    async def run_outbox(self) -> None:
        """Send what is queued until the connection is closed."""
        while True:
            text, close_code = await self._outbox.get()
            if close_code is not None:
                await self._socket.close(code=close_code, message=text.encode())
                return
            if self._deflate is None:
                await self._socket.send_str(text)
            else:
                packed = self._deflate.compress(text.encode())
                # Every message ends in a sync flush (00 00 FF FF): that is zlib-stream.
                await self._socket.send_bytes(packed + self._deflate.flush(zlib.Z_SYNC_FLUSH))


@dataclass(kw_only=True)
class Session:
    """What IDENTIFY opened; it outlives its connection so that RESUME can continue it."""

    id: str
    intents: int
    shard_id: int
    shard_count: int
    connection: Connection | None = None
    seq: int = 0
    replay: deque[tuple[int, str]] = field(
        default_factory=lambda: deque[tuple[int, str]](maxlen=REPLAY_EVENTS)
    )

    def dispatch(self, name: str, data: JsonObject) -> None:
        """Number an event, remember it, send it if connected."""
        self.seq += 1
        text = json.dumps({"op": 0, "d": data, "s": self.seq, "t": name})
        self.replay.append((self.seq, text))
        if self.connection is not None:
            self.connection.send_text(text)

    def resume(self, connection: Connection, seen_seq: int) -> None:
        """Continue on a new connection: everything after `seen_seq`, then RESUMED."""
        self.connection = connection
        for seq, text in self.replay:
            if seq > seen_seq:
                connection.send_text(text)
        self.dispatch("RESUMED", {"_trace": ["playground"]})
