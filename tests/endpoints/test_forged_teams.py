"""Forged tokens at the Teams endpoint: thousands are tried, all are rejected, and a rejected request has no effect."""

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.chats.teams.signing_keys import SigningKeys
from ops.chats.teams.tokens import BotTokens
from ops.ports.errors import DeniedError, TryLaterError
from simulator.running import Running, running_simulation
from simulator.teams.signing import OTHER_KEY, Signer, by_rsa, by_secret, compact, new_key
from tests.fakes import FakeClock

NOW = time.time
FORGED, SOAK = 500, 20_000


@dataclass(frozen=True)
class Stand:
    """The endpoint's verifier, and the real service's keys."""

    tokens: BotTokens
    signer: Signer
    clock: FakeClock = field(default_factory=FakeClock)

    def is_taken(self, authorization: str) -> bool:
        """Whether the endpoint accepts the token."""
        try:
            self.tokens.authenticate(authorization)
        except DeniedError:
            return False
        return True


def stand_of(running: Running) -> Stand:
    clock, signer = FakeClock(), running.simulation.signer
    keys = SigningKeys(running.environment["TEAMS_OPENID_URL"], clock)
    return Stand(BotTokens(signer.app_id, keys), signer, clock)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with running_simulation() as found:
        yield found


@pytest.fixture(scope="module")
def stand(running: Running) -> Stand:
    return stand_of(running)


@cache
def forgers_key() -> Any:
    """A key that belongs to the forger."""
    return new_key()


def none(_: bytes) -> bytes:
    """A token without a signature."""
    return b""


def test_a_genuine_token_is_accepted_and_yields_its_service(stand: Stand, running: Running) -> None:
    assert stand.tokens.authenticate(f"Bearer {stand.signer.token()}") == running.environment["TEAMS_SERVICE_URL"]
    assert stand.is_taken(f"bearer {stand.signer.token()}")


type Forge = Callable[[Signer], str]


def without(claim: str) -> Forge:
    """A token that the service has signed, with one claim missing."""
    return lambda signer: signer.token(**{claim: None})


