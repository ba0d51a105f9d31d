"""The playground: builds all parts, binds them to one port of 127.0.0.1, closes them."""

import base64
import secrets
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType

from aiohttp import web

from bot.playground.attachments import AttachmentStore
from bot.playground.clock import Clock, SystemClock
from bot.playground.composing import Composer
from bot.playground.exchange import Exchange
from bot.playground.faults import EventFaults, FaultPlan
from bot.playground.gateway.endpoint import Gateway
from bot.playground.gateway.sessions import Sessions
from bot.playground.interactions import Interactions
from bot.playground.member_side.acts import MemberActs
from bot.playground.member_side.api import MemberApi, only_from_here
from bot.playground.member_side.events import MemberEvents
from bot.playground.messages import Messages
from bot.playground.rate_limits import RateLimits
from bot.playground.registry import CommandRegistry
from bot.playground.rest.accounts import AccountRoutes
from bot.playground.rest.api import RestApi
from bot.playground.rest.commands import CommandRoutes
from bot.playground.rest.interactions import CallbackRoutes
from bot.playground.rest.messages import MessageRoutes
from bot.playground.rest.threads import ThreadRoutes
from bot.playground.rest.webhooks import WebhookRoutes
from bot.playground.seed import seeded_world
from bot.playground.snowflakes import Snowflakes
from bot.playground.threads import Threads

