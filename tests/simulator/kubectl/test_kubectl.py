"""What people type: kubectl finds, shows and changes what the simulated API server serves."""

from datetime import timedelta
from queue import Queue
from threading import Thread

import pytest

from simulator.world.journal import Kind
from tests.simulator.kubectl.conftest import START, Ended, Kubectl

PROBLEMS = ("KernelDeadlock", "ReadonlyFilesystem", "FrequentContainerdRestart", "MemoryPressure")


def nodes(kubectl: Kubectl, pool: str) -> list[str]:
    names = kubectl("get", "nodes", "-l", f"agentpool={pool}", "-o", "name").out.split()
    return [name.removeprefix("node/") for name in names]


def test_nodes_are_shown_as_a_table(kubectl: Kubectl) -> None:
    ended = kubectl("get", "nodes")
    assert ended.rows[0] == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"], ended.err
    assert len(ended.rows) == 7
    assert {row[1] for row in ended.rows[1:]} == {"Ready"}
    assert {row[4] for row in ended.rows[1:]} == {"v1.34.4"}
    assert "OS-IMAGE" in kubectl("get", "no", "-o", "wide").out


def test_nodes_are_selected_and_printed_as_json(kubectl: Kubectl) -> None:
    listed = kubectl("get", "nodes", "-l", "karpenter.sh/nodepool", "-o", "json").document
    assert [item["spec"]["providerID"].split("/")[-2] for item in listed["items"]] == ["virtualMachines"] * 2


def test_pods_of_all_namespaces_are_shown_with_their_node(kubectl: Kubectl) -> None:
    rows = kubectl("get", "pods", "--all-namespaces", "-o", "wide").rows
    assert rows[0][:5] == ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS"]
    assert len([row for row in rows if row[1].startswith("web-")]) == 4
    assert {row[3] for row in rows[1:]} == {"Running"}


def test_an_object_that_does_not_exist_is_named(kubectl: Kubectl) -> None:
    ended = kubectl("get", "pod", "nowhere", "-n", "shop")
    assert (ended.code, ended.err) == (1, 'Error from server (NotFound): pods "nowhere" not found\n')


def test_namespaces_are_shown(kubectl: Kubectl) -> None:
    names = [row[0] for row in kubectl("get", "namespaces").rows]
    assert names == ["NAME", "default", "kube-node-lease", "kube-public", "kube-system", "shop"]


def test_a_kind_that_is_not_served_is_unknown(kubectl: Kubectl) -> None:
    assert "the server doesn't have a resource type" in kubectl("get", "unicorns").err


def test_disruption_budgets_are_shown(kubectl: Kubectl) -> None:
    rows = kubectl("get", "pdb", "-n", "shop").rows
    assert rows[0] == ["NAME", "MIN", "AVAILABLE", "MAX", "UNAVAILABLE", "ALLOWED", "DISRUPTIONS", "AGE"]
    assert [row[:4] for row in rows[1:]] == [["rigid", "N/A", "0", "0"], ["web", "N/A", "2", "2"]]


def test_what_karpenter_knows_is_shown(kubectl: Kubectl) -> None:
    claims = kubectl("get", "nodeclaims", "-o", "wide").rows
    assert claims[0][-1] == "DRIFTED"
    assert len(claims) == 3
    assert kubectl("get", "nodepools").rows[1][0] == "default"
    images = kubectl("get", "aksnodeclass", "default", "-o", "jsonpath={.status.images[0].id}").out
    assert images.rsplit("/", 1)[1] == "202610.29.0"


def test_a_node_is_described_with_its_conditions_pods_and_events(kubectl: Kubectl) -> None:
    (first, _) = nodes(kubectl, "user1")
    kubectl("cordon", first)
    ended = kubectl("describe", "node", first)
    assert ended.code == 0, ended.err
    assert "Unschedulable:      true" in ended.out
    assert "VMEventScheduled" in ended.out
    assert "PreemptionScheduled" in ended.out
    assert all(problem in ended.out for problem in PROBLEMS)
    assert "Non-terminated Pods:" in ended.out
    assert "NodeNotSchedulable" in ended.out


def test_a_pod_is_described(kubectl: Kubectl) -> None:
    name = kubectl("get", "pods", "-n", "shop", "-o", "name").out.split()[0]
    ended = kubectl("describe", name, "-n", "shop")
    assert ended.code == 0, ended.err
    assert "Controlled By:  ReplicaSet/" in ended.out


