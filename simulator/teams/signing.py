"""The Bot Connector's own keys: its OpenID documents, and the tokens that it sends to bots, true or altered.

Source: "Authentication with the Bot Connector API", requests from the service to the bot. Tokens live in wall time.
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

from simulator.http_types import Answer, Call, JsonObject

PREFIX = "/teams/openid/"
METADATA = f"{PREFIX}v1/.well-known/openidconfiguration"
KEYS = f"{PREFIX}v1/.well-known/keys"
ISSUER = "https://api.botframework.com"
LIFETIME_S = 3600
# A key that Microsoft publishes for other channels only.
OTHER_KEY = "webchat-2026"

type Sign = Callable[[bytes], bytes]


class Signer:
    """Signs for one bot; `answer` publishes the keys."""

    def __init__(self, app_id: str, service_url: str) -> None:
        self.app_id, self.service_url = app_id, service_url
        # How often the keys were fetched, and whether they can be.
        self.fetched = 0
        self.is_down = False
        self.kid = "teams-1"

    @cached_property
    def key(self) -> RSAPrivateKey:
        """What Teams' tokens are signed with."""
        return new_key()

    @cached_property
    def other_key(self) -> RSAPrivateKey:
        """What tokens of another channel are signed with."""
        return new_key()

    def rotate(self) -> None:
        """Sign with a new key from now on; the old one is published no more."""
        self.key, self.kid = new_key(), f"{self.kid}-next"

    def answer(self, call: Call) -> Answer:
        """Answer the metadata and the keys."""
        if self.is_down:
            return Answer(503, {"error": "The service is unavailable."})
        if call.path == METADATA:
            return Answer(
                200,
                {
                    "issuer": ISSUER,
                    "jwks_uri": f"{call.origin}{KEYS}",
                    "id_token_signing_alg_values_supported": ["RS256"],
                },
            )
        if call.path == KEYS:
            self.fetched += 1
            known = ((self.kid, self.key, ["msteams"]), (OTHER_KEY, self.other_key, ["webchat", "directline"]))
            return Answer(200, {"keys": [_published(*each) for each in known]})
        return Answer(404, {"error": f"Nothing answers {call.path}."})

    def claims(self, **changed: object) -> JsonObject:
        """Return what a true token says now, with claims changed, or left out where None."""
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
        """Return a token; without arguments a true one. A header of None is left out."""
        head = {"alg": "RS256", "kid": self.kid, "typ": "JWT", **(headers or {})}
        kept = {name: value for name, value in head.items() if value is not None}
        return compact(kept, self.claims(**changed), sign or by_rsa(self.key))

    def public_pem(self) -> bytes:
        """Return the public key as people publish it: what a confused verifier may take for a shared secret."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def new_key() -> RSAPrivateKey:
    """Return a fresh key, such as a forger has."""
    return generate_private_key(65537, 2048)


def by_rsa(key: RSAPrivateKey) -> Sign:
    """Return RS256 by this key."""
    return lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def by_secret(secret: bytes) -> Sign:
    """Return HS256 by this secret."""
    return lambda text: hmac.digest(secret, text, hashlib.sha256)


def compact(headers: Mapping[str, object], claims: Mapping[str, object], sign: Sign) -> str:
    """Return a token as it travels; nothing is checked, so that anything can be written."""
    text = b".".join(_encoded(json.dumps(part).encode()) for part in (headers, claims))
    return b".".join((text, _encoded(sign(text)))).decode()


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _published(name: str, key: RSAPrivateKey, endorsements: list[str]) -> JsonObject:
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"kty": "RSA", "use": "sig", "kid": name, "n": public["n"], "e": public["e"], "endorsements": endorsements}
