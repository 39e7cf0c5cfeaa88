"""Whether a request comes from the Bot Connector: its token, checked by Microsoft's validator and then once more."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops.chats.teams.signing_keys import SigningKeys
from ops.ports.errors import DeniedError

if TYPE_CHECKING:
    from jwt import PyJWK
    from microsoft_agents.hosting.core.authorization import ClaimsIdentity
    from microsoft_agents.hosting.core.authorization.jwt import JwtTokenValidator

ISSUER = "https://api.botframework.com"
_LONGEST = 8_192
_PARTS = 2
_NOT_OURS = "checking a request of Teams: the token is not one of the Bot Connector for this bot"


@dataclass(frozen=True)
class BotTokens:
    """Admits what Teams signed for the bot `app_id`.

    The validator checks signature, audience, issuer and validity. Validity is by the machine's clock with five minutes of
    leeway: PyJWT takes no other clock. It would let pass a token that lacks claims, one of Microsoft's own tenants, and
    one signed by a key for another channel; those are refused here.
    """

    app_id: str
    keys: SigningKeys

    def authenticate(self, authorization: str) -> str:
        """The service URL that the token names. Raises DeniedError, and TryLaterError where the keys cannot be had."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST or not token.isascii():
            raise DeniedError(_NOT_OURS)
        claims = self._validated(token).claims
        service_url = claims.get("serviceurl")
        if (
            claims.get("iss") != ISSUER
            or str(claims.get("aud")).lower() != self.app_id.lower()
            or not _is_dated(claims)
        ):
            raise DeniedError(_NOT_OURS)
        if not isinstance(service_url, str) or not service_url:
            raise DeniedError(_NOT_OURS)
        return service_url

    def _validated(self, token: str) -> "ClaimsIdentity":
        from jwt import PyJWTError

        try:
            return asyncio.run(self._validator.validate_token(token))
        except (PyJWTError, ValueError, KeyError, RecursionError) as error:
            # A header without `kid` is a KeyError there, deep JSON a RecursionError.
            raise DeniedError(_NOT_OURS) from error

    @cached_property
    def _validator(self) -> "JwtTokenValidator":
        from microsoft_agents.hosting.core.authorization import AgentAuthConfiguration
        from microsoft_agents.hosting.core.authorization.jwt import JwtTokenValidator

        # Off by default there: VALIDATE_ISSUER.
        configuration = AgentAuthConfiguration(
            client_id=self.app_id, anonymous_allowed=False, issuers=[ISSUER], validate_issuer=True
        )
        validator = JwtTokenValidator(configuration)
        # The SDK's own key client takes no address, fetches for each unknown id, waits 30 s, and asks for no endorsement.
        # The validator of 1.9 makes it by itself and has no parameter or setter for another; its checks of the token are
        # wanted as they are. Where a later SDK names it otherwise, every token is refused: tests/intake/test_forged_teams.py.
        validator._jwk_client_manager = _Keys(self.keys)  # type: ignore[assignment]  # noqa: SLF001 - see above
        return validator


@dataclass(frozen=True, slots=True)
class _Keys:
    """What the validator asks for the key of a token's header; where the SDK would look for it does not matter here."""

    keys: SigningKeys

    async def get_signing_key(self, jwks_uri: str, header: Mapping[str, Any]) -> "PyJWK":
        """The Bot Connector's key. Raises KeyError where it has none of this id."""
        del jwks_uri  # chosen by the issuer that the token claims
        found = self.keys.key(str(header["kid"]))
        if found is None:
            raise KeyError("kid")
        return found


def _is_dated(claims: Mapping[str, Any]) -> bool:
    """PyJWT checks these where they are there, and takes a token without them for one that never ends."""
    return all(
        isinstance(claims.get(name), int | float) and not isinstance(claims.get(name), bool) for name in ("exp", "nbf")
    )
