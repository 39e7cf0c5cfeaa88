"""Serves one of the simulated services with aiohttp."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from simulator.http_types import HttpRequest, HttpResponse

HOST = "127.0.0.1"

type Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


class HttpServers:
    """The servers of one simulation, all on 127.0.0.1."""

    def __init__(self) -> None:
        self._servers: list[tuple[asyncio.Server, web.Server]] = []

    async def open(self, handler: Handler, context: ssl.SSLContext | None, port: int) -> int:
        """Listen on a port (0: any free one) and return it."""
        # Disconnecting ends a watch.
        web_server = web.Server(_adapt(handler), handler_cancellation=context is not None, access_log=None)
        listening = await asyncio.get_running_loop().create_server(web_server, HOST, port, ssl=context)
        self._servers.append((listening, web_server))
        return int(listening.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop all servers, and end their connections."""
        for listening, web_server in self._servers:
            listening.close()
            listening.abort_clients()
            await listening.wait_closed()
            await web_server.shutdown(0)
        self._servers.clear()


def _adapt(handler: Handler) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """Converts between aiohttp's requests and responses and those of the services."""

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        origin = f"{request.scheme}://{request.headers.get('Host', HOST)}"
        converted = HttpRequest(request.method, request.path, request.query, request.headers, body, origin)
        response = await handler(converted)
        if response.drop:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=499)
        if response.stream is not None:
            return await _stream(request, response.stream)
        if response.document is None:
            return web.Response(status=response.status, headers=response.headers)
        text = json.dumps(response.document)
        headers = {"Content-Type": "application/json; charset=utf-8", **response.headers}
        return web.Response(status=response.status, body=text.encode(), headers=headers)

    return serve


async def _stream(request: web.BaseRequest, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    """Send pieces as they arrive, until the caller disconnects."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    with suppress(ConnectionError):
        await response.prepare(request)
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    return response
