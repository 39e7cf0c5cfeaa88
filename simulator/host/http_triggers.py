"""Serves the app's HTTP functions, with routes, methods, keys, bodies and headers as on Azure."""

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web
from multidict import CIMultiDict

from simulator.host.runtime import Function, FunctionFailedError, Value

#: Azure's default for a route that does not list its methods.
_DEFAULT_METHODS = ("GET", "POST")
_CATCH_ALL = re.compile(r"\{\*(\w+)\}")
_CONSTRAINT = re.compile(r"\{(\w+):[^}]+\}")
_OPTIONAL = re.compile(r"/\{(\w+)\?\}$")

type Invoke = Callable[[Function, Value], Awaitable[Value | None]]
type Headers = Callable[[web.Request], Mapping[str, str]]


class Key:
    """The host's only key, which is required for functions that are not anonymous."""

    def __init__(self, key: str) -> None:
        self.text = key

    def opens(self, request: web.Request) -> bool:
        """Whether the request contains the key, as `x-functions-key` or `?code=`."""
        shown = request.headers.get("x-functions-key") or request.query.get("code", "")
        return hmac.compare_digest(shown.encode(), self.text.encode())


def add_routes(
    router: web.UrlDispatcher, functions: list[Function], prefix: str, key: Key, invoke: Invoke, *, headers: Headers
) -> None:
    """Register the routes of all HTTP functions. `headers` returns the headers of a request for the app.

    Raises:
        TypeError: the methods of a route are not a list.
    """
    for function in functions:
        handler = _handler(function, key, invoke, headers)
        methods = function.settings.get("methods") or _DEFAULT_METHODS
        if not isinstance(methods, list | tuple):
            raise TypeError(f"function {function.name}: methods are {methods!r}, not a list")
        for path in _paths(prefix, str(function.settings.get("route") or function.name)):
            for method in methods:
                router.add_route(getattr(method, "value", str(method)).upper(), path, handler)


def _paths(prefix: str, route: str) -> list[str]:
    path = "/" + "/".join(part for part in (prefix.strip("/"), route.strip("/")) if part)
    path = _CONSTRAINT.sub(r"{\1}", _CATCH_ALL.sub(r"{\1:.*}", path))
    without = _OPTIONAL.sub("", path)
    return [path] if without == path else [without or "/", _OPTIONAL.sub(r"/{\1}", path)]


def _handler(
    function: Function, key: Key, invoke: Invoke, headers: Headers
) -> Callable[[web.Request], Awaitable[web.Response]]:
    anonymous = str(function.settings.get("authLevel", "FUNCTION")).upper().endswith("ANONYMOUS")

    async def handle(request: web.Request) -> web.Response:
        if not (anonymous or key.opens(request)):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        try:
            returned = await invoke(function, await _request_value(request, headers(request)))
        except FunctionFailedError:
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)  # Azure does not reveal details to the caller.
        return _response(function, returned)

    return handle


async def _request_value(request: web.Request, headers: Mapping[str, str]) -> Value:
    def texts(items: dict[str, str]) -> dict[str, Value]:
        return {name: Value("string", text) for name, text in items.items()}

    fields: dict[str, object] = {
        "method": Value("string", request.method),
        "url": Value("string", str(request.url)),
        "body": Value("bytes", await request.read()),
        "headers": texts({name.lower(): text for name, text in headers.items()}),
        "query": texts(dict(request.query)),
        "params": texts(dict(request.match_info)),
    }
    return Value("http", fields)


def _response(function: Function, returned: Value | None) -> web.Response:
    if returned is None or returned.kind is None:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    if returned.kind != "http":
        return web.Response(body=_bytes(returned.content), content_type="text/plain", charset="utf-8")
    fields = returned.content
    if not isinstance(fields, dict):
        raise TypeError(f"function {function.name} returned an HTTP response of type {type(fields).__name__}")
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in fields["headers"].items():
        headers.add(name, str(value.value))
    for cookie in fields.get("cookies") or []:
        for morsel in cookie.values():
            headers.add("Set-Cookie", morsel.OutputString())
    body = fields.get("body")
    return web.Response(
        status=int(fields["status_code"].value), headers=headers, body=_bytes(body.value if body else b"")
    )


def _bytes(content: object) -> bytes:
    return content if isinstance(content, bytes) else str(content).encode()
