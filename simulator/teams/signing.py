"""The Bot Connector's keys: its OpenID documents, and the valid or manipulated tokens that it sends to bots.

Source: "Authentication with the Bot Connector API", requests from the service to the bot. Token lifetimes are in real time.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from functools import cached_property

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from simulator.http_types import HttpRequest, HttpResponse, JsonObject

PREFIX = "/teams/openid/"
METADATA = f"{PREFIX}v1/.well-known/openidconfiguration"
KEYS = f"{PREFIX}v1/.well-known/keys"
ISSUER = "https://api.botframework.com"
LIFETIME_S = 3600
# A key that Microsoft publishes only for other channels.
OTHER_KEY = "webchat-2026"

type Sign = Callable[[bytes], bytes]


class Signer:
    """Signs tokens for one bot; `handle` serves the public keys."""

    def __init__(self, app_id: str, service_url: str) -> None:
        self.app_id, self.service_url = app_id, service_url
        # How often the keys have been downloaded, and whether downloads succeed.
        self.fetched = 0
        self.is_down = False
        self.kid = "teams-1"

    @cached_property
    def key(self) -> RSAPrivateKey:
        """The key that signs the tokens for Teams."""
        return new_key()

    @cached_property
    def other_key(self) -> RSAPrivateKey:
        """The key that signs the tokens for another channel."""
        return new_key()

    def rotate(self) -> None:
        """Sign with a new key from now on. The old one is no longer published."""
        self.key, self.kid = new_key(), f"{self.kid}-next"

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Handle a request for the metadata or the keys."""
        if self.is_down:
            return HttpResponse(503, {"error": "The service is unavailable."})
        if request.path == METADATA:
            return HttpResponse(
                200,
                {
                    "issuer": ISSUER,
                    "jwks_uri": f"{request.origin}{KEYS}",
                    "id_token_signing_alg_values_supported": ["RS256"],
                },
            )
        if request.path == KEYS:
            self.fetched += 1
            known = ((self.kid, self.key, ["msteams"]), (OTHER_KEY, self.other_key, ["webchat", "directline"]))
            return HttpResponse(200, {"keys": [_published(*each) for each in known]})
        return HttpResponse(404, {"error": f"No route for {request.path}."})

    def claims(self, **changed: object) -> JsonObject:
        """Return the claims in a valid token issued now. Each given claim is replaced, or removed if its value is None."""
        now = int(time.time())
        true: JsonObject = {
            "serviceurl": self.service_url,
            "nbf": now - 60,
            "exp": now + LIFETIME_S,
            "iss": ISSUER,
            "aud": self.app_id,
        }
        return {name: value for name, value in {**true, **changed}.items() if value is not None}

    def token(self, headers: Mapping[str, object] | None = None, sign: Sign | None = None, **changed: object) -> str:
        """Return a token, which is valid if no arguments are given. A header that is None is removed."""
        head = {"alg": "RS256", "kid": self.kid, "typ": "JWT", **(headers or {})}
        kept = {name: value for name, value in head.items() if value is not None}
        return compact(kept, self.claims(**changed), sign or by_rsa(self.key))

    def public_pem(self) -> bytes:
        """Return the public key in PEM, which a vulnerable verifier would accept as an HMAC secret."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def new_key() -> RSAPrivateKey:
    """Return a new key, for example for a simulated attacker."""
    return generate_private_key(65537, 2048)


def by_rsa(key: RSAPrivateKey) -> Sign:
    """Return an RS256 signer with this key."""
    return lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def by_secret(secret: bytes) -> Sign:
    """Return an HS256 signer with this secret."""
    return lambda text: hmac.digest(secret, text, hashlib.sha256)


def compact(headers: Mapping[str, object], claims: Mapping[str, object], sign: Sign) -> str:
    """Return a token in compact form without validating it, so that tests can create invalid ones."""
    text = b".".join(_encoded(json.dumps(part).encode()) for part in (headers, claims))
    return b".".join((text, _encoded(sign(text)))).decode()


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _published(name: str, key: RSAPrivateKey, endorsements: list[str]) -> JsonObject:
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"kty": "RSA", "use": "sig", "kid": name, "n": public["n"], "e": public["e"], "endorsements": endorsements}