def test_a_node_is_cordoned_and_uncordoned(kubectl: Kubectl) -> None:
    (first, _) = nodes(kubectl, "user1")
    assert kubectl("cordon", first).out == f"node/{first} cordoned\n"
    assert kubectl("get", "node", first).rows[1][1] == "Ready,SchedulingDisabled"
    assert kubectl("cordon", first).out == f"node/{first} already cordoned\n"
    assert kubectl("uncordon", first).out == f"node/{first} uncordoned\n"
    kinds = [entry.kind for entry in kubectl.simulation.world.journal.entries if entry.node == first][-2:]
    assert kinds == [Kind.NODE_CORDONED, Kind.NODE_UNCORDONED]


def test_changes_are_watched_as_rows_of_the_table(kubectl: Kubectl) -> None:
    (first, _) = nodes(kubectl, "user1")
    ended: Queue[Ended] = Queue()
    watch = Thread(target=lambda: ended.put(kubectl("get", "nodes", "--watch-only", "--request-timeout=5s")))
    watch.start()
    while not any(seen.action == "watch nodes" for seen in list(kubectl.simulation.simulation.requests.counts)):
        watch.join(0.05)
    kubectl("cordon", first)
    watch.join()
    assert ended.get().rows[1][:2] == [first, "Ready,SchedulingDisabled"]


def test_a_drain_that_a_budget_blocks_times_out_with_the_words_of_the_api_server(kubectl: Kubectl) -> None:
    (node,) = nodes(kubectl, "user2")
    ended = kubectl("drain", node, "--ignore-daemonsets", "--timeout=6s")
    assert ended.code == 1
    assert "Cannot evict pod as it would violate the pod's disruption budget." in ended.err


def test_a_drain_ends_when_the_pods_have_left(kubectl: Kubectl) -> None:
    (first, second) = nodes(kubectl, "user1")
    ended: Queue[Ended] = Queue()
    drain = Thread(target=lambda: ended.put(kubectl("drain", first, "--ignore-daemonsets", "--timeout=60s")))
    drain.start()
    while ended.empty():
        kubectl.simulation.advance(kubectl.simulation.world.now + timedelta(seconds=10))
    drain.join()
    done = ended.get()
    assert done.out.endswith(f"node/{first} drained\n"), done.err
    listed = kubectl("get", "pods", "-n", "shop", "-l", "app=web", "-o", "json").document["items"]
    assert {pod["spec"]["nodeName"] for pod in listed} == {second}


def test_a_drain_refuses_daemon_set_pods_by_default(kubectl: Kubectl) -> None:
    (first, _) = nodes(kubectl, "user1")
    ended = kubectl("drain", first, "--timeout=5s")
    assert "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): kube-system/agent" in ended.err


def test_a_drain_asks_with_a_dry_run(kubectl: Kubectl) -> None:
    (first, _) = nodes(kubectl, "user1")
    ended = kubectl("drain", first, "--ignore-daemonsets", "--dry-run=server")
    assert f"node/{first} drained (server dry run)" in ended.out, ended.err
    assert kubectl.simulation.world.journal.of(Kind.POD_EVICTED) == []
    assert kubectl("get", "node", first).rows[1][1] == "Ready"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (("list", "nodes"), "yes"),
        (("patch", "nodes"), "yes"),
        (("create", "pods", "--subresource=eviction", "-n", "shop"), "yes"),
        (("create", "pods", "--subresource=exec"), "no"),
        (("list", "nodeclaims.karpenter.sh"), "yes"),
        (("delete", "nodes"), "no"),
        (("create", "nodeclaims.karpenter.sh"), "no"),
    ],
)
def test_access_is_reviewed(kubectl: Kubectl, asked: tuple[str, ...], answer: str) -> None:
    assert kubectl("auth", "can-i", *asked).out.split()[0] == answer


def test_all_permissions_are_listed(kubectl: Kubectl) -> None:
    ended = kubectl("auth", "can-i", "--list")
    assert "pods/eviction" in ended.out, ended.err
    assert "nodeclaims.karpenter.sh" in ended.out


def test_the_events_of_a_node_that_was_not_ready_are_shown(kubectl: Kubectl) -> None:
    (first, _) = nodes(kubectl, "user1")
    kubectl("cordon", first)
    kubectl.simulation.advance(START + timedelta(minutes=5))
    rows = kubectl("get", "events", "--field-selector", f"involvedObject.name={first}").rows
    assert rows[1][:3] == ["5m", "Normal", "NodeNotSchedulable"]


def test_kinds_that_are_not_installed_are_not_discovered(kubectl: Kubectl) -> None:
    assert "nodeclaims" in kubectl("api-resources", "-o", "name").out
    kubectl.simulation.world.clusters["shop"].karpenter = None
    names = kubectl("api-resources", "-o", "name", "--cached=false").out.split()
    assert "poddisruptionbudgets.policy" in names
    assert [name for name in names if "karpenter" in name] == []
