"""Microsoft.Authorization in a node resource group: what the bot may do there, deny assignments and locks.

They follow from what restarts are refused with, so that the lists and the refusals agree.
"""

import re
from collections.abc import Callable

from simulator.azure.arm_request import ArmRequest, page
from simulator.azure.documents import etag
from simulator.azure.errors import ArmError
from simulator.azure.machines import cluster_of_group
from simulator.http_types import HttpResponse, JsonObject
from simulator.world.nodes import node_resource_group
from simulator.world.state import Cluster
from simulator.world.world import World

LOCKDOWN = "AKS deny assignment"
# The type and id of "All principals" in a deny assignment.
EVERYONE: JsonObject = {"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}
# The resource provider of AKS, which the lockdown excludes.
AKS: JsonObject = {"id": "7319c514-987d-4e9b-ac3d-d38c4f427f4c", "type": "ServicePrincipal"}
_AT_SCOPE = "atScope()"
# A resource in the group: what applies to it is listed without the filter only.
_DISK = "/providers/Microsoft.Compute/disks/pvc-1"
_READER = ["Microsoft.ContainerService/managedClusters/read", "Microsoft.Authorization/permissions/read"]
_REBOOTS = [
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/restart/action",
    "Microsoft.Compute/virtualMachines/restart/action",
    "Microsoft.Authorization/denyAssignments/read",
    "Microsoft.Authorization/locks/read",
]


class Authorization:
    """Has one method for each handler that the routes name."""

    def __init__(self, world: World, page_size: int) -> None:
        self._world = world
        self._page_size = page_size

    def handle(self, name: str, request: ArmRequest) -> HttpResponse:
        """Call the handler with this name."""
        handler: Callable[[ArmRequest], HttpResponse] = getattr(self, name)
        return handler(request)

    def list_permissions(self, request: ArmRequest) -> HttpResponse:
        """List what the caller's roles grant, one entry per role. The role for reboots is missing while restarts are refused for it."""
        cluster = cluster_of_group(self._world, request)
        roles = [_READER] if _refused_with(cluster) == "AuthorizationFailed" else [_READER, _REBOOTS]
        return page(request, [_permissions(actions) for actions in roles], self._page_size)

    def list_deny_assignments(self, request: ArmRequest) -> HttpResponse:
        """List the deny assignments at or above a resource group: of a lockdown, and while restarts are refused with one.

        Raises:
            ArmError: 400, another filter was requested; 403, the role is missing.
        """
        cluster = self._readable(request, "denyAssignments")
        found = [] if _is_at_scope(request) else [_deny_assignment(cluster, "of one disk", [], _DISK)]
        if cluster.spec.machines_locked:
            found.append(_deny_assignment(cluster, LOCKDOWN, [AKS]))
        if cluster.refusal is not None and _refused_with(cluster) == "DenyAssignmentAuthorizationFailed":
            named = re.search(r"name '([^']+)'", cluster.refusal.message)
            found.append(_deny_assignment(cluster, named[1] if named else "no changes", []))
        return page(request, found, self._page_size)

    def list_locks(self, request: ArmRequest) -> HttpResponse:
        """List the locks at or above a resource group: one that prevents deletion, and one while restarts are refused with it.

        Raises:
            ArmError: 400, another filter was requested; 403, the role is missing.
        """
        cluster = self._readable(request, "locks")
        found = [] if _is_at_scope(request) else [_lock(cluster, "ReadOnly", _DISK)]
        found.append(_lock(cluster, "CanNotDelete"))
        if _refused_with(cluster) == "ScopeLocked":
            found.append(_lock(cluster, "ReadOnly"))
        return page(request, found, self._page_size)

    def _readable(self, request: ArmRequest, kind: str) -> Cluster:
        """Return the cluster of a resource group in which the role for reboots lets the caller read this.

        Raises:
            ArmError: 403.
        """
        cluster = cluster_of_group(self._world, request)
        if _refused_with(cluster) == "AuthorizationFailed":
            message = f"The client does not have authorization to perform action 'Microsoft.Authorization/{kind}/read'."
            raise ArmError(403, "AuthorizationFailed", message)
        return cluster


def _refused_with(cluster: Cluster) -> str:
    return cluster.refusal.code if cluster.refusal is not None else ""


def _is_at_scope(request: ArmRequest) -> bool:
    """Whether only what is at or above the resource group is listed.

    Raises:
        ArmError: 400, another filter was requested.
    """
    filtered = request.call.query.get("$filter")
    if filtered not in (None, _AT_SCOPE):
        raise ArmError(400, "UnsupportedFilter", "Only the filter atScope() is simulated.")
    return filtered is not None


def _group(cluster: Cluster) -> str:
    return f"/subscriptions/{cluster.spec.subscription}/resourceGroups/{node_resource_group(cluster)}"


def _permissions(actions: list[str]) -> JsonObject:
    return {"actions": actions, "notActions": [], "dataActions": [], "notDataActions": []}


def _deny_assignment(cluster: Cluster, name: str, excluded: list[JsonObject], below: str = "") -> JsonObject:
    """Return a deny assignment, in the shape of the REST reference."""
    identity = deny_assignment_id(cluster)
    permissions = {
        "actions": ["*/action", "*/delete", "*/write"],
        "notActions": [],
        "dataActions": [],
        "notDataActions": [],
    }
    return {
        "id": f"{_group(cluster)}{below}/providers/Microsoft.Authorization/denyAssignments/{identity}",
        "type": "Microsoft.Authorization/denyAssignments",
        "name": identity,
        "properties": {
            "denyAssignmentName": name,
            "description": "",
            "permissions": [permissions],
            "scope": f"{_group(cluster)}{below}",
            "doNotApplyToChildScopes": False,
            "principals": [EVERYONE],
            "excludePrincipals": excluded,
            "isSystemProtected": True,
        },
    }


def deny_assignment_id(cluster: Cluster) -> str:
    """Return the id with which ARM names the deny assignment of a cluster."""
    return etag("deny", cluster.name).replace("-", "")


def _lock(cluster: Cluster, level: str, below: str = "") -> JsonObject:
    name = f"{level.lower()}-lock"
    return {
        "id": f"{_group(cluster)}{below}/providers/Microsoft.Authorization/locks/{name}",
        "type": "Microsoft.Authorization/locks",
        "name": name,
        "properties": {"level": level},
    }
