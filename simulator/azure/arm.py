"""The entry point to ARM: checks the token, route, API version, query parameters and rate limits, then calls the handler."""

from collections.abc import Mapping

from simulator.azure.arm_request import ArmRequest, Provider
from simulator.azure.errors import ArmError
from simulator.azure.routes import Provider as Whose
from simulator.azure.routes import Rate, Route, match
from simulator.azure.throttle import AKS_LIST, AKS_PUT_POOL, GRAPH, READS, WRITES, Buckets
from simulator.azure.tokens import Tenant, TokenError
from simulator.http_types import HttpRequest, HttpResponse, NotAnObjectError, RequestCounter
from simulator.world.core import RefusedError
from simulator.world.world import World


class Arm:
    """Responds to requests as Azure Resource Manager does. An unknown request is an error, never a 200."""

    def __init__(
        self, world: World, tenant: Tenant, providers: Mapping[Whose, Provider], requests: RequestCounter
    ) -> None:
        self._world = world
        self._tenant = tenant
        self._providers = providers
        self._requests = requests
        self._buckets = Buckets()

    def handle(self, call: HttpRequest) -> HttpResponse:
        """Handle one request."""
        try:
            return self._answer(call)
        except ArmError as error:
            return error.response()
        except NotAnObjectError as error:
            return ArmError(400, "InvalidRequestContent", f"The request content was invalid: {error}").response()

    def _answer(self, call: HttpRequest) -> HttpResponse:
        found = match(call.method, call.path)
        if found.route is None:
            raise _no_route(call, found.methods)
        route = found.route
        try:
            principal = self._tenant.principal(call.bearer, self._tenant.arm_audiences)
        except TokenError as error:
            raise ArmError(401, "InvalidAuthenticationToken", str(error)) from error
        self._requests.record("arm", route.action, principal)
        _check_query(call, route)
        remaining = self._throttle(route, found.names, principal)
        try:
            response = self._providers[route.provider].handle(route.handler, ArmRequest(call, found.names, principal))
        except RefusedError as refusal:
            is_enveloped = route.provider is not Whose.AKS
            raise ArmError(refusal.status, refusal.code, refusal.message, envelope=is_enveloped) from refusal
        kind = "reads" if route.reads else "writes"
        headers = {
            "x-ms-request-id": self._world.core.new_id_in("request"),
            f"x-ms-ratelimit-remaining-subscription-{kind}": remaining,
        }
        return HttpResponse(response.status, response.document, {**headers, **response.headers}, response.drop)

    def _throttle(self, route: Route, names: dict[str, str], principal: str) -> str:
        """Charge the request to its rate limit buckets and return the number of requests left in ARM's own bucket."""
        now = self._world.now
        subscription = names.get("subscription", "")
        match route.rate:
            case Rate.LIST:
                self._buckets.take(AKS_LIST, subscription, now, "AKSRequestsThrottled")
            case Rate.PUT_POOL:
                key = "/".join((subscription, names["group"], names["cluster"], names["pool"])).lower()
                self._buckets.take(AKS_PUT_POOL, key, now, "AKSRequestsThrottled")
            case Rate.GRAPH:
                self._buckets.take(GRAPH, principal, now, "RateLimiting")
            case Rate.NONE | Rate.COST:
                # Cost Management charges a query by the number of months that it covers, which only the query's handler knows.
                pass
        limit = READS if route.reads else WRITES
        key = f"{subscription}/{principal}"
        return str(self._buckets.take(limit, key, now, "SubscriptionRequestsThrottled"))


def _no_route(call: HttpRequest, methods: tuple[str, ...]) -> ArmError:
    if methods:
        message = f"The requested resource does not support http method '{call.method}'."
        return ArmError(405, "HttpMethodNotAllowed", message)
    return ArmError(404, "InvalidResourceType", f"The resource type could not be found for '{call.path}'.")


def _check_query(call: HttpRequest, route: Route) -> None:
    version = call.query.get("api-version")
    if version is None:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ArmError(400, "MissingApiVersionParameter", message)
    if version not in route.versions:
        supported = ", ".join(route.versions)
        message = (
            f"No registered resource provider found for API version '{version}'. The supported ones: '{supported}'."
        )
        raise ArmError(400, "NoRegisteredProviderFound", message)
    unknown = sorted(call.query.keys() - {"api-version", *route.query})
    if unknown:
        raise ArmError(400, "InvalidQueryParameter", f"The query parameter '{unknown[0]}' is not supported.")