FORGERIES: dict[str, Forge] = {
    "no algorithm": lambda s: s.token({"alg": "none"}, none),
    "no algorithm, in capitals": lambda s: s.token({"alg": "NONE"}, none),
    "no algorithm, with a key's signature": lambda s: s.token({"alg": "none"}),
    "the public key as a shared secret": lambda s: s.token({"alg": "HS256"}, by_secret(s.public_pem())),
    "the modulus as a shared secret": lambda s: s.token({"alg": "HS256"}, by_secret(b"AQAB")),
    "an empty shared secret": lambda s: s.token({"alg": "HS256"}, by_secret(b"")),
    "a different algorithm's name": lambda s: s.token({"alg": "PS256"}),
    "the name of a longer hash": lambda s: s.token({"alg": "RS512"}),
    "another key": lambda s: s.token(sign=by_rsa(forgers_key())),
    "another key, included in the token": lambda s: s.token(
        {"jwk": {"kty": "RSA"}, "jku": "http://127.0.0.1:9/"}, by_rsa(forgers_key())
    ),
    "another kid": lambda s: s.token({"kid": "unknown"}),
    "a missing kid": lambda s: s.token({"kid": None}),
    "a kid that is a list": lambda s: s.token({"kid": ["teams-2026"]}),
    "a kid that is a number": lambda s: s.token({"kid": 7}),
    "a kid that is a path": lambda s: s.token({"kid": "../../keys"}),
    "a key from another channel": lambda s: s.token({"kid": OTHER_KEY}, by_rsa(s.other_key)),
    "the name of another channel's key": lambda s: s.token({"kid": OTHER_KEY}),
    "critical extensions": lambda s: s.token({"crit": ["exp"]}),
    "another bot": lambda s: s.token(aud="44444444-4444-4444-4444-444444444444"),
    "two bots": lambda s: s.token(aud=[s.app_id, "44444444-4444-4444-4444-444444444444"]),
    "a list that contains this bot": lambda s: s.token(aud=[s.app_id]),
    "the service as the audience": lambda s: s.token(aud="https://api.botframework.com"),
    "an empty audience": lambda s: s.token(aud=""),
    "an audience that is a number": lambda s: s.token(aud=7),
    "another issuer": lambda s: s.token(iss="https://sts.windows.net/11111111-1111-1111-1111-111111111111/"),
    "the government's issuer": lambda s: s.token(iss="https://api.botframework.us"),
    "an issuer in capitals": lambda s: s.token(iss="HTTPS://API.BOTFRAMEWORK.COM"),
    "one of Microsoft's own tenants": lambda s: s.token(
        iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/", tid="d6d49420-f39b-4df7-a1dc-d59a935871db"
    ),
    "an issuer that is a list": lambda s: s.token(iss=["https://api.botframework.com"]),
    "expired": lambda s: s.token(exp=int(NOW()) - 301),
    "expired long ago": lambda s: s.token(nbf=0, exp=1),
    "not yet valid": lambda s: s.token(nbf=int(NOW()) + 330),
    "an expiry that is text": lambda s: s.token(exp="never"),
    "an expiry that is a list": lambda s: s.token(exp=[]),
    "an infinite expiry": lambda s: s.token(exp=float("inf")),
    "an expiry that is a Boolean": lambda s: s.token(exp=True),
    "issued in the future": lambda s: s.token(iat=int(NOW()) + 3600),
    **{f"no {claim}": without(claim) for claim in ("exp", "nbf", "iss", "aud", "serviceurl")},
    "a service that is a list": lambda s: s.token(serviceurl=[s.service_url]),
    "an empty service": lambda s: s.token(serviceurl=""),
    "claims that are a list": lambda s: compact({"alg": "RS256", "kid": s.kid}, [1], by_rsa(s.key)),  # type: ignore[arg-type]  # on purpose
    "a header that is a list": lambda s: compact([1], s.claims(), by_rsa(s.key)),  # type: ignore[arg-type]  # on purpose
    "two parts": lambda s: s.token().rpartition(".")[0],
    "an empty signature": lambda s: s.token().rpartition(".")[0] + ".",
    "four parts": lambda s: s.token() + ".e30",
    "the signature of another token": lambda s: s.token().rpartition(".")[0] + "." + s.token(nbf=1).rpartition(".")[2],
    "padding": lambda s: s.token() + "=",
    "a line's end": lambda s: s.token() + "\n",
    "two tokens": lambda s: f"{s.token()} {s.token()}",
    "letters": lambda _: "abc",
    "dots": lambda _: "..",
    "nothing": lambda _: "",
    "megabytes": lambda s: s.token(filler="x" * 1_000_000),
    "a character outside ASCII": lambda s: s.token() + "ä",
    "half of a surrogate pair": lambda _: "\ud800.e30.x",
    "a deeply nested header": lambda _: _deep() + ".e30.x",
}


def _deep() -> str:
    return base64.urlsafe_b64encode(b"[" * 5_000).decode().rstrip("=")


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_rejected(stand: Stand, name: str) -> None:
    assert not stand.is_taken(f"Bearer {FORGERIES[name](stand.signer)}")


@pytest.mark.parametrize("scheme", ["", "Basic ", "Bearer", "Bearer  ", "Token ", "Bearer\t", " Bearer "])
def test_a_different_authorization_scheme_is_rejected(stand: Stand, scheme: str) -> None:
    assert not stand.is_taken(scheme + stand.signer.token())


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def changed(token: str, at: int, to: str) -> str:
    """The token with one character changed. The signature's last character contains unused bits, so it is never changed."""
    at %= len(token) - 1
    return token if token[at] in (to, ".") else token[:at] + to + token[at + 1 :]


@settings(deadline=None, max_examples=FORGED)
@given(at=st.integers(0, 10_000), to=st.sampled_from(ALPHABET))
def test_a_token_with_one_changed_character_is_rejected(stand: Stand, at: int, to: str) -> None:
    token = stand.signer.token()
    forged = changed(token, at, to)
    assert stand.is_taken(f"Bearer {forged}") is (forged == token)


