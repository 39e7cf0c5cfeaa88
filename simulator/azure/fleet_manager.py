"""Azure Kubernetes Fleet Manager: its fleets, members, update runs and auto-upgrade profiles, in ARM and in Resource Graph."""

from collections.abc import Callable

from simulator.azure.arm_request import ArmRequest, page
from simulator.azure.documents import cluster_id, etag, zulu
from simulator.azure.errors import ArmError
from simulator.http_types import HttpResponse, JsonObject
from simulator.world.specs import FleetManagerSpec, UpdateRunSpec
from simulator.world.world import World

TYPE = "Microsoft.ContainerService/fleets"


class FleetManagers:
    """Has one method for each handler that the routes name."""

    def __init__(self, world: World, page_size: int) -> None:
        self._world = world
        self._page_size = page_size

    def handle(self, name: str, request: ArmRequest) -> HttpResponse:
        """Call the handler with this name."""
        handler: Callable[[ArmRequest], HttpResponse] = getattr(self, name)
        return handler(request)

    def get_fleet(self, request: ArmRequest) -> HttpResponse:
        """Return one fleet."""
        return HttpResponse(200, fleet_document(self._fleet(request)))

    def list_members(self, request: ArmRequest) -> HttpResponse:
        """List a fleet's members, page by page.

        Raises:
            ArmError: 403 if the caller has no permission.
        """
        fleet = self._fleet(request)
        if fleet.closed:
            message = "The client does not have authorization to perform action 'Microsoft.ContainerService/fleets/members/read'."
            raise ArmError(403, "AuthorizationFailed", message)
        return page(request, members(self._world, fleet), self._page_size)

    def list_update_runs(self, request: ArmRequest) -> HttpResponse:
        """List a fleet's update runs, page by page."""
        return page(request, update_runs(self._world, self._fleet(request)), self._page_size)

    def list_auto_upgrades(self, request: ArmRequest) -> HttpResponse:
        """List a fleet's auto-upgrade profiles."""
        fleet = self._fleet(request)
        found = [
            _child(fleet, "autoUpgradeProfiles", name, {"channel": channel}) for name, channel in fleet.auto_upgrades
        ]
        return page(request, found, self._page_size)

    def _fleet(self, request: ArmRequest) -> FleetManagerSpec:
        names = {key: value.lower() for key, value in request.names.items()}
        for fleet in self._world.core.spec.managers:
            here = (fleet.subscription, fleet.resource_group.lower(), fleet.name.lower())
            if here == (names["subscription"], names["group"], names["fleet"]):
                return fleet
        raise ArmError(404, "ResourceNotFound", f"The fleet '{request.names['fleet']}' was not found.")


def graph_rows(world: World, table: str) -> list[JsonObject]:
    """Return the rows of a table of Resource Graph: fleets are in ``resources``, what belongs to them in ``aksresources``."""
    rows: list[JsonObject] = []
    for fleet in world.core.spec.managers:
        place = {"subscriptionId": fleet.subscription, "resourceGroup": fleet.resource_group.lower()}
        if table == "resources":
            found = [fleet_document(fleet)]
        else:
            found = [*([] if fleet.closed else members(world, fleet)), *update_runs(world, fleet)]
        rows += [{**each, **place, "type": str(each["type"]).lower()} for each in found]
    return rows


def fleet_document(fleet: FleetManagerSpec) -> JsonObject:
    """Return a fleet without a hub cluster as a resource."""
    return {
        "id": fleet_id(fleet),
        "name": fleet.name,
        "type": TYPE,
        "location": fleet.region,
        "eTag": f'"{etag("fleet", fleet.name)}"',
        "properties": {"provisioningState": "Succeeded", "status": {}},
    }


def fleet_id(fleet: FleetManagerSpec) -> str:
    """Return the id of a fleet."""
    return f"/subscriptions/{fleet.subscription}/resourceGroups/{fleet.resource_group}/providers/{TYPE}/{fleet.name}"


def members(world: World, fleet: FleetManagerSpec) -> list[JsonObject]:
    """Return a fleet's members."""
    return [
        _child(fleet, "members", name, {"clusterResourceId": _cluster(world, name), "group": group})
        for name, group in fleet.members
    ]


def update_runs(world: World, fleet: FleetManagerSpec) -> list[JsonObject]:
    """Return the update runs of a fleet that exist now."""
    return [_child(fleet, "updateRuns", run.name, _run(world, fleet, run)) for run in fleet.runs if run.at <= world.now]


def _run(world: World, fleet: FleetManagerSpec, run: UpdateRunSpec) -> JsonObject:
    state = run.state(world.now)
    named = run.stages or (("default", tuple({group: None for _, group in fleet.members})),)
    stages: list[JsonObject] = [
        {
            "name": stage,
            "status": {"state": state},
            "groups": [
                {"name": group, "status": {"state": state}, "members": _members_of(world, fleet, group, state)}
                for group in groups
            ],
        }
        for stage, groups in named
    ]
    properties: JsonObject = {
        "managedClusterUpdate": {"upgrade": {"type": "NodeImageOnly"}, "nodeImageSelection": {"type": "Latest"}},
        "status": {"status": {"state": state}, "stages": stages if run.lists else []},
    }
    if run.starts is not None and run.starts <= world.now:
        properties["status"] = {
            **_object(properties["status"]),
            "status": {"state": state, "startTime": zulu(run.starts)},
        }
    if run.stages:
        plan = [{"name": stage, "groups": [{"name": group} for group in groups]} for stage, groups in run.stages]
        properties["strategy"] = {"stages": list(plan)}
    return properties


def _object(value: object) -> JsonObject:
    return dict(value) if isinstance(value, dict) else {}


def _members_of(world: World, fleet: FleetManagerSpec, group: str, state: str) -> list[JsonObject]:
    return [
        {"name": name, "clusterResourceId": _cluster(world, name), "status": {"state": state}}
        for name, member_group in fleet.members
        if member_group == group
    ]


def _cluster(world: World, name: str) -> str:
    """Return the id of a member's cluster, which Fleet Manager spells differently from AKS."""
    return cluster_id(world.clusters[name]).replace("/resourcegroups/", "/resourceGroups/")


def _child(fleet: FleetManagerSpec, kind: str, name: str, properties: JsonObject) -> JsonObject:
    return {
        "id": f"{fleet_id(fleet)}/{kind}/{name}",
        "name": name,
        "type": f"{TYPE}/{kind}",
        "eTag": f'"{etag(kind, fleet.name, name)}"',
        "properties": {"provisioningState": "Succeeded", **properties},
    }
