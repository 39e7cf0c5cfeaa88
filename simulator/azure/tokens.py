"""Issues and validates the simulated tenant's bearer tokens, whose lifetime is in real time."""

import time
import uuid
from dataclasses import dataclass

import jwt

from simulator.world.specs import PRINCIPAL, TENANT

ALGORITHM = "HS256"
LIFETIME_S = 86_400
# The AKS server application, which is the audience for every cluster with Entra sign-in (AKS documentation, kubelogin).
KUBERNETES_AUDIENCE = "6dae42f8-4368-4678-94ff-3960e28e3630"
# The audience for the Bot Connector ("Authentication with the Bot Connector API").
BOT_AUDIENCE = "https://api.botframework.com"
ARM_AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")


class TokenError(Exception):
    """A bearer token is missing, expired, forged or issued for another audience."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token with its expiry (seconds since the epoch)."""

    value: str
    expires_on: int


class Tenant:
    """The directory, which signs tokens with its own key and has a list of audiences."""

    def __init__(self, arm_url: str, key: str) -> None:
        self._key = key
        self.arm_audiences = (*ARM_AUDIENCES, arm_url)
        self._valid: dict[tuple[str, tuple[str, ...]], tuple[str, float]] = {}

    def knows(self, resource: str) -> bool:
        """Whether the tenant issues tokens for the given resource."""
        return resource.rstrip("/") in (*self.arm_audiences, KUBERNETES_AUDIENCE, BOT_AUDIENCE)

    def issue(self, resource: str, lifetime_s: int = LIFETIME_S, application: str = PRINCIPAL) -> Token:
        """Return a token for a resource, issued to the bot's managed identity or to another application."""
        now = int(time.time())
        claims = {
            "aud": resource,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": now,
            "nbf": now - 300,
            "exp": now + lifetime_s,
            "sub": PRINCIPAL,
            "oid": PRINCIPAL,
            "tid": TENANT,
            "appid": application,
            "idtyp": "app",
            "uti": str(uuid.uuid4()),
            "xms_mirid": f"/subscriptions/{TENANT}/resourcegroups/rg-bot/providers/Microsoft.Web/sites/daytwo",
        }
        return Token(jwt.encode(claims, self._key, algorithm=ALGORITHM), now + lifetime_s)

    def principal(self, token: str | None, audiences: tuple[str, ...]) -> str:
        """Return the principal that a token was issued to.

        Raises:
            TokenError: the token is not valid for any of the audiences.
        """
        if token is None:
            raise TokenError("The 'Authorization' header is missing or is not a bearer token.")
        known = self._valid.get((token, audiences))
        if known is not None and known[1] > time.time():
            return known[0]
        claims = self._claims(token, audiences)
        self._valid[token, audiences] = (str(claims["sub"]), float(str(claims["exp"])))
        return str(claims["sub"])

    def application(self, token: str | None, audience: str) -> str:
        """Return the application that a token was issued to.

        Raises:
            TokenError: the token is not valid for the audience.
        """
        if token is None:
            raise TokenError("The 'Authorization' header is missing or is not a bearer token.")
        return str(self._claims(token, (audience,))["appid"])

    def _claims(self, token: str, audiences: tuple[str, ...]) -> dict[str, object]:
        accepted = [form for audience in audiences for form in (audience, f"{audience}/")]
        try:
            claims: dict[str, object] = jwt.decode(token, self._key, algorithms=[ALGORITHM], audience=accepted)
        except jwt.PyJWTError as error:
            raise TokenError(f"The access token is invalid: {error}.") from error
        return claims
