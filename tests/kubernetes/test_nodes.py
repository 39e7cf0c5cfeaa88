"""The API behavior that the bot relies on to read, watch, and patch nodes."""

import json
from threading import Thread
from typing import Any

import pytest
from kubernetes import client

from simulator.world.workloads import WorkloadSpec
from tests.kubernetes.clusters import MERGE, STRATEGIC, Cluster, Platform, api_client, changes, is_ready

WEB = WorkloadSpec("shop", "web", replicas=3, starts_in_s=(1, 5))


def cordon(cluster: Cluster, node: str, *, unschedulable: bool) -> None:
    cluster.core.patch_node(node, {"spec": {"unschedulable": unschedulable}}, _content_type=STRATEGIC)


def body_of(refusal: client.ApiException) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(refusal.body or "")
    return read


def test_nodes_are_listed_page_by_page_ordered_by_name(platform: Platform) -> None:
    with platform(3) as cluster:
        label = f"kubernetes.azure.com/agentpool={cluster.pool}"
        first = cluster.core.list_node(label_selector=label, limit=2)
        rest = cluster.core.list_node(label_selector=label, limit=2, _continue=first.metadata.to_dict()["_continue"])
        names = [node.metadata.name for node in first.items + rest.items]
        assert (len(first.items), len(rest.items), len(set(names))) == (2, 1, 3)
        assert not rest.metadata.to_dict().get("_continue")
        found = cluster.core.list_node(field_selector=f"metadata.name={names[1]}").items
        assert [node.metadata.name for node in found] == [names[1]]


def test_the_status_for_a_missing_node_names_it(platform: Platform) -> None:
    with platform(1) as cluster, pytest.raises(client.ApiException) as caught:
        cluster.core.read_node("nowhere")
    body = body_of(caught.value)
    assert (caught.value.status, body["kind"], body["reason"]) == (404, "Status", "NotFound")
    assert body["message"] == 'nodes "nowhere" not found'
    assert body["details"] == {"name": "nowhere", "kind": "nodes"}


def test_an_unknown_token_is_rejected(platform: Platform) -> None:
    with platform(1) as cluster:
        configuration = cluster.api.configuration
        stranger = client.CoreV1Api(api_client(configuration.host, configuration.ssl_ca_cert, "forged"))
        with pytest.raises(client.ApiException) as caught:
            stranger.list_node()
    assert (caught.value.status, body_of(caught.value)["reason"]) == (401, "Unauthorized")


def test_an_unsupported_field_selector_is_rejected(platform: Platform) -> None:
    with platform(1) as cluster, pytest.raises(client.ApiException) as caught:
        cluster.core.list_node(field_selector="spec.colour=red")
    assert (caught.value.status, body_of(caught.value)["reason"]) == (400, "BadRequest")


@pytest.mark.parametrize("content_type", [MERGE, STRATEGIC])
def test_annotations_are_set_and_removed(platform: Platform, content_type: str) -> None:
    with platform(1) as cluster:
        [node] = cluster.nodes()
        name = node.metadata.name
        for annotations in ({"daytwo.dev/a": "1", "daytwo.dev/b": "2"}, {"daytwo.dev/a": None, "daytwo.dev/b": "3"}):
            cluster.core.patch_node(name, {"metadata": {"annotations": annotations}}, _content_type=content_type)
        found = cluster.core.read_node(name).metadata.annotations
        assert {key: value for key, value in found.items() if key.startswith("daytwo")} == {"daytwo.dev/b": "3"}


def test_labels_are_set_and_removed(platform: Platform) -> None:
    with platform(1) as cluster:
        name = cluster.nodes()[0].metadata.name
        exclude = "node.kubernetes.io/exclude-from-external-load-balancers"
        seen = []
        for value in ("true", None):
            cluster.core.patch_node(name, {"metadata": {"labels": {exclude: value}}}, _content_type=MERGE)
            listed = cluster.core.list_node(label_selector=f"{exclude}=true").items
            seen.append([node.metadata.name for node in listed])
        assert seen == [[name], []]


def test_a_patch_from_an_older_version_is_a_conflict(platform: Platform) -> None:
    with platform(1) as cluster:
        [node] = cluster.nodes()
        name = node.metadata.name

        def patch(value: str, version: str) -> str:
            metadata = {"annotations": {"daytwo.dev/by": value}, "resourceVersion": version}
            patched = cluster.core.patch_node(name, {"metadata": metadata}, _content_type=MERGE)
            return str(patched.metadata.resource_version)

        cluster.core.patch_node(name, {"metadata": {"annotations": {"daytwo.dev/x": "y"}}}, _content_type=MERGE)
        with pytest.raises(client.ApiException) as caught:
            patch("first", node.metadata.resource_version)
        assert (caught.value.status, body_of(caught.value)["reason"]) == (409, "Conflict")
        assert "the object has been modified" in body_of(caught.value)["message"]
        now = cluster.core.read_node(name).metadata.resource_version
        assert patch("second", now) != now
        assert cluster.core.read_node(name).metadata.annotations["daytwo.dev/by"] == "second"


def test_a_patch_without_changes_does_not_change_the_version(platform: Platform) -> None:
    with platform(1) as cluster:
        name = cluster.nodes()[0].metadata.name
        patch = {"metadata": {"annotations": {"daytwo.dev/x": "y"}}}
        versions = [
            cluster.core.patch_node(name, patch, _content_type=MERGE).metadata.resource_version for _ in range(2)
        ]
        assert versions[0] == versions[1]


