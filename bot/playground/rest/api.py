"""What all REST routes share: the token, rate limits, faults, errors as JSON, the observer."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import web

from bot.playground.attachments import UploadedFile
from bot.playground.errors import (
    ApiError,
    invalid_json,
    method_not_allowed,
    route_not_found,
    unauthorized,
)
from bot.playground.exchange import Exchange
from bot.playground.faults import Fault, FaultPlan
from bot.playground.json_types import JsonObject
from bot.playground.rate_limits import RateLimited, RateLimits, RouteLimit
from bot.playground.rest.bodies import read_body

PREFIX = "/api/v10"
MAJOR_PARAMETERS = ("channel_id", "guild_id", "webhook_token")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """A request of the bot, parsed; `body` is its JSON (None without one)."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    files: dict[int, UploadedFile]

    def json_object(self) -> JsonObject:
        """The body; empty for a multipart request of files alone. Raises ApiError 50109."""
        body = self.body
        if body is None and self.files:
            return {}
        if not isinstance(body, dict):
            raise invalid_json()
        return cast(JsonObject, body)


@dataclass(frozen=True, kw_only=True)
class ApiAnswer:
    """An answer; without a body it is 204 unless it says otherwise."""

    body: Any = None
    status: int | None = None

    @property
    def http_status(self) -> int:
        """The status that is sent."""
        return self.status or (204 if self.body is None else 200)


@dataclass(frozen=True, kw_only=True)
class ApiRoute:
    """One operation of the API; `template` is its path as the reference writes it."""

    method: str
    template: str
    handler: Callable[[ApiCall], Awaitable[ApiAnswer]]
    limit: RouteLimit | None
    of_interactions: bool = False
    """Interaction endpoints: the token stands in the path, the overall limit does not apply."""


@dataclass(kw_only=True)
class RestApi:
    """Serves ApiRoutes below /api/v10."""

    bot_token: str
    rate_limits: RateLimits
    faults: FaultPlan
    attachment_limit_bytes: int
    observer: Callable[[], Callable[[Exchange], None] | None]
    observer_failures: list[Exception] = field(default_factory=list[Exception])

    def add_to(self, app: web.Application, routes: list[ApiRoute]) -> None:
        """Register the routes; every other path below /api answers 404 in Discord's shape."""
        for route in routes:
            app.router.add_route(route.method, PREFIX + route.template, self._handler(route))
        for template in {route.template for route in routes}:
            app.router.add_route("*", PREFIX + template, _refuse_method)
        app.router.add_route("*", "/api/{rest:.*}", _refuse_path)

    def _handler(self, route: ApiRoute) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await _Handling(self, route, request).answer()

        return handle


class _Handling:
    """One request on its way through a route."""

    def __init__(self, api: RestApi, route: ApiRoute, request: web.Request) -> None:
        self._api = api
        self._route = route
        self._request = request
        self._sent: Any = None
        self._files: dict[int, UploadedFile] = {}

    async def answer(self) -> web.StreamResponse:
        """Carry the request out, or do to it what a fault says."""
        fault = self._api.faults.take(self._route.method, self._route.template)
        if fault is None:
            return await self._by_the_rules()
        if fault.after_effect:
            await self._by_the_rules()
        else:
            await self._request.read()
        return await self._with_fault(fault)

    async def _by_the_rules(self) -> web.Response:
        headers: dict[str, str] = {}
        try:
            if not self._route.of_interactions:
                self._check_token()
            headers = self._count()
            self._sent, self._files = await read_body(
                self._request, attachment_limit_bytes=self._api.attachment_limit_bytes
            )
            call = ApiCall(
                path=self._request.match_info,
                query=self._request.query,
                body=self._sent,
                files=self._files,
            )
            answer = await self._route.handler(call)
            return self._respond(answer.http_status, answer.body, headers)
        except RateLimited as limited:
            await self._request.read()
            return self._respond(429, limited.body, limited.headers)
        except ApiError as error:
            return self._respond(error.status, error.body(), headers)
        except Exception:
            log.exception("the playground failed on %s %s", self._route.method, self._request.path)
            return self._respond(500, {"message": "500: Internal Server Error", "code": 0}, headers)

    async def _with_fault(self, fault: Fault) -> web.StreamResponse:
        if fault.kind == "drop":
            if self._request.transport is not None:
                self._request.transport.abort()
            await asyncio.sleep(0)
            return web.Response()
        if fault.kind == "rate_limit":
            limited = RateLimited(fault.retry_after_seconds, {}, scope="shared")
            return self._respond(429, limited.body, limited.headers, injected=True)
        return self._respond(fault.status, fault.body, {}, injected=True)

    def _check_token(self) -> None:
        if self._request.headers.get("Authorization") != f"Bot {self._api.bot_token}":
            raise unauthorized()

    def _count(self) -> dict[str, str]:
        path = self._request.match_info
        major = "/".join(path[name] for name in MAJOR_PARAMETERS if name in path)
        return self._api.rate_limits.count(
            self._route.limit, major, exempt=self._route.of_interactions
        )

    def _respond(
        self, status: int, body: Any, headers: dict[str, str], *, injected: bool = False
    ) -> web.Response:
        observer = self._api.observer()
        if observer is not None:
            exchange = Exchange(
                method=self._route.method,
                path_template=self._route.template,
                path=self._request.path,
                query=dict(self._request.query),
                request_json=self._sent,
                file_names=tuple(file.filename for file in self._files.values()),
                status=status,
                response_json=body,
                injected=injected,
            )
            try:
                observer(exchange)
            except Exception as failure:
                # The bot must not notice that it is watched; see Playground.exchanges.
                self._api.observer_failures.append(failure)
        return json_response(body, status=status, headers=headers)


def json_response(
    body: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """JSON with the content type that discord.py compares with `==`: no charset."""
    if body is None:
        return web.Response(status=status, headers=headers)
    # aiohttp adds no charset to a body of bytes.
    content = json.dumps(body).encode()
    return web.Response(
        body=content, status=status, content_type="application/json", headers=headers
    )


async def _refuse_method(request: web.Request) -> web.Response:
    return json_response(method_not_allowed().body(), status=405)


async def _refuse_path(request: web.Request) -> web.Response:
    return json_response(route_not_found().body(), status=404)