@settings(deadline=None, max_examples=FORGED // 5)
@given(cut=st.integers(1, 2_000), tail=st.text(ALPHABET + ".", max_size=40))
def test_a_shortened_or_extended_token_is_rejected(stand: Stand, cut: int, tail: str) -> None:
    token = stand.signer.token()
    forged = token[: max(0, len(token) - cut)] + tail
    assert stand.is_taken(f"Bearer {forged}") is (forged == token)


@pytest.mark.soak
def test_twenty_thousand_forged_tokens_are_rejected(stand: Stand) -> None:
    """Tokens with changed characters, with parts from several genuine tokens, or with altered claims or headers signed by a forger."""
    random, taken = Random(5), 0  # noqa: S311 - a seeded search
    for number in range(SOAK):
        token = stand.signer.token()
        match number % 4:
            case 0:
                forged = changed(token, random.randrange(10_000), random.choice(ALPHABET))
                forged = forged if forged != token else changed(token, 5, "!")
            case 1:
                head, body, _ = stand.signer.token(nonce=number).split(".")
                forged = f"{head}.{body}.{token.rpartition('.')[2]}"
            case 2:
                forged = stand.signer.token({"x": number}, by_rsa(forgers_key()), nonce=number)
            case _:
                forged = stand.signer.token({"alg": random.choice(["none", "HS256", "HS512"])}, by_secret(b"x"))
        taken += stand.is_taken(f"Bearer {forged}")
    assert taken == 0


def test_the_signing_keys_are_fetched_once_per_day(running: Running) -> None:
    stand = stand_of(running)
    before = stand.signer.fetched
    assert all(stand.is_taken(f"Bearer {stand.signer.token()}") for _ in range(20))
    assert stand.signer.fetched == before + 1
    stand.clock.at += timedelta(hours=24)
    assert stand.is_taken(f"Bearer {stand.signer.token()}")
    assert stand.signer.fetched == before + 2


def test_unknown_keys_do_not_cause_repeated_fetches(running: Running) -> None:
    """An unknown key causes at most one fetch every five minutes."""
    stand = stand_of(running)
    assert stand.is_taken(f"Bearer {stand.signer.token()}")
    before = stand.signer.fetched
    for number in range(100):
        assert not stand.is_taken(f"Bearer {stand.signer.token({'kid': f'unknown-{number}'})}")
    assert stand.signer.fetched == before
    stand.clock.at += timedelta(minutes=5)
    for number in range(100):
        assert not stand.is_taken(f"Bearer {stand.signer.token({'kid': f'unknown-{number}'})}")
    assert stand.signer.fetched == before + 1


def test_a_new_service_key_replaces_the_old_one(running: Running) -> None:
    stand = stand_of(running)
    old = stand.signer.token()
    assert stand.is_taken(f"Bearer {old}")
    stand.signer.rotate()
    assert not stand.is_taken(f"Bearer {stand.signer.token()}")
    stand.clock.at += timedelta(minutes=5)
    assert stand.is_taken(f"Bearer {stand.signer.token()}")
    assert not stand.is_taken(f"Bearer {old}")


def test_no_request_is_accepted_without_signing_keys(running: Running) -> None:
    """A request whose token cannot be verified now is retried later. Cached keys stay valid for a day."""
    stand = stand_of(running)
    stand.signer.is_down = True
    try:
        for _ in range(3):
            with pytest.raises(TryLaterError):
                stand.tokens.authenticate(f"Bearer {stand.signer.token()}")
        stand.clock.at += timedelta(minutes=5)
        stand.signer.is_down = False
        assert stand.is_taken(f"Bearer {stand.signer.token()}")
        stand.signer.is_down = True
        stand.clock.at += timedelta(hours=23)
        assert stand.is_taken(f"Bearer {stand.signer.token()}")
        stand.clock.at += timedelta(hours=1)
        with pytest.raises(TryLaterError):
            stand.tokens.authenticate(f"Bearer {stand.signer.token()}")
    finally:
        stand.signer.is_down = False


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://127.0.0.1:9"])
def test_no_request_is_accepted_while_the_metadata_address_is_unreachable(stand: Stand, url: str) -> None:
    tokens = BotTokens(stand.signer.app_id, SigningKeys(url, FakeClock()))
    with pytest.raises(TryLaterError):
        tokens.authenticate(f"Bearer {stand.signer.token()}")
