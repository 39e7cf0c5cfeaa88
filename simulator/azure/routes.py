"""The requests that ARM supports, each with its method, path, action name, API versions, query parameters and rate limit."""

import re
from dataclasses import dataclass
from enum import Enum

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{{group}}"
RP = "/providers/Microsoft.ContainerService"
CLUSTERS = f"{RP}/managedClusters"
CLUSTER = f"{GROUP}{CLUSTERS}/{{cluster}}"
POOL = f"{CLUSTER}/agentPools/{{pool}}"
POOL_MACHINES = f"{POOL}/machines"
LOCATION = f"{SUBSCRIPTION}{RP}/locations/{{region}}"

# azure-mgmt-containerservice 41.8 and 41.6 (Azure CLI 2.91).
AKS_VERSIONS = ("2026-08-01", "2026-06-01")
SUBSCRIPTION_VERSIONS = ("2022-12-01", "2016-06-01")
GRAPH_VERSIONS = ("2021-03-01", "2022-10-01")
OPERATION_VERSIONS = ("2017-08-31",)
SIGNED = ("t", "c", "s", "h")
SCALE_SETS = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets"
VIRTUAL_MACHINES = f"{GROUP}/providers/Microsoft.Compute/virtualMachines"
MACHINES = f"{SCALE_SETS}/{{scaleset}}/virtualMachines"
# azure-mgmt-compute 39.
COMPUTE_VERSIONS = ("2026-04-01", "2025-04-01")
# azure-mgmt-containerservicefleet 4.
FLEET_VERSIONS = ("2026-06-01",)
FLEET = f"{GROUP}{RP}/fleets/{{fleet}}"
# REST reference of Microsoft.Authorization.
RIGHTS_VERSIONS = ("2022-04-01",)
LOCK_VERSIONS = ("2020-05-01", "2016-09-01")
# azure-mgmt-costmanagement 5.
COST_VERSIONS = ("2025-03-01", "2023-11-01")


class Provider(Enum):
    """The resource provider that handles a request."""

    AKS = "aks"
    FLEET = "fleet"
    COMPUTE = "compute"
    COST = "cost"
    AUTHORIZATION = "authorization"


class Rate(Enum):
    """A rate limit of the provider that applies in addition to ARM's own."""

    NONE = "none"
    LIST = "list"
    PUT_POOL = "put-pool"
    GRAPH = "graph"
    COST = "cost"


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of request. ``handler`` is the name of the method for it."""

    method: str
    template: str
    action: str
    handler: str
    versions: tuple[str, ...] = AKS_VERSIONS
    query: tuple[str, ...] = ()
    rate: Rate = Rate.NONE
    provider: Provider = Provider.AKS

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path as a regular expression. ARM compares paths case-insensitively."""
        return re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template) + "/?$", re.IGNORECASE)

    @property
    def reads(self) -> bool:
        """Whether ARM counts the request as a read."""
        return self.method == "GET" or self.rate in (Rate.GRAPH, Rate.COST)


_MC = "Microsoft.ContainerService/managedClusters"
_LOCATIONS = "Microsoft.ContainerService/locations"
_FLEETS = "Microsoft.ContainerService/fleets"
_VMSS = "Microsoft.Compute/virtualMachineScaleSets"
_VMS = "Microsoft.Compute/virtualMachines"


def _compute(method: str, template: str, action: str, handler: str, *query: str) -> Route:
    return Route(method, template, action, handler, COMPUTE_VERSIONS, query, provider=Provider.COMPUTE)


def _fleet(template: str, action: str, handler: str) -> Route:
    return Route(
        "GET", template, f"{_FLEETS}{action}", handler, FLEET_VERSIONS, ("$skiptoken",), provider=Provider.FLEET
    )


def _authorization(kind: str, handler: str, versions: tuple[str, ...], *query: str) -> Route:
    path, action = f"{GROUP}/providers/Microsoft.Authorization/{kind}", f"Microsoft.Authorization/{kind}/read"
    return Route("GET", path, action, handler, versions, ("$skiptoken", *query), provider=Provider.AUTHORIZATION)


def _cost(scope: str) -> Route:
    path = f"{scope}/providers/Microsoft.CostManagement/query"
    action = "Microsoft.CostManagement/query/read"
    return Route("POST", path, action, "query_usage", COST_VERSIONS, ("$skiptoken",), Rate.COST, Provider.COST)


