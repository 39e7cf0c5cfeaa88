"""Requests that ARM rejects before it reads a resource, because of tokens, paths, versions, parameters, bodies or rates."""

from datetime import timedelta

import pytest

from simulator.azure.authorization import Authorization
from simulator.azure.compute import Compute
from simulator.azure.cost import Cost
from simulator.azure.fleet_manager import FleetManagers
from simulator.azure.handlers import Handlers
from simulator.azure.routes import ROUTES, Provider
from simulator.azure.tokens import Tenant
from simulator.running import Running, SimulatedCredential
from tests.simulator.azure.raw import ARM, KUBERNETES, ask

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
WEB = f"{SUBSCRIPTION}/resourceGroups/rg-fleet/providers/Microsoft.ContainerService/managedClusters/web"
VERSION = "api-version=2026-08-01"


def test_every_route_has_a_handler() -> None:
    providers = {
        Provider.AKS: Handlers,
        Provider.FLEET: FleetManagers,
        Provider.COMPUTE: Compute,
        Provider.COST: Cost,
        Provider.AUTHORIZATION: Authorization,
    }
    handlers = [getattr(providers[route.provider], route.handler, None) for route in ROUTES]
    assert all(callable(handler) for handler in handlers)


def test_paths_are_case_insensitive(simulation: Running) -> None:
    assert ask(simulation, "GET", f"{WEB.lower()}?{VERSION}").document["name"] == "web"


def test_a_request_without_a_token_is_unauthorized(simulation: Running) -> None:
    answer = ask(simulation, "GET", f"{WEB}?{VERSION}", token="")
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationToken")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_forged_token_is_unauthorized(simulation: Running) -> None:
    forged = Tenant("https://nowhere", "another key of the same length, quite").issue(ARM).value
    assert ask(simulation, "GET", f"{WEB}?{VERSION}", token=forged).status == 401


def test_an_expired_token_is_unauthorized(simulation: Running) -> None:
    expired = simulation.simulation.tenant.issue(ARM, lifetime_s=-60).value
    answer = ask(simulation, "GET", f"{WEB}?{VERSION}", token=expired)
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationToken")
    assert "expired" in answer.text


def test_arm_rejects_a_kubernetes_token(simulation: Running) -> None:
    assert ask(simulation, "GET", f"{WEB}?{VERSION}", resource=KUBERNETES).status == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", WEB, None, 400, "MissingApiVersionParameter"),
        ("GET", f"{WEB}?api-version=2019-01-01", None, 400, "NoRegisteredProviderFound"),
        ("GET", f"{WEB}?{VERSION}&expand=all", None, 400, "InvalidQueryParameter"),
        ("GET", f"{WEB}/privateLinkResources?{VERSION}", None, 404, "InvalidResourceType"),
        ("DELETE", f"{WEB}?{VERSION}", None, 405, "HttpMethodNotAllowed"),
        ("POST", f"{WEB}/start?{VERSION}", {"now": True}, 400, "InvalidRequestContent"),
        ("PUT", f"{WEB}/agentPools/user1?{VERSION}", "{not json", 400, "InvalidRequestContent"),
        ("PUT", f"{WEB}/agentPools/user1?{VERSION}", {"properties": {"colour": 1}}, 400, "UnmarshalError"),
        ("PUT", f"{WEB}/agentPools/user1?{VERSION}", {"colour": 1, "properties": {}}, 400, "UnmarshalError"),
        ("PUT", f"{WEB}/agentPools/user1?{VERSION}", {"properties": {"count": "4"}}, 400, "InvalidParameter"),
        ("PUT", f"{WEB}/agentPools/user1?{VERSION}", {"properties": {"count": 5000}}, 400, "InvalidParameter"),
        ("POST", f"{WEB}/listClusterUserCredential?{VERSION}", None, 400, "InvalidParameter"),
        ("GET", "/subscriptions/1/providers/Microsoft.ContainerService/managedClusters?" + VERSION, None, 404,
         "SubscriptionNotFound"),
    ],
)  # fmt: skip
def test_an_unknown_request_gets_an_error(
    simulation: Running, method: str, path: str, body: object, status: int, code: str
) -> None:
    answer = ask(simulation, method, path, body)
    assert (answer.status, answer.code) == (status, code)


def test_a_manipulated_operation_url_is_rejected(simulation: Running) -> None:
    begun = ask(simulation, "POST", f"{WEB}/stop?{VERSION}")
    url = begun.headers["Azure-AsyncOperation"].removeprefix(simulation.environment["ARM_URL"])
    assert ask(simulation, "GET", url).document["status"] == "InProgress"
    assert ask(simulation, "GET", url.replace("&s=", "&s=0")).code == "InvalidSignature"


def test_reads_are_throttled_according_to_the_virtual_clock(simulation: Running) -> None:
    """ARM's limit is a bucket of 250 reads that refills at 25 per second."""
    path = "/subscriptions?api-version=2022-12-01"
    token = SimulatedCredential(simulation.environment).get_token(f"{ARM}/.default").token
    answers = [ask(simulation, "GET", path, token=token) for _ in range(251)]
    assert [answer.status for answer in answers] == [200] * 250 + [429]
    assert answers[0].headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert answers[250].code == "SubscriptionRequestsThrottled"
    assert answers[250].headers["Retry-After"] == "1"
    simulation.advance(simulation.world.now + timedelta(seconds=1))
    assert [ask(simulation, "GET", path, token=token).status for _ in range(26)] == [200] * 25 + [429]


def test_pool_puts_are_throttled_per_minute(simulation: Running) -> None:
    """AKS's limit for pool PUTs is a bucket of 20 that refills at one per minute. Rejected requests also count."""
    path = f"{WEB}/agentPools/user1?{VERSION}"
    answers = [ask(simulation, "PUT", path, {"properties": {"colour": 1}}) for _ in range(21)]
    assert [answer.status for answer in answers] == [400] * 20 + [429]
    assert answers[20].code == "AKSRequestsThrottled"
    assert answers[20].headers["Retry-After"] == "60"


def test_requests_are_counted_by_action(simulation: Running) -> None:
    ask(simulation, "GET", f"{WEB}?{VERSION}")
    ask(simulation, "GET", f"{WEB}?{VERSION}")
    ask(simulation, "POST", f"{WEB}/stop?{VERSION}")
    principal = "22222222-2222-2222-2222-222222222222"
    read, stop = (
        "Microsoft.ContainerService/managedClusters/read",
        "Microsoft.ContainerService/managedClusters/stop/action",
    )
    assert simulation.control("/requests")["requests"] == [
        {"surface": "arm", "action": read, "principal": principal, "count": 2},
        {"surface": "arm", "action": stop, "principal": principal, "count": 1},
    ]
