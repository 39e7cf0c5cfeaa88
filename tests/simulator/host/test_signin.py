"""App Service authentication in the local host: identity headers come from the host only."""

import base64
import json
from typing import Any

import pytest

from tests.simulator.host.harness import Bench, story

FORGED = {
    "X-MS-CLIENT-PRINCIPAL": base64.b64encode(b'{"auth_typ": "aad", "claims": []}').decode(),
    "x-ms-client-principal-id": "aaaaaaaa-0000-0000-0000-000000000001",
    "X-Ms-Client-Principal-Name": "ana@example.com",
    "X-MS-CLIENT-PRINCIPAL-IDP": "aad",
}
LOGIN = "/.auth/login/aad"


@pytest.fixture
def switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")


async def sign_in(bench: Bench, person: str, back: str = "/api/whoami") -> Any:
    query = {"post_login_redirect_uri": back}
    return await bench.http.post(LOGIN, params=query, data={"person": person}, allow_redirects=False)


def cookie_of(answer: Any) -> str:
    """As sent back by a browser. The client's cookie jar drops cookies of numeric addresses."""
    return f"AppServiceAuthSession={answer.cookies['AppServiceAuthSession'].value}"


async def identity(bench: Bench, **headers: str) -> Any:
    async with bench.http.get("/api/whoami", headers=headers) as answer:
        assert answer.status == 200
        return await answer.json()


@pytest.mark.usefixtures("switched_on")
@story
async def test_identity_headers_of_clients_are_removed() -> None:
    async with Bench() as bench:
        assert await identity(bench, **FORGED) == {}


@story
async def test_identity_headers_are_removed_without_sign_in() -> None:
    async with Bench() as bench:
        assert await identity(bench, **FORGED) == {}
        for path in (LOGIN, "/.auth/me", "/.auth/logout"):
            async with bench.http.get(path) as answer:
                assert answer.status == 404


@pytest.mark.usefixtures("switched_on")
@story
async def test_the_app_receives_the_signed_in_user() -> None:
    async with Bench() as bench:
        answer = await sign_in(bench, "ben")
        assert (answer.status, answer.headers["Location"]) == (302, "/api/whoami")
        assert "HttpOnly" in answer.headers["Set-Cookie"]
        assert "SameSite=Lax" in answer.headers["Set-Cookie"]
        headers = await identity(bench, **FORGED, Cookie=cookie_of(answer))
        assert headers["x-ms-client-principal-id"] == "aaaaaaaa-0000-0000-0000-000000000002"
        assert headers["x-ms-client-principal-name"] == "ben@example.com"
        assert headers["x-ms-client-principal-idp"] == "aad"
        document = json.loads(base64.b64decode(headers["x-ms-client-principal"]))
        claims = {claim["typ"].rsplit("/", 1)[-1]: claim["val"] for claim in document["claims"]}
        assert document["auth_typ"] == "aad"
        assert claims == {
            "objectidentifier": "aaaaaaaa-0000-0000-0000-000000000002",
            "tenantid": "11111111-1111-1111-1111-111111111111",
            "name": "Ben Okoro",
            "preferred_username": "ben@example.com",
        }
        async with bench.http.get("/.auth/me", headers={"Cookie": cookie_of(answer)}) as me:
            assert (await me.json())[0]["user_id"] == "ben@example.com"


@pytest.mark.usefixtures("switched_on")
@story
async def test_signing_out_removes_the_identity() -> None:
    async with Bench() as bench:
        kept = {"Cookie": cookie_of(await sign_in(bench, "ana"))}
        assert await identity(bench, **kept) != {}
        async with bench.http.get("/.auth/logout", headers=kept, allow_redirects=False) as answer:
            assert answer.status == 302
        assert await identity(bench, **kept) == {}
        async with bench.http.get("/.auth/me", headers=kept) as me:
            assert me.status == 401


@pytest.mark.usefixtures("switched_on")
@story
async def test_unknown_users_cannot_sign_in() -> None:
    async with Bench() as bench:
        assert (await sign_in(bench, "mallory")).status == 400
        assert await identity(bench) == {}


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", ""])
@story
async def test_sign_in_does_not_redirect_to_other_hosts(elsewhere: str) -> None:
    async with Bench() as bench:
        assert (await sign_in(bench, "ana", elsewhere)).headers["Location"] == "/.auth/me"
