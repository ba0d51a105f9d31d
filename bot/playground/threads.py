"""Threads: started from a message or without one, archived by hand or by inactivity.

Source: https://discord.com/developers/docs/topics/threads
"""

from dataclasses import replace
from typing import Any

from bot.playground.clock import Clock, Timer
from bot.playground.discord_json import channel_json, thread_member_json
from bot.playground.gateway.audience import Intent
from bot.playground.gateway.sessions import Sessions
from bot.playground.json_types import JsonObject
from bot.playground.member_side.events import MemberEvents
from bot.playground.world import Channel, Thread, World


class Threads:
    """Keeps the world's threads; every change is announced to the bot and to the members."""

    def __init__(
        self, world: World, sessions: Sessions, member_events: MemberEvents, clock: Clock
    ) -> None:
        self._world = world
        self._sessions = sessions
        self._member_events = member_events
        self._clock = clock
        self._rests: dict[str, Timer] = {}

    def start(
        self, parent: Channel, *, thread_id: str, name: str, auto_archive_minutes: int
    ) -> Thread:
        """A new thread of the bot's, which has joined it."""
        now = self._clock.now()
        thread = Thread(
            id=thread_id,
            guild_id=parent.guild_id,
            name=name,
            topic="",
            position=0,
            overwrites=parent.overwrites,
            parent_id=parent.id,
            owner_id=self._world.bot_user.id,
            started_at=now,
            archive_changed_at=now,
            auto_archive_minutes=auto_archive_minutes,
            joined_at=now,
        )
        self._world.threads[thread.id] = thread
        self._announce("THREAD_CREATE", thread, newly_created=True)
        self._rest_later(thread)
        return thread

    def change(self, thread: Thread, **changes: Any) -> Thread:
        """The thread with other fields of its dataclass; its inactivity begins anew."""
        if changes.get("archived", thread.archived) != thread.archived:
            changes["archive_changed_at"] = self._clock.now()
        thread = replace(thread, **changes)
        self._world.threads[thread.id] = thread
        self._announce("THREAD_UPDATE", thread)
        self._rest_later(thread)
        return thread

    def note_message(self, channel_id: str, message_id: str) -> None:
        """A message was posted there; in an archived thread that opens it again."""
        thread = self._world.threads.get(channel_id)
        if thread is None:
            return
        thread = replace(thread, message_count=thread.message_count + 1, last_message_id=message_id)
        self._world.threads[thread.id] = thread
        if thread.archived:
            self.change(thread, archived=False)
        else:
            self._rest_later(thread)

    def close(self) -> None:
        """Forget what was to be archived later."""
        for timer in self._rests.values():
            timer.cancel()
        self._rests.clear()

    def _rest_later(self, thread: Thread) -> None:
        if thread.id in self._rests:
            self._rests.pop(thread.id).cancel()
        if not thread.archived:
            self._rests[thread.id] = self._clock.call_later(
                60.0 * thread.auto_archive_minutes,
                lambda: self._rest(thread.id),
            )

    def _rest(self, thread_id: str) -> None:
        thread = self._world.threads[thread_id]
        if not thread.archived:
            self.change(thread, archived=True)

    def _announce(self, event: str, thread: Thread, **more: object) -> None:
        body: JsonObject = channel_json(thread) | more
        if thread.joined_at is not None:
            body["member"] = thread_member_json(thread, self._world.bot_user.id)
        self._sessions.dispatch(event, body, intent=Intent.GUILDS)
        self._member_events.publish(event, shown_thread(thread))


def shown_thread(thread: Thread) -> JsonObject:
    """A thread as the member side lists it."""
    return {
        "id": thread.id,
        "guild_id": thread.guild_id,
        "parent_id": thread.parent_id,
        "name": thread.name,
        "topic": "",
        "archived": thread.archived,
    }
