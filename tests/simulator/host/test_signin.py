"""App Service authentication in the local host: only the host can set identity headers."""

import base64
import json
from typing import Any

import pytest

from tests.simulator.host.harness import HostHarness, async_test

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


async def sign_in(harness: HostHarness, person: str, back: str = "/api/whoami") -> Any:
    query = {"post_login_redirect_uri": back}
    return await harness.http.post(LOGIN, params=query, data={"person": person}, allow_redirects=False)


def cookie_of(answer: Any) -> str:
    """Sends cookies back as a browser does, because the client's cookie jar drops cookies from numeric addresses."""
    return f"AppServiceAuthSession={answer.cookies['AppServiceAuthSession'].value}"


async def identity(harness: HostHarness, **headers: str) -> Any:
    async with harness.http.get("/api/whoami", headers=headers) as answer:
        assert answer.status == 200
        return await answer.json()


@pytest.mark.usefixtures("switched_on")
@async_test
async def test_identity_headers_from_clients_are_removed() -> None:
    async with HostHarness() as harness:
        assert await identity(harness, **FORGED) == {}


@async_test
async def test_identity_headers_are_removed_even_when_sign_in_is_off() -> None:
    async with HostHarness() as harness:
        assert await identity(harness, **FORGED) == {}
        for path in (LOGIN, "/.auth/me", "/.auth/logout"):
            async with harness.http.get(path) as answer:
                assert answer.status == 404


@pytest.mark.usefixtures("switched_on")
@async_test
async def test_the_app_receives_the_signed_in_user() -> None:
    async with HostHarness() as harness:
        answer = await sign_in(harness, "ben")
        assert (answer.status, answer.headers["Location"]) == (302, "/api/whoami")
        assert "HttpOnly" in answer.headers["Set-Cookie"]
        assert "SameSite=Lax" in answer.headers["Set-Cookie"]
        headers = await identity(harness, **FORGED, Cookie=cookie_of(answer))
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
        async with harness.http.get("/.auth/me", headers={"Cookie": cookie_of(answer)}) as me:
            assert (await me.json())[0]["user_id"] == "ben@example.com"


@pytest.mark.usefixtures("switched_on")
@async_test
async def test_signing_out_removes_the_identity() -> None:
    async with HostHarness() as harness:
        kept = {"Cookie": cookie_of(await sign_in(harness, "ana"))}
        assert await identity(harness, **kept) != {}
        async with harness.http.get("/.auth/logout", headers=kept, allow_redirects=False) as answer:
            assert answer.status == 302
        assert await identity(harness, **kept) == {}
        async with harness.http.get("/.auth/me", headers=kept) as me:
            assert me.status == 401


@pytest.mark.usefixtures("switched_on")
@async_test
async def test_unknown_users_cannot_sign_in() -> None:
    async with HostHarness() as harness:
        assert (await sign_in(harness, "mallory")).status == 400
        assert await identity(harness) == {}


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", ""])
@async_test
async def test_sign_in_does_not_redirect_to_other_hosts(elsewhere: str) -> None:
    async with HostHarness() as harness:
        assert (await sign_in(harness, "ana", elsewhere)).headers["Location"] == "/.auth/me"
