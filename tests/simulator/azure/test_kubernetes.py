"""Each cluster's Kubernetes API with the unmodified client."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from azure.mgmt.containerservice import ContainerServiceClient
from kubernetes import client, config

from simulator.running import Running, SimulatedCredential
from simulator.world.scripted_faults import NodeNotReady
from tests.simulator.azure.raw import ARM, KUBERNETES, ask

IMAGE = "kubernetes.azure.com/node-image-version"
NEW = "AKSUbuntu-2204gen2containerd-202611.05.0"


def api_client(simulation: Running, cluster: str, resource: str = KUBERNETES) -> client.ApiClient:
    """Return a client with a token for a resource. It does not retry, so that tests see each response."""
    configuration = client.Configuration()
    configuration.host = f"{simulation.environment['ARM_URL']}/clusters/{cluster}"
    configuration.ssl_ca_cert = simulation.environment["CA_FILE"]
    configuration.retries = urllib3.Retry(0)
    token = SimulatedCredential(simulation.environment).get_token(f"{resource}/.default").token
    configuration.api_key["authorization"] = f"Bearer {token}"
    return client.ApiClient(configuration)


def nodes(core: client.CoreV1Api, **options: Any) -> list[dict[str, Any]]:
    """List nodes with the client's models and return them as JSON."""
    found: dict[str, Any] = core.api_client.sanitize_for_serialization(core.list_node(**options))
    return list(found["items"])


def name_of(node: dict[str, Any]) -> str:
    """Return a node's name."""
    return str(node["metadata"]["name"])


@pytest.fixture
def core(simulation: Running) -> Iterator[client.CoreV1Api]:
    with api_client(simulation, "web") as api:
        yield client.CoreV1Api(api)


def test_a_node_has_the_labels_that_aks_sets(core: client.CoreV1Api) -> None:
    node = nodes(core, label_selector="agentpool=user1")[0]
    labels = node["metadata"]["labels"]
    assert name_of(node).startswith("aks-user1-")
    assert name_of(node).endswith("-vmss000000")
    assert labels["kubernetes.azure.com/agentpool"] == "user1"
    assert labels["kubernetes.azure.com/mode"] == "user"
    assert labels[IMAGE] == "AKSUbuntu-2204gen2containerd-202610.29.0"
    assert node["metadata"]["creationTimestamp"] == "2026-11-16T00:00:00+00:00"
    assert node["spec"]["providerID"].endswith("-vmss/virtualMachines/0")
    assert "unschedulable" not in node["spec"]
    conditions = {item["type"]: item["status"] for item in node["status"]["conditions"]}
    assert [kind for kind, status in conditions.items() if status == "True"] == ["Ready"]
    assert {"VMEventScheduled", "PreemptionScheduled", "KernelDeadlock", "DiskPressure"} < set(conditions)
    assert len(node["status"]["nodeInfo"]["bootID"]) == 36


def test_a_node_from_auto_provisioning_does_not_belong_to_a_pool(simulation: Running) -> None:
    with api_client(simulation, "driven") as api:
        [node] = nodes(client.CoreV1Api(api), label_selector="karpenter.sh/nodepool")
    assert "kubernetes.azure.com/agentpool" not in node["metadata"]["labels"]
    assert IMAGE in node["metadata"]["labels"]


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("", 14),
        ("kubernetes.azure.com/mode=system", 3),
        ("agentpool in (user1, spot)", 9),
        ("agentpool notin (user1, spot)", 5),
        ("agentpool!=user1,kubernetes.azure.com/mode=user", 5),
        ("!kubernetes.azure.com/scalesetpriority", 11),
        ("kubernetes.azure.com/scalesetpriority==spot", 3),
        ("nowhere", 0),
    ],
)
def test_nodes_are_selected_by_label(core: client.CoreV1Api, selector: str, count: int) -> None:
    assert len(core.list_node(label_selector=selector).items) == count


def test_a_list_is_paged(core: client.CoreV1Api) -> None:
    first = core.api_client.sanitize_for_serialization(core.list_node(limit=10))
    token = first["metadata"]["continue"]
    rest = core.api_client.sanitize_for_serialization(core.list_node(limit=10, _continue=token))
    assert (len(first["items"]), first["metadata"]["remainingItemCount"], len(rest["items"])) == (10, 4, 4)
    assert "continue" not in rest["metadata"]
    assert len({name_of(node) for node in first["items"] + rest["items"]}) == 14


def test_a_single_node_is_read_by_name(core: client.CoreV1Api) -> None:
    name = name_of(nodes(core)[0])
    assert name_of(core.api_client.sanitize_for_serialization(core.read_node(name))) == name
    assert [name_of(node) for node in nodes(core, field_selector=f"metadata.name={name}")] == [name]


