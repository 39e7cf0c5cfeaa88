"""Who is signed in, from the headers that App Service sets where its authentication is switched on, and nowhere else.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities: clients cannot set these headers
then. Where it is off anybody could, so nobody may ask this module (`PageDoor.sign_in`).
"""

import base64
import binascii
import json
from collections.abc import Mapping

from ops.model.json import Json
from ops.model.people import Identity

_HEADER = "x-ms-client-principal"
_PROVIDER = "aad"
_MOST_CHARACTERS = 65_536
_OBJECT = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid")
_TENANT = ("http://schemas.microsoft.com/identity/claims/tenantid", "tid")
_SHOWN = ("name", "preferred_username")


class UnusableIdentityError(Exception):
    """Somebody is signed in, and it cannot be read who: the text says what is missing."""


def signed_in(headers: Mapping[str, str]) -> Identity | None:
    """Who is signed in, None where nobody is. `headers` have lower-case names. Raises UnusableIdentityError."""
    text = headers.get(_HEADER, "")
    if not text:
        return None
    document = _decoded(text)
    if document.get("auth_typ") != _PROVIDER:
        raise UnusableIdentityError("it was not Microsoft Entra ID that signed them in")
    claims = _claims(document)
    user, tenant = _first(claims, _OBJECT), _first(claims, _TENANT)
    if not user or not tenant:
        raise UnusableIdentityError("the sign-in names no object id and tenant")
    return Identity("page", tenant.casefold(), user.casefold(), _first(claims, _SHOWN)[:100])


def _decoded(text: str) -> Mapping[str, Json]:
    try:
        document = json.loads(base64.b64decode(text[:_MOST_CHARACTERS], validate=True))
    except (binascii.Error, UnicodeDecodeError, ValueError, RecursionError):
        raise UnusableIdentityError("the sign-in's header cannot be read") from None
    if not isinstance(document, dict):
        raise UnusableIdentityError("the sign-in's header cannot be read")
    return document


def _claims(document: Mapping[str, Json]) -> Mapping[str, tuple[str, ...]]:
    listed = document.get("claims")
    found: dict[str, tuple[str, ...]] = {}
    for claim in listed if isinstance(listed, list) else ():
        typ, val = (claim.get("typ"), claim.get("val")) if isinstance(claim, dict) else (None, None)
        if isinstance(typ, str) and isinstance(val, str):
            found[typ] = (*found.get(typ, ()), val)
    return found


def _first(claims: Mapping[str, tuple[str, ...]], names: tuple[str, ...]) -> str:
    """The claim of the first of these names that there is; empty where it is said twice and differently."""
    for name in names:
        said = set(claims.get(name, ()))
        if said:
            return said.pop() if len(said) == 1 else ""
    return ""
