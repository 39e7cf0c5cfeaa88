"""The signed-in person, from the headers that App Service authentication sets.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities: clients cannot set these headers
while authentication is enabled. If it is disabled they can, so check `PageAccess.sign_in` first.
"""

import base64
from collections.abc import Mapping

from ops.endpoints.json_reader import read_json
from ops.model.json import Json
from ops.model.people import Identity
from ops.settings.identity import ENTRA

_HEADER = "x-ms-client-principal"
_PROVIDER = "aad"
_MOST_CHARACTERS = 65_536
_OBJECT = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid")
_TENANT = ("http://schemas.microsoft.com/identity/claims/tenantid", "tid")
_SHOWN = ("name", "preferred_username")


class UnusableIdentityError(Exception):
    """A person is signed in, but the identity cannot be read; the text says what is missing."""


def signed_in(headers: Mapping[str, str]) -> Identity | None:
    """Returns the signed-in person, or None. `headers` have lower-case names.

    Raises:
        UnusableIdentityError: the person did not sign in with Microsoft Entra ID, or the object ID or tenant is missing.
    """
    text = headers.get(_HEADER, "")
    if not text:
        return None
    document = _decoded(text)
    if document.get("auth_typ") != _PROVIDER:
        raise UnusableIdentityError("not with Microsoft Entra ID")
    claims = _claims(document)
    user, tenant = _first(claims, _OBJECT), _first(claims, _TENANT)
    if not user or not tenant:
        raise UnusableIdentityError("the sign-in has no object id or tenant")
    return Identity("page", ENTRA.name, tenant.casefold(), user.casefold(), _first(claims, _SHOWN)[:100])


def _decoded(text: str) -> Mapping[str, Json]:
    try:
        document = read_json(base64.b64decode(text[:_MOST_CHARACTERS], validate=True))
    except ValueError:  # neither base64 nor JSON
        raise UnusableIdentityError("the sign-in's header cannot be read") from None
    if not isinstance(document, dict):
        raise UnusableIdentityError("the sign-in's header cannot be read")
    return document


def _claims(document: Mapping[str, Json]) -> Mapping[str, tuple[str, ...]]:
    listed = document.get("claims")
    values: dict[str, tuple[str, ...]] = {}
    for claim in listed if isinstance(listed, list) else ():
        typ, val = (claim.get("typ"), claim.get("val")) if isinstance(claim, dict) else (None, None)
        if isinstance(typ, str) and isinstance(val, str):
            values[typ] = (*values.get(typ, ()), val)
    return values


def _first(claims: Mapping[str, tuple[str, ...]], names: tuple[str, ...]) -> str:
    """Returns the value of the first of these claims that exists; empty if that claim occurs with different values."""
    for name in names:
        values = set(claims.get(name, ()))
        if values:
            return values.pop() if len(values) == 1 else ""
    return ""
