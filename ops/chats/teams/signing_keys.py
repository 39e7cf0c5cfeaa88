"""The Bot Connector's public keys: located through its OpenID metadata, cached for a day, used only if endorsed for Teams."""

import json
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.adapters.http_client import TooLargeError, get
from ops.ports.errors import TryLaterError
from ops.ports.runtime import Clock

if TYPE_CHECKING:
    from jwt import PyJWK

# "Authentication with the Bot Connector API": the address can be hard-coded; the keys must be refreshed once a day.
METADATA = "https://login.botframework.com/v1/.well-known/openidconfiguration"
_KEPT = timedelta(hours=24)
# A token names its key before its signature is verified, so an unauthenticated caller must not trigger a fetch per request.
_AGAIN = timedelta(minutes=5)
_TIMEOUT_S = 5
_MOST_BYTES = 256 * 1024
_CHANNEL = "msteams"


class SigningKeys:
    """The cached keys, by id."""

    def __init__(self, metadata_url: str, clock: Clock) -> None:
        self._url, self._clock = metadata_url, clock
        self._lock = threading.Lock()
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._fetched: datetime | None = None
        self._tried: datetime | None = None

    def key(self, kid: str) -> "PyJWK | None":
        """Returns the key with this id if it is endorsed for Teams, otherwise None.

        Raises:
            TryLaterError: the keys could not be fetched, and none are cached; or this key is malformed.
        """
        from jwt import PyJWK, PyJWTError

        with self._lock:
            document = self._known(kid)
        endorsements = document.get("endorsements") if document is not None else None
        if document is None or not isinstance(endorsements, list) or _CHANNEL not in endorsements:
            return None
        try:
            return PyJWK(dict(document), algorithm="RS256")
        except (PyJWTError, ValueError, TypeError) as error:
            raise TryLaterError("reading the Bot Connector's keys: a key is malformed") from error

    def _known(self, kid: str) -> Mapping[str, Any] | None:
        now = self._clock.now()
        is_fresh = self._fetched is not None and now - self._fetched < _KEPT
        if is_fresh and kid in self._keys:
            return self._keys[kid]
        if self._tried is None or now - self._tried >= _AGAIN:
            self._tried = now
            try:
                self._keys = self._fetch()
                self._fetched, is_fresh = now, True
            except TryLaterError:
                if not is_fresh:
                    raise
        if not is_fresh:
            raise TryLaterError(
                "reading the Bot Connector's keys: the last attempt, less than five minutes ago, failed"
            )
        return self._keys.get(kid)

    def _fetch(self) -> dict[str, Mapping[str, Any]]:
        keys = _json(str(_json(self._url).get("jwks_uri"))).get("keys")
        if not isinstance(keys, list):
            raise TryLaterError("reading the Bot Connector's keys: the response has none")
        return {each["kid"]: each for each in keys if isinstance(each, dict) and isinstance(each.get("kid"), str)}


def _json(url: str) -> Mapping[str, Any]:
    """Fetches a JSON object.

    Raises:
        TryLaterError: it cannot be fetched, or is not a JSON object.
    """
    import httpx

    try:
        content = get(url, timeout_s=_TIMEOUT_S, most_bytes=_MOST_BYTES)
    except httpx.HTTPStatusError as error:
        raise TryLaterError(f"reading the Bot Connector's keys: {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL, TooLargeError, UnicodeError) as error:
        raise TryLaterError(f"reading the Bot Connector's keys: {type(error).__name__}") from error
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise TryLaterError("reading the Bot Connector's keys: the response is not JSON") from error
    if not isinstance(document, dict):
        raise TryLaterError("reading the Bot Connector's keys: the response is not an object")
    return document