ATTACHMENT_LIMIT_BYTES = 10 * 2**20
HOST = "127.0.0.1"
PAGE_FOLDER = Path(__file__).parent / "page"
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class Playground:
    """A local Discord for one bot, as an async context manager.

    `port=0` takes a free port. `clock` drives every deadline and rate limit. With `tls` the
    server speaks https and wss. Raises OSError when the port is taken.

    `exchanges` may be set to an observer of the bot's requests; what it raises does not
    disturb the bot and is raised again on leaving the context.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Clock | None = None,
        attachment_limit_bytes: int = ATTACHMENT_LIMIT_BYTES,
        application_name: str = "Reelroom",
        heartbeat_interval_seconds: float = 41.25,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._port = port
        self._tls = tls
        self._stack = AsyncExitStack()
        self.clock = clock or SystemClock()
        self.exchanges: Callable[[Exchange], None] | None = None
        self.faults = FaultPlan()
        self.event_faults = EventFaults()
        self.world = seeded_world(application_name)
        self.bot_token = _new_token(self.world.application_id)
        self._snowflakes = snowflakes = Snowflakes(self.clock)
        self._sessions = Sessions(self.world, self.bot_token, self.event_faults)
        self.gateway = Gateway(
            self._sessions, heartbeat_interval_seconds=heartbeat_interval_seconds
        )
        self._events = MemberEvents()
        self._attachments = AttachmentStore(snowflakes)
        self._interactions = Interactions(self.clock, snowflakes)
        self._registry = CommandRegistry(self.world.application_id, snowflakes, self.clock)
        self._threads = Threads(self.world, self._sessions, self._events, self.clock)
        self._messages = Messages(self.world, self._sessions, self._events, self._threads)
        self._composer = Composer(self.world, self._attachments, snowflakes, self.clock)
        self._accounts = AccountRoutes(self.world, snowflakes)
        self._acts = self._member_acts(attachment_limit_bytes)
        self._members = MemberApi(
            self.world, self._registry, self._messages, self._acts, self._events, self._sessions
        )
        self._rest = self._rest_api(attachment_limit_bytes)
        self.url = ""
        self.gateway_url = ""

    @property
    def page_url(self) -> str:
        """Where the chat page is."""
        return f"{self.url}/"

    def permit(self, command_name: str, user_id: str) -> None:
        """Let a member use a command in spite of its default permissions.

        On Discord a server's administrator can do that, so a bot must check for itself.
        """
        self._registry.permit(command_name, user_id)

    def prefer_locale(self, guild_name: str, locale: str) -> None:
        """Set a guild's language, as its moderators can. Raises StopIteration for unknown names."""
        guild = next(guild for guild in self.world.guilds if guild.name == guild_name)
        self._members.prefer_locale(guild.id, locale)

    def close_direct_messages(self, user_id: str, *, closed: bool = True) -> None:
        """Let a member take no direct messages from the bot, or take them again."""
        change = self.world.closed_to_direct.add if closed else self.world.closed_to_direct.discard
        change(user_id)

    async def __aenter__(self) -> "Playground":
        """Start serving."""
        self._stack.callback(self._attachments.close)
        self._stack.callback(self._interactions.close)
        try:
            await self._serve()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection and delete every upload; raise what the observer raised."""
        await self._stack.aclose()
        if error is None and self._rest.observer_failures:
            raise self._rest.observer_failures[0]

    def _member_acts(self, attachment_limit_bytes: int) -> MemberActs:
        return MemberActs(
            world=self.world,
            registry=self._registry,
            messages=self._messages,
            attachments=self._attachments,
            interactions=self._interactions,
            sessions=self._sessions,
            events=self._events,
            clock=self.clock,
            attachment_limit_bytes=attachment_limit_bytes,
        )

    def _rest_api(self, attachment_limit_bytes: int) -> RestApi:
        return RestApi(
            bot_token=self.bot_token,
            rate_limits=RateLimits(self.clock),
            faults=self.faults,
            attachment_limit_bytes=attachment_limit_bytes,
            observer=lambda: self.exchanges,
        )

    async def _serve(self) -> None:
        self._interactions.on_unanswered = self._acts.unanswered
        self._interactions.on_expired = self._acts.expired
        self._sessions.on_status = self._members.bot_status
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, HOST, self._port, ssl_context=self._tls)
        await site.start()
        self._stack.callback(self._hang_up)
        port = runner.addresses[0][1]
        secure = "s" if self._tls else ""
        self.url = f"http{secure}://{HOST}:{port}"
        self.gateway_url = f"ws{secure}://{HOST}:{port}"
        self._attachments.base_url = self.url
        self._accounts.gateway_url = self._sessions.resume_url = self.gateway_url

    def _hang_up(self) -> None:
        self._threads.close()
        self.gateway.disconnect(1001, "Going away.")
        self._events.close()

    def _application(self) -> web.Application:
        # Sizes are checked by rest/bodies.py, with Discord's error; aiohttp's own limit is off.
        app = web.Application(middlewares=[only_from_here], client_max_size=2**30)
        callbacks = CallbackRoutes(
            self._interactions,
            self._messages,
            self._composer,
            self.world.application_id,
            self._acts.answered,
        )
        webhooks = WebhookRoutes(
            self._interactions, self._messages, self._composer, self.world.application_id
        )
        commands = CommandRoutes(self.world, self._registry, self._members.commands_changed)
        messages = MessageRoutes(self.world, self._messages, self._composer, self.clock)
        threads = ThreadRoutes(
            self.world, self._threads, self._messages, self._composer, self._snowflakes
        )
        parts = (self._accounts, commands, callbacks, webhooks, messages, threads)
        self._rest.add_to(app, [route for part in parts for route in part.routes()])
        self._members.add_to(app)
        app.router.add_get(
            "/attachments/{channel_id}/{attachment_id}/{filename}", self._attachments.serve
        )
        app.router.add_get("/", self._root)
        if PAGE_FOLDER.is_dir():
            app.router.add_static("/static", PAGE_FOLDER)
        app.on_response_prepare.append(_never_keep_the_page)
        return app

    async def _root(self, request: web.Request) -> web.StreamResponse:
        """The chat page; for a WebSocket, the gateway (whose address has no path on Discord)."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.gateway.serve(request)
        index = PAGE_FOLDER / "index.html"
        if not index.is_file():
            return web.Response(text="The chat page is not installed.", status=404)
        return web.FileResponse(index, headers={"Content-Security-Policy": PAGE_POLICY})


async def _never_keep_the_page(request: web.Request, response: web.StreamResponse) -> None:
    if request.path == "/" or request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"


def _new_token(application_id: str) -> str:
    """A token of Discord's form: the application's id in base64, a stamp, a secret."""
    first = base64.urlsafe_b64encode(application_id.encode()).decode().rstrip("=")
    return f"{first}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
