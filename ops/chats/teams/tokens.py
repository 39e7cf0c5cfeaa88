"""Validates the bearer token with which the Bot Connector signs each request.

This module uses PyJWT directly, because the Teams SDK's own validator (built on PyJWT) does not accept a key source: it
fetches keys for each unknown id, waits 30 seconds, and accepts keys endorsed for other channels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.chats.teams.signing_keys import SigningKeys
from ops.ports.errors import DeniedError

ISSUER = "https://api.botframework.com"
_LONGEST = 8_192
_CLOCK_SKEW_S = 300
_NOT_OURS = "checking a request from Teams: the token was not issued to this bot by the Bot Connector"


@dataclass(frozen=True)
class BotTokens:
    """Accepts the tokens that the Bot Connector issued to the bot `app_id`.

    The rules are those of "Authentication with the Bot Connector API": RS256, a key endorsed for Teams, this issuer and
    audience, and a validity period with five minutes of clock skew. PyJWT checks the period against the machine's clock and
    supports no other clock.
    """

    app_id: str
    keys: SigningKeys

    def authenticate(self, authorization: str) -> str:
        """Returns the service URL of the token in an Authorization header.

        Raises:
            DeniedError: the token was not issued to this bot by the Bot Connector.
            TryLaterError: the Bot Connector's keys are not available.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST or not token.isascii():
            raise DeniedError(_NOT_OURS)
        claims = self._verified(token)
        service_url = claims["serviceurl"]
        # PyJWT accepts a list in `aud`; the Bot Connector names one bot. Azure writes application ids in either case.
        if not isinstance(claims["aud"], str) or claims["aud"].lower() != self.app_id.lower() or not _is_dated(claims):
            raise DeniedError(_NOT_OURS)
        if not isinstance(service_url, str) or not service_url:
            raise DeniedError(_NOT_OURS)
        return service_url

    def _verified(self, token: str) -> Mapping[str, Any]:
        """Returns the claims of a token whose signature, issuer and period are valid.

        Raises:
            DeniedError: the signature, issuer or period is not valid.
            TryLaterError: the signing keys cannot be read.
        """
        import jwt

        try:
            # PyJWT rejects a key id that is not text.
            key = self.keys.key(jwt.get_unverified_header(token)["kid"])
            if key is None:
                raise DeniedError(_NOT_OURS)
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=ISSUER,
                leeway=_CLOCK_SKEW_S,
                options={"require": ["exp", "nbf", "iss", "aud", "serviceurl"], "verify_aud": False},
            )
        except (jwt.PyJWTError, ValueError, KeyError, OverflowError, RecursionError) as error:
            # A header without `kid` raises KeyError, an infinite date OverflowError, and deeply nested JSON RecursionError.
            raise DeniedError(_NOT_OURS) from error


def _is_dated(claims: Mapping[str, Any]) -> bool:
    """Whether the dates are numbers: PyJWT also accepts text and booleans that can be converted to numbers."""
    return all(
        isinstance(claims.get(name), int | float) and not isinstance(claims.get(name), bool) for name in ("exp", "nbf")
    )
