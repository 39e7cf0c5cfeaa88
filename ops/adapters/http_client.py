"""HTTP calls without an SDK: one client per process, failures as the ports' errors, and one parser for `Retry-After`."""

import logging
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from ops.ports.errors import RejectedError, ThrottledError, TryLaterError, bounded_wait_s

if TYPE_CHECKING:
    import httpx

_DEFAULT_S = 60.0


class TooLargeError(ValueError):
    """The body is larger than the caller accepts."""


@cache
def client() -> "httpx.Client":
    """Returns this process's client, which reuses connections and does not follow redirects."""
    import httpx

    # At its default level httpx logs complete addresses, and the address of a webhook or a calendar is a secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.Client()


def post(doing: str, url: str, *, timeout_s: float, throttled_s: float = _DEFAULT_S, **body: Any) -> None:
    """Sends one POST request, without retries; the body of the response is not read.

    Args:
        doing: what the call does; begins the text of an error, which omits the address because that can be a secret.
        url: the address.
        timeout_s: how long to wait to connect, and for each read or write.
        throttled_s: how long to wait after 429 if the response does not say.
        body: what to send, as httpx's `content`, `json` or `headers`.

    Raises:
        ThrottledError: 429.
        TryLaterError: 5xx, or no response.
        RejectedError: any other response than 2xx; its code is the status.
    """
    import httpx

    try:
        response = client().post(url, timeout=timeout_s, **body)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TryLaterError(f"{doing}: {type(error).__name__}") from error
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise ThrottledError(f"{doing}: rate limited", retry_after_s(response.headers, throttled_s))
    if response.is_server_error:
        raise TryLaterError(f"{doing}: {response.status_code}", retry_after_s(response.headers))
    if not response.is_success:  # a redirect is not followed, so nothing has arrived
        raise RejectedError(str(response.status_code), f"{doing}: {response.status_code}")


def get(url: str, *, timeout_s: float, most_bytes: int) -> bytes:
    """Returns the response body from an address, reading at most `most_bytes`.

    Raises:
        httpx.HTTPError: no response; `httpx.HTTPStatusError`: a response other than 2xx.
        httpx.InvalidURL: the address cannot be used.
        TooLargeError: the body is larger.
    """
    content = bytearray()
    with client().stream("GET", url, timeout=timeout_s) as response:
        response.raise_for_status()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > most_bytes:
                raise TooLargeError(f"more than {most_bytes} bytes")
    return bytes(content)


def retry_after_s(headers: Mapping[str, Any] | None, default_s: float = _DEFAULT_S) -> float:
    """Returns the wait in seconds from `Retry-After`, between one second and one hour; `default_s` if it is missing or unreadable.

    It is a number of seconds or a date (RFC 9110, 10.2.3). A date is compared with the response's own `Date`, not with our clock.
    """
    named = {str(name).lower(): value for name, value in (headers or {}).items()}
    wait_s = _seconds(named.get("retry-after"), named.get("date"))
    return default_s if wait_s is None else bounded_wait_s(wait_s, default_s)


def _seconds(value: Any, sent: Any) -> float | None:
    text = str(value[0] if isinstance(value, list) and value else value or "")
    try:
        wait_s = float(text)
    except ValueError:
        try:
            wait_s = (parsedate_to_datetime(text) - parsedate_to_datetime(str(sent))).total_seconds()
        except (ValueError, TypeError):
            return None
    return wait_s