def test_the_reported_version_is_the_clusters_kubernetes_version(simulation: Running) -> None:
    with api_client(simulation, "web") as api:
        assert client.VersionApi(api).get_code().git_version == "v1.34.4"


def test_labels_change_node_by_node_during_an_upgrade(
    simulation: Running, aks: ContainerServiceClient, core: client.CoreV1Api
) -> None:
    """A client can follow the upgrade without reading the operation's status."""
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    seen = []
    for _ in range(12):
        simulation.advance(simulation.world.now + timedelta(minutes=4))
        found = nodes(core, label_selector="agentpool=user1")
        seen.append(sum(node["metadata"]["labels"][IMAGE] == NEW for node in found))
    assert seen == sorted(seen, key=lambda count: min(count, 6))
    assert len(set(seen)) >= 3
    assert seen[-1] == 6


def test_a_node_can_be_temporarily_not_ready(simulation: Running, core: client.CoreV1Api) -> None:
    start = datetime(2026, 11, 16, tzinfo=UTC)
    simulation.world.arm(
        NodeNotReady("web", "system", 1, at=start + timedelta(minutes=5), until=start + timedelta(minutes=9))
    )
    found = []
    for minute in (4, 5, 8, 9):
        simulation.advance(start + timedelta(minutes=minute))
        listed = nodes(core, label_selector="agentpool=system")
        found.append([node["status"]["conditions"][-1]["status"] for node in listed])
    assert found == [["True"] * 3, ["True", "False", "True"], ["True", "False", "True"], ["True"] * 3]


@pytest.mark.parametrize("cluster", ["asleep", "nowhere"])
def test_a_stopped_cluster_does_not_respond(simulation: Running, cluster: str) -> None:
    with api_client(simulation, cluster) as api, pytest.raises(urllib3.exceptions.MaxRetryError):
        client.CoreV1Api(api).list_node()


def test_a_stopped_cluster_responds_again_after_it_is_started(simulation: Running, aks: ContainerServiceClient) -> None:
    aks.managed_clusters.begin_start("rg-fleet", "asleep", polling=False)
    with api_client(simulation, "asleep") as api:
        simulation.advance(simulation.world.now + timedelta(minutes=1))
        with pytest.raises(urllib3.exceptions.MaxRetryError):
            client.CoreV1Api(api).list_node()
        simulation.advance(simulation.world.now + timedelta(minutes=15))
        assert len(client.CoreV1Api(api).list_node().items) == 2


def test_an_error_response_is_a_kubernetes_status_object(simulation: Running, core: client.CoreV1Api) -> None:
    with pytest.raises(client.ApiException) as caught:
        core.read_node("nowhere")
    body = json.loads(caught.value.body or "")
    assert (body["kind"], body["reason"], body["code"]) == ("Status", "NotFound", 404)
    assert body["message"] == 'nodes "nowhere" not found'
    for path, status in (
        ("/api/v1/configmaps", 404),
        ("/api/v1/nodes?follow=true", 400),
        ("/api/v1/nodes?labelSelector=%3D", 400),
    ):
        answer = ask(simulation, "GET", f"/clusters/web{path}", resource=KUBERNETES)
        assert (answer.status, answer.document["kind"]) == (status, "Status")
    assert ask(simulation, "DELETE", "/clusters/web/api/v1/nodes/x", resource=KUBERNETES).status == 405


def test_kubernetes_rejects_an_arm_token(simulation: Running) -> None:
    with api_client(simulation, "web", resource=ARM) as api, pytest.raises(client.ApiException) as caught:
        client.CoreV1Api(api).list_node()
    assert caught.value.status == 401


def test_the_kubeconfig_from_arm_points_to_the_cluster(simulation: Running, aks: ContainerServiceClient) -> None:
    found = aks.managed_clusters.list_cluster_user_credentials("rg-fleet", "web", format="exec").kubeconfigs
    assert found is not None
    assert found[0].value is not None
    read = json.loads(bytes(found[0].value))
    cluster = read["clusters"][0]["cluster"]
    assert cluster["server"] == f"{simulation.environment['ARM_URL']}/clusters/web"
    authority = Path(simulation.environment["CA_FILE"]).read_bytes()
    assert base64.b64decode(cluster["certificate-authority-data"]) == authority
    assert read["users"][0]["user"]["exec"]["command"] == "kubelogin"


def test_the_written_kubeconfig_works_with_its_cluster(simulation: Running) -> None:
    environment = simulation.environment
    configuration = client.Configuration()
    config.load_kube_config(environment["KUBECONFIG"], client_configuration=configuration)  # type: ignore[no-untyped-call]  # no types
    with client.ApiClient(configuration) as api:
        names = [name_of(node) for node in nodes(client.CoreV1Api(api))]
    assert environment["CLUSTER"] == "web"
    assert len(names) == 14
