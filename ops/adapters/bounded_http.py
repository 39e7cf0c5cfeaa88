"""GET requests to servers that Daytwo does not trust: bounded in bytes and in total time, and only to permitted addresses.

httpx limits each read, not the whole call, so a server that sends a byte every few seconds would hold a call forever, even in
its headers. Here every socket operation gets what is left of the total time.
"""

import ssl
import typing
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore

from ops.adapters.clocks import monotonic_s
from ops.adapters.network_addresses import resolve

_OPERATION_S = 10.0
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_MOST_CHARACTERS = 90
_HTTPS_PORT = 443
# A compressed body can expand a thousandfold, so none is requested or accepted.
_HEADERS = [("accept-encoding", "identity"), ("user-agent", "daytwo")]


class UntrustedServerError(Exception):
    """The content was not fetched. The text gives the reason, and omits the address, which can contain a secret."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one call, including its redirects: `total_s` in seconds, the body in `most_bytes`."""

    total_s: float
    most_bytes: int


def fetch_bounded(url: str, limits: Limits, ssl_context: ssl.SSLContext, *, allow_loopback: bool = False) -> bytes:
    """Returns the body of the response to GET.

    Only `https` addresses are fetched. A redirect is followed only to an `https` address of the same host and port.

    Raises:
        UntrustedServerError: the server cannot be reached in time, its address is not permitted, or its response is not 200,
            is too large or is compressed.
    """
    backend = _DeadlineBackend(monotonic_s() + limits.total_s, allow_loopback=allow_loopback)
    with httpcore.ConnectionPool(ssl_context=ssl_context, network_backend=backend, retries=0) as pool:
        target = _split(url)
        for _ in range(_MOST_REDIRECTS + 1):
            found = _get(pool, target, limits)
            if isinstance(found, bytes):
                return found
            target = _redirected(target, found)
    raise UntrustedServerError(f"it redirects more than {_MOST_REDIRECTS} times")


def _get(pool: httpcore.ConnectionPool, target: SplitResult, limits: Limits) -> bytes | str:
    """Returns the body, or the location of a redirect.

    Raises:
        UntrustedServerError: see `fetch_bounded`.
    """
    timeouts = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), _OPERATION_S)}
    try:
        with pool.stream("GET", target.geturl(), headers=_HEADERS, extensions=timeouts) as response:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if response.status in _REDIRECTS:
                return headers.get("location", "")
            _check(response.status, headers)
            return _body(response, limits.most_bytes)
    except httpcore.TimeoutException as error:
        raise UntrustedServerError(f"no complete response within {limits.total_s:g} seconds") from error
    except httpcore.ConnectError as error:
        raise UntrustedServerError(_brief(error)) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise UntrustedServerError(f"no valid response ({type(error).__name__})") from error
    except (UnicodeError, ValueError, TypeError) as error:  # an address that cannot be encoded
        raise UntrustedServerError("its address cannot be used") from error


def _brief(error: Exception) -> str:
    """Returns the reason of this machine's network or TLS library, on one line and shortened."""
    text = str(error) or type(error).__name__
    return "".join(each if each.isprintable() else " " for each in text)[:_MOST_CHARACTERS]


def _check(status: int, headers: dict[str, str]) -> None:
    if status != _OK:
        raise UntrustedServerError(f"its server answers {status}")
    if headers.get("content-encoding", "identity").strip().casefold() not in ("", "identity"):
        raise UntrustedServerError("its server compresses the response although that was not requested")


def _body(response: httpcore.Response, most_bytes: int) -> bytes:
    content = bytearray()
    for piece in response.iter_stream():
        content += piece
        if len(content) > most_bytes:
            raise UntrustedServerError(f"it is larger than {most_bytes / 1_000_000:g} MB")
    return bytes(content)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and _port(parts) > 0 and url.isprintable()
    except ValueError as error:
        raise UntrustedServerError("its address cannot be used") from error
    if not usable:
        raise UntrustedServerError("its address cannot be used: it must be https://host/path")
    return parts._replace(fragment="")


def _redirected(origin: SplitResult, location: str) -> SplitResult:
    """Returns the target of a redirect.

    Raises:
        UntrustedServerError: it leaves https or the host.
    """
    target = _split_redirect(urljoin(origin.geturl(), location))
    if (target.hostname, _port(target)) != (origin.hostname, _port(origin)):
        raise UntrustedServerError("it redirects to another host, which is not followed")
    return target


def _split_redirect(location: str) -> SplitResult:
    try:
        return _split(location)
    except UntrustedServerError as error:
        raise UntrustedServerError("it redirects to an address that is not https, which is not followed") from error


def _port(parts: SplitResult) -> int:
    return parts.port or _HTTPS_PORT


def _remaining(deadline: float, timeout: float | None) -> float:
    """Returns how long one operation may take.

    Raises:
        ReadTimeout: the total time is over.
    """
    left = deadline - monotonic_s()
    if left <= 0:
        raise httpcore.ReadTimeout("the total time is over")
    return left if timeout is None else min(timeout, left)


@dataclass
class _DeadlineBackend(httpcore.NetworkBackend):
    """Connects to permitted addresses only. The address that was checked is the one that is connected to."""

    deadline: float
    allow_loopback: bool
    connector: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[typing.Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connects to the first of the host's addresses that accepts.

        Raises:
            ConnectError: none does.
            UntrustedServerError: one of its addresses is not permitted.
        """
        addresses = resolve(host, port, _remaining(self.deadline, timeout), allow_loopback=self.allow_loopback)
        if isinstance(addresses, str):
            raise UntrustedServerError(addresses)
        failure: Exception = httpcore.ConnectError("the host has no address")
        for address in addresses:
            try:
                left = _remaining(self.deadline, timeout)
                stream = self.connector.connect_tcp(address, port, left, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
                continue
            return _DeadlineStream(stream, self.deadline)
        raise failure


@dataclass
class _DeadlineStream(httpcore.NetworkStream):
    """A stream whose operations all end by the deadline."""

    stream: httpcore.NetworkStream
    deadline: float

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Reads what has arrived."""
        return self.stream.read(max_bytes, _remaining(self.deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Sends all bytes."""
        self.stream.write(buffer, _remaining(self.deadline, timeout))

    def close(self) -> None:
        """Closes the connection."""
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Encrypts the connection."""
        stream = self.stream.start_tls(ssl_context, server_hostname, _remaining(self.deadline, timeout))
        return _DeadlineStream(stream, self.deadline)

    def get_extra_info(self, info: str) -> typing.Any:
        """Describes the connection, as httpcore requires."""
        return self.stream.get_extra_info(info)
