"""App Service authentication ("Easy Auth") as an app sees it: sign-in pages under `/.auth` and identity headers that only the host sets.

It is off unless WEBSITE_AUTH_ENABLED, which App Service sets, is `True`. Anonymous requests pass without the
headers ("allow unauthenticated access"), which the endpoints for the chats require.
https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web
from multidict import CIMultiDict

from simulator.people import PEOPLE, SimulatedPerson

COOKIE = "AppServiceAuthSession"
_PREFIX = "x-ms-client-principal"
_PROVIDER = "aad"
_CLAIM = "http://schemas.microsoft.com/identity/claims"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>Sign in, simulated</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:12vh auto;padding:0 1rem}}
button{{display:block;width:100%;margin:.5rem 0;padding:.7rem 1rem;font:inherit;text-align:left;cursor:pointer}}</style>
<h1>Choose an account</h1><p>This page simulates Microsoft's sign-in. The people are fictitious, and there are no passwords.</p>
<form method="post">{buttons}</form></html>"""
_BUTTON = '<button name="person" value="{name}">{shown}<br><small>{address}</small></button>'


def switched_on(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether App Service's setting enables authentication."""
    return environment.get("WEBSITE_AUTH_ENABLED", "").casefold() == "true"


class SignIn:
    """The signed-in sessions, keyed by a random cookie value. They are kept in memory and end with the host."""

    def __init__(self, people: Sequence[SimulatedPerson] = PEOPLE) -> None:
        self._people = {person.name: person for person in people}
        self._sessions: dict[str, SimulatedPerson] = {}

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register the routes under `/.auth`. As on App Service, they respond with 404 if authentication is off."""
        router.add_get("/.auth/login/aad", self._ask)
        router.add_post("/.auth/login/aad", self._sign_in)
        router.add_get("/.auth/logout", self._sign_out)
        router.add_get("/.auth/me", self._me)

    def headers(self, request: web.Request) -> "CIMultiDict[str]":
        """The request headers for the app. Identity headers sent by the client are removed."""
        passed: CIMultiDict[str] = CIMultiDict(
            (name, text) for name, text in request.headers.items() if not name.casefold().startswith(_PREFIX)
        )
        person = self._person(request)
        if person is not None:
            passed["X-MS-CLIENT-PRINCIPAL"] = principal(person)
            passed["X-MS-CLIENT-PRINCIPAL-ID"] = person.entra
            passed["X-MS-CLIENT-PRINCIPAL-NAME"] = person.address
            passed["X-MS-CLIENT-PRINCIPAL-IDP"] = _PROVIDER
        return passed

    def _person(self, request: web.Request) -> SimulatedPerson | None:
        return self._sessions.get(request.cookies.get(COOKIE, "")) if switched_on() else None

    async def _ask(self, _request: web.Request) -> web.Response:
        _must_be_on()
        buttons = "".join(
            _BUTTON.format(name=escape(one.name), shown=escape(one.shown), address=escape(one.address))
            for one in self._people.values()
        )
        return web.Response(text=_PAGE.format(buttons=buttons), content_type="text/html")

    async def _sign_in(self, request: web.Request) -> web.Response:
        _must_be_on()
        person = self._people.get(str((await request.post()).get("person", "")))
        if person is None:
            raise web.HTTPBadRequest(text=f"Unknown person. Available: {', '.join(self._people)}.")
        session_id = secrets.token_urlsafe(32)
        self._sessions[session_id] = person
        response = web.Response(
            status=HTTPStatus.FOUND, headers={"Location": _own_path(request.query.get("post_login_redirect_uri", ""))}
        )
        response.set_cookie(COOKIE, session_id, httponly=True, samesite="Lax")
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        _must_be_on()
        self._sessions.pop(request.cookies.get(COOKIE, ""), None)
        target = _own_path(request.query.get("post_logout_redirect_uri", ""))
        response = web.Response(status=HTTPStatus.FOUND, headers={"Location": target})
        response.del_cookie(COOKIE)
        return response

    async def _me(self, request: web.Request) -> web.Response:
        _must_be_on()
        person = self._person(request)
        if person is None:
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        identity = {"provider_name": _PROVIDER, "user_id": person.address, "user_claims": _claims(person)}
        return web.json_response([identity])


def principal(person: SimulatedPerson) -> str:
    """The header with which App Service identifies the signed-in user to the app."""
    document = {
        "auth_typ": _PROVIDER,
        "claims": _claims(person),
        "name_typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "role_typ": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
    }
    return base64.b64encode(json.dumps(document).encode()).decode()


def _claims(person: SimulatedPerson) -> list[dict[str, str]]:
    claims = {
        f"{_CLAIM}/objectidentifier": person.entra,
        f"{_CLAIM}/tenantid": person.tenant,
        "name": person.shown,
        "preferred_username": person.address,
    }
    return [{"typ": typ, "val": val} for typ, val in claims.items()]


def _must_be_on() -> None:
    if not switched_on():
        raise web.HTTPNotFound


def _own_path(wanted: str) -> str:
    """The redirect target after sign-in, which must be a path on this host."""
    parts = urlsplit(wanted)
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc
    return wanted if own else "/.auth/me"