def test_a_json_patch_is_applied_if_its_test_succeeds(platform: Platform) -> None:
    """The client sends a JSON Patch when it is given a list."""
    with platform(1) as cluster:
        name = cluster.nodes()[0].metadata.name
        cluster.core.patch_node(name, {"metadata": {"annotations": {"daytwo.dev/x": "1"}}}, _content_type=MERGE)
        path = "/metadata/annotations/daytwo.dev~1x"
        for value, after in (("1", "2"), ("1", "3")):
            steps = [{"op": "test", "path": path, "value": value}, {"op": "replace", "path": path, "value": after}]
            if after == "2":
                cluster.core.patch_node(name, steps)
                continue
            with pytest.raises(client.ApiException) as caught:
                cluster.core.patch_node(name, steps)
            assert caught.value.status == 422
        assert cluster.core.read_node(name).metadata.annotations["daytwo.dev/x"] == "2"


def test_a_dry_run_patch_does_not_change_the_node(platform: Platform) -> None:
    with platform(1) as cluster:
        name = cluster.nodes()[0].metadata.name
        shown = cluster.core.patch_node(name, {"spec": {"unschedulable": True}}, dry_run="All", _content_type=MERGE)
        assert shown.spec.unschedulable is True
        assert not cluster.core.read_node(name).spec.unschedulable


def test_no_pod_is_scheduled_on_a_cordoned_node(platform: Platform) -> None:
    with platform(2, WEB) as cluster:
        closed, opened = (node.metadata.name for node in cluster.nodes())
        cordon(cluster, closed, unschedulable=True)
        cluster.until(
            "the node is tainted",
            lambda: any(
                taint.key == "node.kubernetes.io/unschedulable"
                for taint in cluster.core.read_node(closed).spec.taints or []
            ),
        )
        for pod in cluster.pods("web"):
            cluster.evict(pod.metadata.name)
        cluster.until(
            "three pods run on the other node",
            lambda: [pod.spec.node_name for pod in cluster.pods("web") if is_ready(pod)] == [opened] * 3,
        )
        cordon(cluster, closed, unschedulable=False)
        assert not cluster.core.read_node(closed).spec.unschedulable
        cluster.until("its taint is gone", lambda: not cluster.core.read_node(closed).spec.taints)


def test_a_watch_after_a_list_shows_a_cordon(platform: Platform) -> None:
    with platform(2) as cluster:
        label = f"kubernetes.azure.com/agentpool={cluster.pool}"
        listed = cluster.core.list_node(label_selector=label)
        name = listed.items[0].metadata.name
        cordon(cluster, name, unschedulable=True)
        received: list[tuple[str, str, bool]] = []
        for kind, node in changes(
            cluster.core.list_node,
            label_selector=label,
            resource_version=listed.metadata.resource_version,
            timeout_seconds=10,
        ):
            if node.spec.unschedulable:
                received.append((kind, node.metadata.name, True))
                break
        assert received == [("MODIFIED", name, True)]


def test_a_waiting_watch_receives_later_changes(platform: Platform) -> None:
    with platform(1) as cluster:
        name = cluster.nodes()[0].metadata.name
        other = Thread(target=cordon, args=(cluster, name), kwargs={"unschedulable": True})
        received = []
        for kind, node in changes(
            cluster.core.list_node,
            field_selector=f"metadata.name={name}",
            resource_version="0",
            timeout_seconds=10,
        ):
            received.append((kind, bool(node.spec.unschedulable)))
            if len(received) == 1:
                other.start()
            if received[-1][1]:
                break
        other.join()
        assert received[0] == ("ADDED", False)
        assert received[-1] == ("MODIFIED", True)


def test_a_watch_ends_after_its_timeout(platform: Platform) -> None:
    with platform(1) as cluster:
        version = cluster.core.list_node().metadata.resource_version
        label = "kubernetes.azure.com/agentpool=unknown"
        received = changes(cluster.core.list_node, label_selector=label, resource_version=version, timeout_seconds=1)
        assert list(received) == []


def test_an_object_that_leaves_the_selection_is_reported_as_deleted(platform: Platform) -> None:
    with platform(1) as cluster:
        name = cluster.nodes()[0].metadata.name
        cluster.core.patch_node(name, {"metadata": {"labels": {"daytwo.dev/mark": "on"}}}, _content_type=MERGE)
        version = cluster.core.list_node().metadata.resource_version
        cluster.core.patch_node(name, {"metadata": {"labels": {"daytwo.dev/mark": "off"}}}, _content_type=MERGE)
        received = ("", "")
        for kind, node in changes(
            cluster.core.list_node,
            label_selector="daytwo.dev/mark=on",
            resource_version=version,
            timeout_seconds=10,
        ):
            received = (kind, node.metadata.name)
            break
        assert received == ("DELETED", name)


def test_a_rebooted_node_returns_with_a_new_boot_id(platform: Platform) -> None:
    agent = WorkloadSpec("shop", "web", replicas=2, starts_in_s=(1, 5))
    with platform(2, agent) as cluster:
        node = cluster.nodes()[0]
        before = node.status.node_info.boot_id
        cluster.reboot(node.metadata.name)
        cluster.until(
            "it is in another boot, and Ready",
            lambda: (
                (now := cluster.core.read_node(node.metadata.name)).status.node_info.boot_id != before and is_ready(now)
            ),
        )
        cluster.until("its pods run again", lambda: all(is_ready(pod) for pod in cluster.pods("web")))
