"""Validates the bearer token with which the Bot Connector signs each request.

The Teams SDK has its own validator, which does not accept a key source: it fetches keys for each unknown id, waits 30 seconds,
and accepts keys endorsed for other channels. PyJWT, which it is built on, is therefore used directly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.chats.teams.signing_keys import SigningKeys
from ops.ports.errors import DeniedError

ISSUER = "https://api.botframework.com"
_LONGEST = 8_192
_CLOCK_SKEW_S = 300
_NOT_OURS = "checking a request of Teams: the token is not one of the Bot Connector for this bot"


@dataclass(frozen=True)
class BotTokens:
    """Accepts the tokens that the Bot Connector issued to the bot `app_id`.

    The rules are those of "Authentication with the Bot Connector API": RS256, a key endorsed for Teams, this issuer and
    audience, a validity period with five minutes of clock skew. PyJWT compares it with the machine's clock and does
    not accept another one.
    """

    app_id: str
    keys: SigningKeys

    def authenticate(self, authorization: str) -> str:
        """Return the service URL of the token in an Authorization header.

        Raises:
            DeniedError: the token is not one that the Bot Connector issued to this bot.
            TryLaterError: the Bot Connector's keys are not available.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST or not token.isascii():
            raise DeniedError(_NOT_OURS)
        claims = self._verified(token)
        service_url = claims["serviceurl"]
        # `aud` may be a list for PyJWT; the Bot Connector names one bot. Azure writes application ids in either case.
        if not isinstance(claims["aud"], str) or claims["aud"].lower() != self.app_id.lower() or not _is_dated(claims):
            raise DeniedError(_NOT_OURS)
        if not isinstance(service_url, str) or not service_url:
            raise DeniedError(_NOT_OURS)
        return service_url

    def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims of a token with a valid signature, issuer and period.

        Raises:
            DeniedError: the signature, issuer or period is not valid.
            TryLaterError: the signing keys cannot be read.
        """
        import jwt

        try:
            # PyJWT refuses a key id that is not text.
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
            # A header without `kid` is a KeyError, an infinite date an OverflowError, deeply nested JSON a RecursionError.
            raise DeniedError(_NOT_OURS) from error


def _is_dated(claims: Mapping[str, Any]) -> bool:
    """Whether the dates are numbers: PyJWT also accepts text and booleans that convert to one."""
    return all(
        isinstance(claims.get(name), int | float) and not isinstance(claims.get(name), bool) for name in ("exp", "nbf")
    )