ROUTES = (
    Route("GET", CLUSTER, f"{_MC}/read", "get_cluster"),
    Route("GET", POOL, f"{_MC}/agentPools/read", "get_pool"),
    Route("GET", f"{POOL}/upgradeProfiles/default", f"{_MC}/agentPools/upgradeProfiles/read", "pool_upgrades"),
    Route(
        "GET",
        f"{LOCATION}/operations/{{operation}}",
        f"{_LOCATIONS}/operations/read",
        "operation_status",
        OPERATION_VERSIONS,
        SIGNED,
    ),
    Route(
        "GET",
        f"{LOCATION}/operationresults/{{operation}}",
        f"{_LOCATIONS}/operationresults/read",
        "operation_result",
        OPERATION_VERSIONS,
        SIGNED,
    ),
    Route(
        "GET", f"{CLUSTER}/agentPools", f"{_MC}/agentPools/read", "list_pools", query=("$skiptoken",), rate=Rate.LIST
    ),
    Route(
        "GET",
        POOL_MACHINES,
        f"{_MC}/agentPools/machines/read",
        "list_pool_machines",
        query=("$skiptoken",),
        rate=Rate.LIST,
    ),
    Route("GET", f"{POOL_MACHINES}/{{machine}}", f"{_MC}/agentPools/machines/read", "get_pool_machine"),
    Route("GET", f"{SUBSCRIPTION}{CLUSTERS}", f"{_MC}/read", "list_clusters", query=("$skiptoken",), rate=Rate.LIST),
    Route("GET", f"{GROUP}{CLUSTERS}", f"{_MC}/read", "list_clusters", query=("$skiptoken",), rate=Rate.LIST),
    Route("POST", f"{CLUSTER}/start", f"{_MC}/start/action", "start_cluster"),
    Route("POST", f"{CLUSTER}/stop", f"{_MC}/stop/action", "stop_cluster"),
    Route("POST", f"{CLUSTER}/abort", f"{_MC}/abort/action", "abort_cluster"),
    Route(
        "POST",
        f"{CLUSTER}/listClusterUserCredential",
        f"{_MC}/listClusterUserCredential/action",
        "user_credentials",
        query=("format", "server-fqdn"),
    ),
    Route("GET", f"{CLUSTER}/upgradeProfiles/default", f"{_MC}/upgradeProfiles/read", "cluster_upgrades"),
    Route("GET", f"{CLUSTER}/availableAgentPoolVersions", f"{_MC}/availableAgentPoolVersions/read", "pool_versions"),
    Route("PUT", POOL, f"{_MC}/agentPools/write", "put_pool", rate=Rate.PUT_POOL),
    Route(
        "POST",
        f"{POOL}/upgradeNodeImageVersion",
        f"{_MC}/agentPools/upgradeNodeImageVersion/action",
        "upgrade_pool",
    ),
    Route("POST", f"{POOL}/abort", f"{_MC}/agentPools/abort/action", "abort_pool"),
    Route("GET", f"{CLUSTER}/maintenanceConfigurations", f"{_MC}/maintenanceConfigurations/read", "list_maintenance"),
    Route(
        "GET",
        f"{CLUSTER}/maintenanceConfigurations/{{configuration}}",
        f"{_MC}/maintenanceConfigurations/read",
        "get_maintenance",
    ),
    Route(
        "GET", "/subscriptions", "Microsoft.Resources/subscriptions/read", "list_subscriptions", SUBSCRIPTION_VERSIONS
    ),
    Route("GET", SUBSCRIPTION, "Microsoft.Resources/subscriptions/read", "get_subscription", SUBSCRIPTION_VERSIONS),
    Route(
        "POST",
        "/providers/Microsoft.ResourceGraph/resources",
        "Microsoft.ResourceGraph/resources/read",
        "query_graph",
        GRAPH_VERSIONS,
        rate=Rate.GRAPH,
    ),
    _compute("GET", SCALE_SETS, f"{_VMSS}/read", "list_scale_sets", "$skiptoken"),
    _compute("GET", f"{SCALE_SETS}/{{scaleset}}", f"{_VMSS}/read", "get_scale_set", "$expand"),
    _compute("GET", MACHINES, f"{_VMSS}/virtualMachines/read", "list_machines", "$skiptoken", "$expand"),
    _compute("GET", f"{MACHINES}/{{machine}}", f"{_VMSS}/virtualMachines/read", "get_machine", "$expand"),
    _compute(
        "GET",
        f"{MACHINES}/{{machine}}/instanceView",
        f"{_VMSS}/virtualMachines/instanceView/read",
        "get_instance_view",
    ),
    _compute("POST", f"{MACHINES}/{{machine}}/restart", f"{_VMSS}/virtualMachines/restart/action", "restart_machine"),
    _compute("GET", f"{VIRTUAL_MACHINES}/{{machine}}", f"{_VMS}/read", "get_virtual_machine", "$expand"),
    _compute("POST", f"{VIRTUAL_MACHINES}/{{machine}}/restart", f"{_VMS}/restart/action", "restart_virtual_machine"),
    _compute(
        "POST",
        f"{MACHINES}/{{machine}}/simulateEviction",
        f"{_VMSS}/virtualMachines/simulateEviction/action",
        "simulate_eviction",
    ),
    _compute(
        "GET",
        f"{SUBSCRIPTION}/providers/Microsoft.Compute/locations/{{region}}/operations/{{operation}}",
        "Microsoft.Compute/locations/operations/read",
        "operation_status",
        *SIGNED,
        "p",
        "monitor",
    ),
    _fleet(FLEET, "/read", "get_fleet"),
    _fleet(f"{FLEET}/members", "/members/read", "list_members"),
    _fleet(f"{FLEET}/updateRuns", "/updateRuns/read", "list_update_runs"),
    _fleet(f"{FLEET}/autoUpgradeProfiles", "/autoUpgradeProfiles/read", "list_auto_upgrades"),
    _authorization("permissions", "list_permissions", RIGHTS_VERSIONS),
    _authorization("denyAssignments", "list_deny_assignments", RIGHTS_VERSIONS, "$filter"),
    _authorization("locks", "list_locks", LOCK_VERSIONS, "$filter"),
    _cost(SUBSCRIPTION),
    _cost(GROUP),
)
_COMPILED = tuple((route, route.pattern) for route in ROUTES)


@dataclass(frozen=True, slots=True)
class Match:
    """The route for a request, with the values from its path. If no route matches, ``methods`` has the methods that the path supports."""

    route: Route | None
    names: dict[str, str]
    methods: tuple[str, ...] = ()


def match(method: str, path: str) -> Match:
    """Find the route for a request."""
    methods: list[str] = []
    for route, pattern in _COMPILED:
        found = pattern.match(path)
        if found is None:
            continue
        if route.method == method:
            return Match(route, found.groupdict())
        methods.append(route.method)
    return Match(None, {}, tuple(methods))
