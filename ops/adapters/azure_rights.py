"""What Azure lets the bot's identity do in a resource group: its permissions, deny assignments and locks. Each call is one attempt."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops.adapters.azure_endpoint import SCOPE, AzureEndpoint, ClientCache
from ops.adapters.azure_errors import UNREADABLE, refusals
from ops.adapters.azure_lists import arm_list
from ops.model.restart_right import DenyAssignment, Lock, PermissionSet, Principal
from ops.ports.errors import RejectedError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.compute import ComputeManagementClient

_PERMISSIONS = "api-version=2022-04-01"
# `atScope()`: at or above the scope (REST reference of deny assignments; `-AtScope` of Get-AzResourceLock).
_DENY_ASSIGNMENTS = "api-version=2022-04-01&%24filter=atScope()"
_LOCKS = "api-version=2020-05-01&%24filter=atScope()"


@dataclass
class AzureRights:
    """Implements `Rights`."""

    credential: "TokenCredential"
    endpoint: AzureEndpoint = field(default_factory=AzureEndpoint)

    def permissions(self, subscription: str, group: str) -> tuple[PermissionSet, ...]:
        """Sends GET requests, page by page. Raises the errors that `arm_list` raises."""
        return self._list(subscription, group, ("permissions", _PERMISSIONS), _permissions_of)

    def deny_assignments(self, subscription: str, group: str) -> tuple[DenyAssignment, ...]:
        """Sends GET requests, page by page. Raises the errors that `arm_list` raises."""
        return self._list(subscription, group, ("denyAssignments", _DENY_ASSIGNMENTS), _deny_assignment_of)

    def locks(self, subscription: str, group: str) -> tuple[Lock, ...]:
        """Sends GET requests, page by page. Raises the errors that `arm_list` raises."""
        return self._list(subscription, group, ("locks", _LOCKS), _lock_of)

    def identity(self) -> str:
        """Reads the claim `oid` of the identity's own token, which the credential caches. The token is not verified: it is not a proof.

        Raises:
            RejectedError: the token is opaque. Also raises the errors that `refusals` raises.
        """
        doing = "reading the object ID of the bot's identity"
        with refusals(doing):
            token = self.credential.get_token(SCOPE).token
        try:
            claims = token.split(".")[1]
            return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["oid"])
        except UNREADABLE as error:
            raise RejectedError("OpaqueToken", f"{doing}: its token does not contain it") from error

    def _list[T](
        self, subscription: str, group: str, kind: tuple[str, str], convert: Callable[[Any], T]
    ) -> tuple[T, ...]:
        name, query = kind
        doing = f"listing the {name} of {group}"
        path = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Authorization/{name}"
        entries = arm_list(self._clients.of(subscription).send_request, self.endpoint, path, query, doing)
        with refusals(doing):
            return tuple(map(convert, entries))

    @cached_property
    def _clients(self) -> "ClientCache[ComputeManagementClient]":
        from azure.mgmt.compute import ComputeManagementClient

        return ClientCache(lambda name: ComputeManagementClient(self.credential, name, **self.endpoint.options()))


def _permissions_of(document: Any) -> PermissionSet:
    return PermissionSet(_texts(document, "actions"), _texts(document, "notActions"))


def _deny_assignment_of(document: Any) -> DenyAssignment:
    properties = document["properties"]
    permissions = properties["permissions"]
    return DenyAssignment(
        name=str(properties.get("denyAssignmentName") or document.get("name") or ""),
        denied=tuple(map(_permissions_of, permissions)),
        principals=tuple(map(_principal_of, properties["principals"])),
        excluded=tuple(map(_principal_of, properties.get("excludePrincipals") or ())),
        inherited=properties.get("doNotApplyToChildScopes") is not True,
        conditional=bool(properties.get("condition") or any(each.get("condition") for each in permissions)),
    )


def _principal_of(document: Any) -> Principal:
    return Principal(str(document["id"]), str(document.get("type") or ""))


def _lock_of(document: Any) -> Lock:
    return Lock(str(document.get("name") or ""), str(document["properties"]["level"]))


def _texts(document: Any, key: str) -> tuple[str, ...]:
    """Returns a list of texts that can be absent.

    Raises:
        TypeError: it is something else. A text must not pass for a list of letters, one of which could be `*`.
    """
    found = document.get(key) or []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise TypeError(f"{key} is not a list of texts")
    return tuple(found)
