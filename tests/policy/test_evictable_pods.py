"""Which pods a drain evicts and which can never be evicted: the rules of the API server (docs/reboot.md, rules 4 and 6)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.adapters.kubernetes_documents import budget_of, pod_of
from ops.model.workload import DisruptionBudget, Pod
from ops.policy.evictable_pods import blocking_pdb, pods_to_evict, stuck_pod, terminating

NODE = "aks-user1-12345678-vmss000001"
NOW = datetime(2026, 11, 17, 22, tzinfo=UTC)
LABELS = {"app": "web"}
WEB = Pod("shop", "web-0", "u", NODE, "Running", ready=True, owner_kind="ReplicaSet", labels=LABELS)
# It needs all of its three pods, and two are healthy.
RIGID = DisruptionBudget("shop", "web", LABELS, 0, 2, 3, 3)


def budget(selector: object, **spec: object) -> DisruptionBudget:
    """A PDB that never allows an eviction, as the API server reports it."""
    status = {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1}
    metadata = {"namespace": "shop", "name": "web"}
    return budget_of({"metadata": metadata, "spec": {"selector": selector, **spec}, "status": status})


@pytest.mark.parametrize(
    ("selector", "covers"),
    [
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "api"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["api"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["api"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}, False),
        ({}, True),
        (None, False),
    ],
)
def test_a_selector_covers_a_pod_as_in_the_api_server(selector: object, *, covers: bool) -> None:
    found = budget(selector)
    assert found.covers(WEB) is covers
    assert not found.covers(replace(WEB, namespace="other"))
    assert bool(blocking_pdb([WEB], NODE, [found])) is covers


@pytest.mark.parametrize("change", [{"phase": "Pending", "ready": False}, {"deleting": True}, {"phase": "Succeeded"}])
def test_pods_that_the_api_server_evicts_whatever_its_pdb_says_do_not_block(change: dict[str, object]) -> None:
    pod = replace(WEB, **change)  # type: ignore[arg-type]  # fields by name
    assert blocking_pdb([pod], NODE, [RIGID]) == ""
    assert blocking_pdb([pod], NODE, [RIGID, RIGID]) == ""


@pytest.mark.parametrize(
    ("pdb", "blocks"),
    [
        (RIGID, True),
        (replace(RIGID, always_allows_unready=True), False),
        (replace(RIGID, current_healthy=3), False),
        (replace(RIGID, desired_healthy=0, current_healthy=0, expected_pods=0), False),
    ],
)
def test_a_pod_that_is_not_ready_is_let_go_by_the_policy_for_unhealthy_pods(
    pdb: DisruptionBudget, *, blocks: bool
) -> None:
    assert bool(blocking_pdb([replace(WEB, ready=False)], NODE, [pdb])) is blocks


def test_several_pdbs_block_a_running_pod_even_if_it_is_not_ready() -> None:
    always = replace(RIGID, always_allows_unready=True)
    assert "several PDBs" in blocking_pdb([replace(WEB, ready=False)], NODE, [always, always])


def test_the_policy_for_unhealthy_pods_is_read() -> None:
    assert budget({}, unhealthyPodEvictionPolicy="AlwaysAllow").always_allows_unready
    assert not budget({}, unhealthyPodEvictionPolicy="IfHealthyBudget").always_allows_unready
    assert not budget({}).always_allows_unready


TERMINATING = {
    "metadata": {
        "namespace": "shop",
        "name": "ci-0",
        "uid": "u",
        "deletionTimestamp": "2026-11-10T10:00:00Z",
        "finalizers": ["example.com/report"],
    },
    "spec": {"nodeName": NODE},
    "status": {"phase": "Running"},
}


def test_a_pod_that_a_finalizer_keeps_is_named_with_the_time_and_the_finalizer() -> None:
    pod = pod_of(TERMINATING)
    named = "shop/ci-0 has been terminating since Tue 2026-11-10 10:00 UTC, kept by the finalizer example.com/report"
    assert stuck_pod([pod], NODE, NOW) == named
    assert stuck_pod([pod], "another", NOW) == ""
    assert stuck_pod([replace(pod, ends=NOW - timedelta(minutes=29))], NODE, NOW) == ""


@pytest.mark.parametrize(
    ("tolerations", "stays"),
    [
        ([], False),
        ([{"operator": "Exists"}], True),
        ([{"operator": "Exists", "effect": "NoSchedule"}], True),
        ([{"operator": "Exists", "effect": "NoExecute"}], False),
        ([{"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}], True),
        ([{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}], False),
        ([{"key": "", "operator": "Equal"}], False),
        (None, False),
    ],
)
def test_a_pod_that_could_come_back_to_a_cordoned_node_stays(tolerations: object, *, stays: bool) -> None:
    owners = [{"kind": "ReplicaSet"}]
    document = {
        "metadata": {"namespace": "shop", "name": "web-0", "ownerReferences": owners},
        "spec": {"nodeName": NODE, "tolerations": tolerations},
        "status": {"phase": "Running"},
    }
    pod = pod_of(document)
    assert (pods_to_evict([pod], NODE) == ()) is stays
    assert pods_to_evict([replace(pod, owner_kind="")], NODE)


def test_a_pdb_that_surges_is_judged_after_the_cordon() -> None:
    never = DisruptionBudget("shop", "web", {}, 0, 2, 2, 2)
    pod = Pod("shop", "web-0", "u", "aks-1", "Running", ready=True, owner_kind="ReplicaSet")
    assert blocking_pdb([pod], "aks-1", [never]) != ""
    assert blocking_pdb([pod], "aks-1", [replace(never, surges=True)]) == ""


def test_the_eviction_autoscaler_belongs_to_the_pdb_of_its_name() -> None:
    item = {"metadata": {"namespace": "shop", "name": "web"}}
    assert budget_of(item, {("shop", "web")}).surges
    assert not budget_of(item, {("shop", "other"), ("other", "web")}).surges


def test_a_pod_that_ignores_pdbs_does_not_hide_one_that_does_not() -> None:
    pending = replace(WEB, name="web-1", phase="Pending", ready=False)
    assert "shop/web-0" in blocking_pdb([pending, WEB], NODE, [RIGID])


def test_a_pod_is_stuck_half_an_hour_after_it_should_be_gone() -> None:
    ending = replace(WEB, deleting=True, ends=NOW - timedelta(minutes=30))
    assert stuck_pod([ending], NODE, NOW) == "shop/web-0 has been terminating since Tue 2026-11-17 21:30 UTC"
    assert stuck_pod([ending], NODE, NOW - timedelta(seconds=1)) == ""
    assert stuck_pod([replace(WEB, deleting=True)], NODE, NOW) == ""


def test_what_keeps_a_terminating_pod_is_named() -> None:
    assert terminating(replace(WEB, deleting=True)) == "shop/web-0 has been terminating"
    kept = replace(WEB, deleting=True, finalizers=("a/b", "c/d"))
    assert terminating(kept) == "shop/web-0 has been terminating, kept by the finalizer a/b, c/d"
