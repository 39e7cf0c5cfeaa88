"""ARM's front door: token, route, api-version, query, rate; then the handler."""

from collections.abc import Mapping

from simulator.azure.errors import ArmError
from simulator.azure.query import Provider, Query
from simulator.azure.routes import Provider as Whose
from simulator.azure.routes import Rate, Route, match
from simulator.azure.throttle import AKS_LIST, AKS_PUT_POOL, GRAPH, READS, WRITES, Buckets
from simulator.azure.tokens import Tenant, TokenError
from simulator.http_types import Answer, Call, NotAnObjectError, Requests
from simulator.world.core import RefusedError
from simulator.world.world import World


class Arm:
    """Answers requests as Azure Resource Manager does; what it does not know is an error, never 200."""

    def __init__(self, world: World, tenant: Tenant, providers: Mapping[Whose, Provider], requests: Requests) -> None:
        self._world = world
        self._tenant = tenant
        self._providers = providers
        self._requests = requests
        self._buckets = Buckets()

    def answer(self, call: Call) -> Answer:
        """Answer one request."""
        try:
            return self._answer(call)
        except ArmError as error:
            return error.answer()
        except RefusedError as refusal:
            return ArmError(refusal.status, refusal.code, refusal.message).answer()
        except NotAnObjectError as error:
            return ArmError(400, "InvalidRequestContent", f"The request content was invalid: {error}").answer()

    def _answer(self, call: Call) -> Answer:
        found = match(call.method, call.path)
        if found.route is None:
            raise _no_route(call, found.methods)
        route = found.route
        try:
            principal = self._tenant.principal(call.bearer, self._tenant.arm_audiences)
        except TokenError as error:
            raise ArmError(401, "InvalidAuthenticationToken", str(error)) from error
        self._requests.note("arm", route.action, principal)
        _check_query(call, route)
        remaining = self._throttle(route, found.names, principal)
        answer = self._providers[route.provider].handle(route.handler, Query(call, found.names, principal))
        kind = "reads" if route.reads else "writes"
        headers = {
            "x-ms-request-id": self._world.core.new_id_in("request"),
            f"x-ms-ratelimit-remaining-subscription-{kind}": remaining,
        }
        return Answer(answer.status, answer.document, {**headers, **answer.headers}, answer.drop)

    def _throttle(self, route: Route, names: dict[str, str], principal: str) -> str:
        """Draw from the buckets and return what is left of ARM's."""
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
                # Cost Management counts by the months asked for, which only its handler knows.
                pass
        limit = READS if route.reads else WRITES
        key = f"{subscription}/{principal}"
        return str(self._buckets.take(limit, key, now, "SubscriptionRequestsThrottled"))


def _no_route(call: Call, methods: tuple[str, ...]) -> ArmError:
    if methods:
        message = f"The requested resource does not support http method '{call.method}'."
        return ArmError(405, "HttpMethodNotAllowed", message)
    return ArmError(404, "InvalidResourceType", f"The resource type could not be found for '{call.path}'.")


def _check_query(call: Call, route: Route) -> None:
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
        raise ArmError(400, "InvalidQueryParameter", f"The query parameter '{unknown[0]}' is not known here.")
