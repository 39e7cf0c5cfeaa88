"""Junk at every adapter that parses answers, and at the webhooks: nothing but the ports' own errors comes out, and reading never hangs."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from random import Random
from typing import Any

import pytest
import urllib3
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.rest import RESTClientObject

from ops.adapters.azure_clusters import AzureClusters
from ops.adapters.azure_costs import AzureCosts
from ops.adapters.azure_fleets import AzureFleets
from ops.adapters.azure_machines import AzureMachines
from ops.adapters.azure_rights import AzureRights
from ops.adapters.kubernetes_nodes import KubernetesNodes
from ops.chats.slack.client import SlackChat
from ops.chats.teams.bot import TeamsBotChat
from ops.chats.teams.connector import TeamsConnector
from ops.chats.teams.renderer import render_bot
from ops.chats.teams.signing_keys import SigningKeys
from ops.chats.teams.webhook import TeamsChat
from ops.endpoints.budget_alerts import take_alert
from ops.endpoints.event_grid import take_event
from ops.model.fleet import Cluster, ClusterRef, Node, UnreadableCluster
from ops.model.message import Message
from ops.model.run import State
from ops.model.workload import Pod
from ops.policy.node_identity import confirmed, match_nodes
from ops.ports.chat import Outgoing, Posted
from simulator.azure.documents import (
    cluster_document,
    cluster_id,
    pool_machine_document,
    pool_upgrade_profile,
)
from simulator.fleets import demo_fleet
from simulator.kubernetes.nodes import node_document
from simulator.kubernetes.pdbs import pdb_document
from simulator.kubernetes.pods import pod_document
from simulator.world.world import World as SimulatedWorld
from tests.adapters import junk
from tests.adapters.junk import Answer, Credential
from tests.engine.budget_alerts import COMMON, LEGACY
from tests.engine.test_spot import annotated, notice, world_with_spot_pool
from tests.fakes import MONDAY, FakeClock, cluster, nodes_of, pool
from tests.fakes.fleet import machines_of

FLEET = "/subscriptions/1/resourceGroups/g/providers/Microsoft.ContainerService/fleets/f1"
# How many bodies each kind of call gets; together more than 10,000.
COUNTS = {
    "list clusters": 2_000,
    "read a cluster": 800,
    "newest image": 400,
    "machines": 500,
    "fleets": 800,
    "permissions": 400,
    "deny assignments": 500,
    "locks": 300,
    "operation": 500,
    "kubeconfig": 300,
    "begin": 400,
    "restart": 300,
    "costs": 1_500,
    "nodes": 800,
    "pods": 600,
    "PDBs": 500,
    "would evict": 200,
    "NodeClaims": 400,
    "mark": 200,
    "evict": 300,
    "connect": 300,
    "slack": 400,
    "teams": 200,
    "teams webhook": 100,
    "signing keys": 200,
    "events": 500,
    "alerts": 500,
}
SHOWN = Message("run-1", State.RUNNING, "Node images", "shop-dev")
OPERATION = (
    "https://management.azure.com/subscriptions/1/providers/Microsoft.ContainerService/locations/we/operations/1"
)
ROWS = {
    "columns": [{"name": "Cost"}, {"name": "ResourceGroupName"}, {"name": "Currency"}],
    "rows": [[1.5, "mc_a", "EUR"]] * 3,
}


@pytest.fixture(scope="module")
def world() -> SimulatedWorld:
    return SimulatedWorld(demo_fleet())


@pytest.fixture(scope="module")
def some(world: SimulatedWorld) -> Any:
    return world.clusters["shop-prod-we"]


def drawing(kind: str) -> Random:
    """The same draws in each run."""
    return Random(f"junk/{kind}")  # noqa: S311 - not a secret


def try_all(kind: str, document: object, call: Callable[[Answer], object]) -> Counter[str]:
    """Calls with as many answers as the kind has; returns how often each outcome came."""
    draw, seen = drawing(kind), Counter[str]()
    for number in range(COUNTS[kind]):
        answer = junk.answer(draw, document)
        try:
            seen[junk.outcome(partial(call, answer))] += 1
        except Exception as error:
            raise AssertionError(
                f"{kind}, answer {number}: {answer.status} {answer.headers} {answer.body[:2_000]!r}"
            ) from error
    return seen


@dataclass
class Azure:
    """The Azure adapters on one endpoint without a network."""

    def __post_init__(self) -> None:
        self.endpoint, self.adapter = junk.endpoint()
        self.clusters = AzureClusters(Credential(), self.endpoint)
        self.machines = AzureMachines(Credential(), self.endpoint)
        self.rights = AzureRights(Credential(), self.endpoint)

    def membership(self) -> object:
        return AzureFleets(Credential(), self.endpoint).membership("/subscriptions/1/x", MONDAY)

    def costs(self, _: Answer) -> object:
        return AzureCosts(Credential(), self.endpoint).month_to_date("1", MONDAY)

    def after(self, call: Callable[[], object]) -> Callable[[Answer], object]:
        def answered(answer: Answer) -> object:
            self.adapter.next = answer
            return call()

        return answered


@pytest.fixture(scope="module")
def azure() -> Azure:
    return Azure()


def test_the_bodies_are_more_than_ten_thousand() -> None:
    assert sum(COUNTS.values()) > 10_000


def test_lists_of_clusters(azure: Azure, world: SimulatedWorld) -> None:
    rows = [cluster_document(each) for each in list(world.clusters.values())[:3]]
    kept, left_out = 0, 0

    def listed() -> object:
        nonlocal kept, left_out
        found = azure.clusters.list_clusters("1")
        left_out += sum(isinstance(each, UnreadableCluster) for each in found)
        kept += sum(isinstance(each, Cluster) for each in found)
        return found

    document = {"totalRecords": 3, "count": 3, "resultTruncated": "false", "facets": [], "data": rows}
    seen = try_all("list clusters", document, azure.after(listed))
    assert seen["read"] > 300
    assert kept > left_out > 10


def test_reads_of_azure(azure: Azure, world: SimulatedWorld, some: Any) -> None:
    identity, pool = cluster_id(some), some.pools["user1"]
    node = some.nodes_of("user1")[0]
    clusters = azure.clusters
    seen = [
        try_all("read a cluster", cluster_document(some), azure.after(lambda: clusters.cluster(identity))),
        try_all(
            "newest image",
            pool_upgrade_profile(world.core, some, pool),
            azure.after(lambda: clusters.newest_image(identity, "user1")),
        ),
        try_all(
            "machines",
            {"value": [pool_machine_document(some, pool, node)] * 3},
            azure.after(lambda: clusters.machines(identity, "user1")),
        ),
        try_all(
            "kubeconfig",
            {"kubeconfigs": [{"name": "user", "value": "YXBpVmVyc2lvbjogdjEK"}]},
            azure.after(lambda: clusters.kubeconfig(identity)),
        ),
        try_all(
            "operation",
            {"status": "Failed", "error": {"code": "X", "message": "y"}},
            azure.after(lambda: clusters.operation(OPERATION)),
        ),
    ]
    assert all(each["read"] for each in seen)


def test_fleets(azure: Azure) -> None:
    """One body answers each of the requests, so it has what each of them reads."""
    properties = {
        "clusterResourceId": "/subscriptions/1/x",
        "group": "g",
        "channel": "Stable",
        "strategy": {"stages": []},
    }
    run = {"id": "/r", "name": "r", "properties": {**properties, "status": {"stages": []}}}
    body = {"data": [{"id": FLEET}], "count": 1, "totalRecords": 1, "resultTruncated": "false", "value": [run, run]}
    seen = try_all("fleets", body, azure.after(azure.membership))
    assert seen["read"] > 100


def test_what_the_bot_may_do(azure: Azure) -> None:
    rights, granted = azure.rights, {"actions": ["*"], "notActions": ["*/read"]}
    denial = {"denyAssignmentName": "x", "permissions": [granted], "principals": [{"id": "p"}], "excludePrincipals": []}
    lists: dict[str, tuple[object, Callable[[], object]]] = {
        "permissions": (granted, lambda: rights.permissions("1", "g")),
        "deny assignments": ({"name": "n", "properties": denial}, lambda: rights.deny_assignments("1", "g")),
        "locks": ({"name": "n", "properties": {"level": "ReadOnly"}}, lambda: rights.locks("1", "g")),
    }
    for kind, (entry, call) in lists.items():
        assert try_all(kind, {"value": [entry] * 3}, azure.after(call))["read"] > 20, kind


def test_what_azure_answers_to_a_begin(azure: Azure, some: Any) -> None:
    identity = cluster_id(some)
    begins = [
        azure.after(lambda: azure.clusters.begin_upgrade_node_image(identity, "user1")),
        azure.after(lambda: azure.clusters.begin_start(identity)),
        azure.after(lambda: azure.clusters.begin_stop(identity)),
    ]
    draw = drawing("begins")
    assert try_all("begin", cluster_document(some), lambda answer: draw.choice(begins)(answer))  # noqa: PLW0108 - another choice for each answer
    of = cluster("shop", pool("user1"))
    machine = confirmed(match_nodes(of, nodes_of(of), {"user1": machines_of(of, "user1")}))[nodes_of(of)[0].name]
    assert try_all("restart", {}, azure.after(lambda: azure.machines.begin_restart(machine)))


def test_lists_that_never_end(azure: Azure, some: Any) -> None:
    row, identity = cluster_document(some), cluster_id(some)
    again = "https://management.azure.com/again"
    listings: dict[str, tuple[object, Callable[[], object]]] = {
        "clusters": ({"data": [row], "$skipToken": "again"}, lambda: azure.clusters.list_clusters("1")),
        "empty clusters": ({"data": [], "$skipToken": "again"}, lambda: azure.clusters.list_clusters("1")),
        "machines": ({"value": [], "nextLink": again}, lambda: azure.clusters.machines(identity, "user1")),
        "fleets": ({"data": [{"id": FLEET}], "value": [], "nextLink": again}, azure.membership),
        "locks": ({"value": [], "nextLink": again}, lambda: azure.rights.locks("1", "g")),
        "all fleets": ({"data": [], "$skipToken": "again"}, azure.membership),
        "costs": ({"properties": {**ROWS, "nextLink": again}}, lambda: azure.costs(azure.adapter.next)),
    }
    for kind, (document, call) in listings.items():
        azure.adapter.next = Answer(200, junk.HEADERS[0], json.dumps(document).encode())
        assert junk.outcome(call) == "RejectedError", kind


def test_costs(azure: Azure) -> None:
    def asked(answer: Answer) -> object:
        azure.adapter.next = answer
        return azure.costs(answer)

    assert try_all("costs", {"properties": ROWS}, asked)["read"] > 400


class _Pool:
    """The connections of a kubernetes client: every request has the next answer."""

    next: Answer

    def request(self, *_: object, preload_content: bool = True, **__: object) -> urllib3.HTTPResponse:
        body, status = self.next.body, self.next.status
        return urllib3.HTTPResponse(BytesIO(body), dict(self.next.headers), status, preload_content=preload_content)


def test_api_servers(some: Any) -> None:
    nodes, pool = KubernetesNodes(Credential(), lambda _: b""), _Pool()
    client, of = ApiClient(Configuration(host="https://junk")), ClusterRef("c", "shop")
    client.rest_client.pool_manager = pool  # type: ignore[assignment]  # without a network

    def after(call: Callable[[], object]) -> Callable[[Answer], object]:
        def answered(answer: Answer) -> object:
            pool.next, nodes._clients["c"] = answer, client  # noqa: SLF001 - without a network
            return call()

        return answered

    endless = {"metadata": {"continue": "again"}, "items": []}
    assert (
        after(lambda: junk.outcome(lambda: nodes.nodes(of)))(Answer(200, {}, json.dumps(endless).encode()))
        == "TryLaterError"
    )
    node = node_document(some, some.nodes_of("user1")[0])
    pod = pod_document(next(iter(some.kube.pods.values())))
    pdb = pdb_document(some, some.kube.pdbs[0])
    one, gone = Node("aks-1", "user1", "", ready=True), Pod("shop", "web", "u", "n", "Running", ready=True)
    seen = [
        try_all("nodes", items(node), after(lambda: nodes.nodes(of))),
        try_all("pods", items(pod), after(lambda: nodes.pods(of))),
        try_all("PDBs", items(pdb), after(lambda: nodes.budgets(of))),
        try_all("mark", node, after(lambda: nodes.mark(of, one, unschedulable=True, annotations={"a": None}))),
        try_all("evict", STATUS, after(lambda: nodes.evict(of, gone))),
        try_all("would evict", STATUS, after(lambda: nodes.would_evict(of, gone))),
        try_all("NodeClaims", items(CLAIM), after(lambda: nodes.auto_provisioning(of))),
    ]
    assert all(each["read"] for each in seen)


# Both lists have the next answer, so it has the fields of both kinds.
CLAIM = {
    "metadata": {"name": "default-a"},
    "spec": {"nodeClassRef": {"name": "default"}},
    "status": {
        "conditions": [{"type": "Drifted", "status": "True", "reason": "ImageDrift"}],
        "imageID": "/galleries/AKSUbuntu/images/2404gen2containerd/versions/1",
        "images": [{"id": "/galleries/AKSUbuntu/images/2404gen2containerd/versions/1"}],
        "nodeName": "aks-default-a",
    },
}
STATUS = {
    "kind": "Status",
    "status": "Failure",
    "message": "no",
    "reason": "Forbidden",
    "details": {"causes": [{"reason": "NamespaceTerminating", "message": "m"}], "retryAfterSeconds": 5},
    "code": 403,
}


def items(document: object) -> object:
    return {"kind": "List", "metadata": {"continue": ""}, "items": [document, document]}


def test_kubeconfigs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise urllib3.exceptions.HTTPError("no network here")

    monkeypatch.setattr(RESTClientObject, "request", refused)
    config = {"clusters": [{"cluster": {"server": "https://junk:443", "certificate-authority-data": ""}}]}

    def connected(answer: Answer) -> object:
        return KubernetesNodes(Credential(), lambda _: answer.body).nodes(ClusterRef("c", "shop"))

    seen = try_all("connect", config, connected)
    assert set(seen) <= {"UnreachableError", "TryLaterError"}


@pytest.fixture(scope="module")
def server() -> Iterator[junk.JunkServer]:
    with junk.serving() as served:
        yield served


def on(server: junk.JunkServer, calls: list[Callable[[], object]]) -> Callable[[Answer], object]:
    draw = drawing("calls")

    def answered(answer: Answer) -> object:
        server.next = answer
        return draw.choice(calls)()

    return answered


def test_slack(server: junk.JunkServer) -> None:
    chat = SlackChat("xoxb-1", "C0123", f"{server.url}/api/")
    outgoing, posted = Outgoing(chat.render(SHOWN), "run-1"), Posted("C0123", "1.0")
    calls: list[Callable[[], object]] = [
        lambda: chat.post("C0123", outgoing),
        lambda: chat.edit(posted, outgoing),
        lambda: chat.find("C0123", "run-1", MONDAY),
        lambda: chat.find("C0123", "run-1", MONDAY, posted),
    ]
    endless = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "again"}}
    server.next = Answer(200, junk.HEADERS[0], json.dumps(endless).encode())
    assert junk.outcome(lambda: chat.find("C0123", "run-1", MONDAY)) == "TryLaterError"
    message = {"ts": "1.0", "metadata": {"event_payload": {"key": "run-1"}}}
    document = {
        "ok": True,
        "channel": "C0123",
        "ts": "1.0",
        "messages": [message],
        "response_metadata": {"next_cursor": ""},
    }
    assert try_all("slack", document, on(server, calls))["read"] > 20


def test_teams(server: junk.JunkServer) -> None:
    connector = TeamsConnector("app", Credential(), frozenset({server.url.removeprefix("http://")}))
    chat = TeamsBotChat(connector, "19:a@thread.tacv2", f"{server.url}/")
    outgoing, posted = Outgoing(render_bot(SHOWN), "run-1"), Posted("19:a@thread.tacv2", "1")
    calls: list[Callable[[], object]] = [
        lambda: chat.post("19:a@thread.tacv2", outgoing),
        lambda: chat.post("19:a@thread.v2", outgoing),
        lambda: chat.edit(posted, outgoing),
        lambda: connector.private(f"{server.url}/", "29:ana", "tenant"),
    ]
    assert try_all("teams", {"id": "1", "activityId": "2"}, on(server, calls))["read"]
    webhook = TeamsChat(f"{server.url}/flow")
    assert try_all("teams webhook", {}, on(server, [lambda: webhook.post("teams", outgoing)]))["read"] > 10


def test_signing_keys(server: junk.JunkServer) -> None:
    def fetched() -> object:
        return SigningKeys(f"{server.url}/metadata", FakeClock()).key("1")

    document = {"jwks_uri": f"{server.url}/keys", "keys": [{"kid": "1", "kty": "RSA", "endorsements": ["msteams"]}]}
    assert try_all("signing keys", document, on(server, [fetched]))


def test_events() -> None:
    bodies = [notice(1, 1, "2026-11-16T22:55:00Z"), annotated(1, 2, "2026-11-16T22:55:00Z")]
    draw = drawing("events")
    for number in range(COUNTS["events"]):
        body = junk.mutated(draw, draw.choice(bodies))
        world = world_with_spot_pool()
        try:
            take_event(world.context, body)
        except Exception as error:
            raise AssertionError(f"event {number}: {body!r}"[:2_000]) from error
        assert world.engine.started or world.ledger.written


def test_budget_alerts() -> None:
    draw, statuses = drawing("alerts"), Counter[int]()
    legacy, common = json.loads(LEGACY), json.loads(COMMON)
    for number in range(COUNTS["alerts"]):
        changed = junk.mutated(draw, legacy["data"])
        inner = junk.mutated(draw, common["data"]["alertContext"]["AlertData"])
        alert = draw.choice(
            (
                {**legacy, "data": changed},
                {**common, "data": {"alertContext": {"AlertData": inner}}},
                junk.mutated(draw, common),
            )
        )
        body = draw.choice(junk.RAW) if number % 10 == 0 else json.dumps(alert).encode()
        world = world_with_spot_pool()
        try:
            statuses[take_alert(world.context, body).status] += 1
        except Exception as error:
            raise AssertionError(f"alert {number}: {body[:2_000]!r}") from error
        assert world.engine.started or world.ledger.written
    assert statuses.keys() == {202, 400}
    assert statuses[202] > statuses[400]
