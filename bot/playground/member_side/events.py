"""The WebSocket on which members see what happens."""

import asyncio
import json

from aiohttp import WSMsgType, web

from bot.playground.json_types import JsonObject


class MemberEvents:
    """Sends every event to every connected member, or to the one whom it concerns."""

    def __init__(self) -> None:
        self._queues: dict[asyncio.Queue[str | None], str] = {}

    def publish(self, name: str, data: JsonObject, *, only_for: str | None = None) -> None:
        """Send an event; `only_for` is the id of the one member who may see it."""
        frame = json.dumps({"t": name, "d": data})
        for queue, user_id in self._queues.items():
            if only_for is None or only_for == user_id:
                queue.put_nowait(frame)

    def close(self) -> None:
        """End every connection."""
        for queue in self._queues:
            queue.put_nowait(None)

    async def serve(
        self, request: web.Request, user_id: str, greeting: JsonObject
    ) -> web.WebSocketResponse:
        """Hold one member's connection until either side ends it; `greeting` goes first."""
        socket = web.WebSocketResponse(heartbeat=30.0)
        await socket.prepare(request)
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        queue.put_nowait(json.dumps(greeting))
        self._queues[queue] = user_id
        sender = asyncio.create_task(self._send(socket, queue))
        try:
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            del self._queues[queue]
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    async def _send(self, socket: web.WebSocketResponse, queue: asyncio.Queue[str | None]) -> None:
        while (frame := await queue.get()) is not None:
            await socket.send_str(frame)
        await socket.close()
