"""The API behavior that the bot's drains rely on: the eviction subresource and disruption budgets."""

import json
from typing import Any

import pytest
from kubernetes import client

from simulator.world.workloads import PdbSpec, WorkloadKind, WorkloadSpec
from tests.kubernetes.clusters import STRATEGIC, Cluster, Platform, changes, is_ready

GUARDED = WorkloadSpec("shop", "cart", replicas=3, pdb=PdbSpec(min_available=2), starts_in_s=(2, 5))


def refusal(cluster: Cluster, pod: str, **options: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(client.ApiException) as caught:
        cluster.evict(pod, **options)
    return int(caught.value.status), json.loads(caught.value.body or "")


def allowed(cluster: Cluster, budget: str, count: int) -> None:
    cluster.until(f"{budget} allows {count}", lambda: cluster.budget(budget).disruptions_allowed == count)


def closed(cluster: Cluster, *, unschedulable: bool) -> None:
    """Cordon or uncordon every node, and wait until the control plane has applied this, so that evicted pods are not rescheduled."""
    for node in cluster.nodes():
        cluster.core.patch_node(node.metadata.name, {"spec": {"unschedulable": unschedulable}}, _content_type=STRATEGIC)
    cluster.until(
        "the taints are set", lambda: all(bool(node.spec.taints) is unschedulable for node in cluster.nodes())
    )


def test_an_evicted_pod_is_replaced_by_another(platform: Platform) -> None:
    with platform(3, WorkloadSpec("shop", "web", replicas=2, starts_in_s=(2, 5))) as cluster:
        before = {pod.metadata.uid: pod.metadata.name for pod in cluster.pods("web")}
        uid, name = next(iter(before.items()))
        cluster.evict(name)
        cluster.until(
            "two pods run, without the evicted one",
            lambda: (
                len(ready := [pod for pod in cluster.pods("web") if is_ready(pod)]) == 2
                and uid not in {pod.metadata.uid for pod in ready}
            ),
        )
        cluster.until("it is gone", lambda: name not in {pod.metadata.name for pod in cluster.pods("web")})


def test_a_statefulset_pod_returns_with_its_name_and_a_new_uid(platform: Platform) -> None:
    stateful = WorkloadSpec("shop", "db", replicas=2, kind=WorkloadKind.STATEFUL_SET, starts_in_s=(1, 3))
    with platform(2, stateful) as cluster:
        before = {pod.metadata.name: pod.metadata.uid for pod in cluster.pods("db")}
        assert sorted(before) == ["db-0", "db-1"]
        cluster.evict("db-0")
        cluster.until(
            "another db-0 runs",
            lambda: any(
                pod.metadata.name == "db-0" and pod.metadata.uid != before["db-0"] and is_ready(pod)
                for pod in cluster.pods("db")
            ),
        )


def test_evicting_a_missing_pod_returns_404(platform: Platform) -> None:
    with platform(1, WorkloadSpec("shop", "web")) as cluster:
        status, body = refusal(cluster, "nowhere")
        assert (status, body["reason"], body["message"]) == (404, "NotFound", 'pods "nowhere" not found')


def test_an_exhausted_budget_returns_429_with_its_cause(platform: Platform) -> None:
    with platform(3, GUARDED) as cluster:
        allowed(cluster, "cart", 1)
        first, second, _ = (pod.metadata.name for pod in cluster.pods("cart"))
        closed(cluster, unschedulable=True)
        cluster.evict(first)
        status, body = refusal(cluster, second)
        assert (status, body["reason"]) == (429, "TooManyRequests")
        assert body["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
        [cause] = body["details"]["causes"]
        assert cause["reason"] == "DisruptionBudget"
        assert cause["message"].startswith("The disruption budget cart needs 2 healthy pods and has ")
        assert "retryAfterSeconds" not in body["details"]
        closed(cluster, unschedulable=False)
        allowed(cluster, "cart", 1)
        cluster.until("three run", lambda: sum(is_ready(pod) for pod in cluster.pods("cart")) == 3)
        cluster.evict(second)


def test_a_dry_run_does_not_use_the_budget(platform: Platform) -> None:
    with platform(3, GUARDED) as cluster:
        allowed(cluster, "cart", 1)
        names = [pod.metadata.name for pod in cluster.pods("cart")]
        for name in names:
            cluster.evict(name, dryRun=["All"])
        assert [pod.metadata.name for pod in cluster.pods("cart")] == names
        assert cluster.budget("cart").disruptions_allowed == 1


def test_a_dry_run_is_rejected_like_the_eviction(platform: Platform) -> None:
    never = WorkloadSpec("shop", "cart", replicas=2, pdb=PdbSpec(max_unavailable=0))
    with platform(2, never) as cluster:
        cluster.until("the budget counts its pods", lambda: cluster.budget("cart").current_healthy == 2)
        status, body = refusal(cluster, cluster.pods("cart")[0].metadata.name, dryRun=["All"])
        assert (status, body["details"]["causes"][0]["reason"]) == (429, "DisruptionBudget")


def test_two_budgets_for_one_pod_return_500(platform: Platform) -> None:
    twice = WorkloadSpec("shop", "cart", replicas=2, budgets=(PdbSpec(max_unavailable=1), PdbSpec(min_available="50%")))
    with platform(2, twice) as cluster:
        status, body = refusal(cluster, cluster.pods("cart")[0].metadata.name)
        assert (status, body["code"]) == (500, 500)
        assert body["message"] == (
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        )


def test_an_eviction_with_a_different_uid_is_a_conflict(platform: Platform) -> None:
    with platform(1, WorkloadSpec("shop", "web")) as cluster:
        [pod] = cluster.pods("web")
        other = "00000000-0000-4000-8000-000000000000"
        status, body = refusal(cluster, pod.metadata.name, preconditions={"uid": other})
        assert (status, body["reason"]) == (409, "Conflict")
        assert body["message"] == (
            f'Operation cannot be fulfilled on Pod "{pod.metadata.name}": the UID in the precondition ({other}) does not '
            f"match the UID in record ({pod.metadata.uid}). The object might have been deleted and then recreated"
        )
        with pytest.raises(client.ApiException) as caught:
            cluster.core.delete_namespaced_pod(
                pod.metadata.name, cluster.namespace, body={"preconditions": {"uid": other}}
            )
        assert caught.value.status == 409
        cluster.evict(pod.metadata.name, preconditions={"uid": pod.metadata.uid})


def test_the_name_in_the_body_must_match_the_pod(platform: Platform) -> None:
    with platform(1, WorkloadSpec("shop", "web")) as cluster:
        name = cluster.pods("web")[0].metadata.name
        with pytest.raises(client.ApiException) as caught:
            cluster.core.create_namespaced_pod_eviction(name, cluster.namespace, {"metadata": {"name": "another"}})
        assert caught.value.status == 400


@pytest.mark.parametrize(
    ("budget", "replicas", "desired", "count"),
    [
        (PdbSpec(min_available=2), 3, 2, 1),
        (PdbSpec(max_unavailable=1), 4, 3, 1),
        (PdbSpec(min_available="50%"), 5, 3, 2),
        (PdbSpec(max_unavailable="30%"), 5, 3, 2),
        (PdbSpec(min_available=3), 3, 3, 0),
        (PdbSpec(max_unavailable=0), 2, 2, 0),
    ],
)
def test_a_budget_counts_pods_as_the_disruption_controller_does(
    platform: Platform, budget: PdbSpec, replicas: int, desired: int, count: int
) -> None:
    with platform(2, WorkloadSpec("shop", "cart", replicas=replicas, pdb=budget)) as cluster:
        cluster.until("all are counted", lambda: cluster.budget("cart").current_healthy == replicas)
        status = cluster.budget("cart")
        assert (status.desired_healthy, status.disruptions_allowed, status.expected_pods) == (desired, count, replicas)


def test_a_delete_ignores_budgets(platform: Platform) -> None:
    never = WorkloadSpec("shop", "cart", replicas=2, pdb=PdbSpec(max_unavailable=0), starts_in_s=(2, 5))
    with platform(2, never) as cluster:
        pod = cluster.pods("cart")[0]
        cluster.core.delete_namespaced_pod(pod.metadata.name, cluster.namespace)
        cluster.until(
            "it was replaced",
            lambda: (
                len(ready := [each for each in cluster.pods("cart") if is_ready(each)]) == 2
                and pod.metadata.uid not in {each.metadata.uid for each in ready}
            ),
        )


def test_an_evicted_bare_pod_is_not_recreated(platform: Platform) -> None:
    with platform(1, WorkloadSpec("shop", "alone", kind=WorkloadKind.BARE)) as cluster:
        assert cluster.pods("alone")[0].metadata.owner_references is None
        cluster.evict("alone")

        def gone() -> bool:
            listed = cluster.core.list_namespaced_pod(cluster.namespace, label_selector="app=alone").items
            return not listed

        cluster.until("no pod is left", gone)


def test_pods_are_found_by_node(platform: Platform) -> None:
    with platform(2, WorkloadSpec("shop", "web", replicas=4)) as cluster:
        found = {}
        for node in cluster.nodes():
            name = node.metadata.name
            listed = cluster.core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={name}").items
            assert {pod.spec.node_name for pod in listed} <= {name}
            found[name] = [pod for pod in listed if pod.metadata.namespace == cluster.namespace]
        assert sum(len(pods) for pods in found.values()) == 4


def test_a_watch_of_pods_shows_an_eviction(platform: Platform) -> None:
    with platform(2, WorkloadSpec("shop", "web", replicas=1, starts_in_s=(1, 3))) as cluster:
        listed = cluster.core.list_namespaced_pod(cluster.namespace)
        [pod] = listed.items
        cluster.evict(pod.metadata.name)
        cluster.until(
            "another runs, the old one is gone",
            lambda: (
                [
                    (is_ready(each), each.metadata.uid == pod.metadata.uid)
                    for each in cluster.core.list_namespaced_pod(cluster.namespace).items
                ]
                == [(True, False)]
            ),
        )
        received = [
            (kind, changed.metadata.uid == pod.metadata.uid)
            for kind, changed in changes(
                cluster.core.list_namespaced_pod,
                cluster.namespace,
                resource_version=listed.metadata.resource_version,
                timeout_seconds=1,
            )
        ]
        assert ("MODIFIED", True) in received
        assert received.count(("DELETED", True)) == 1
        assert received.count(("ADDED", False)) == 1


def test_a_drained_node_has_only_daemon_pods_left_and_budgets_are_not_violated(platform: Platform) -> None:
    """A complete drain: cordon, evict, retry on 429, and wait until all pods are gone."""
    agent = WorkloadSpec("shop", "agent", kind=WorkloadKind.DAEMON_SET, starts_in_s=(1, 2))
    cart = WorkloadSpec("shop", "cart", replicas=6, pdb=PdbSpec(max_unavailable=1), starts_in_s=(2, 5))
    with platform(3, agent, cart) as cluster:
        node = cluster.pods("cart")[0].spec.node_name
        allowed(cluster, "cart", 1)
        cluster.core.patch_node(node, {"spec": {"unschedulable": True}}, _content_type=STRATEGIC)
        refused: list[int] = []
        least = 6

        def drained() -> bool:
            nonlocal least
            pods = cluster.pods("cart")
            least = min(least, sum(is_ready(pod) for pod in pods))
            here = [pod for pod in pods if pod.spec.node_name == node]
            for pod in here:
                try:
                    cluster.evict(pod.metadata.name)
                except client.ApiException as error:
                    refused.append(int(error.status))
            return not here

        cluster.until("the node is empty", drained)
        cluster.until("six run elsewhere", lambda: sum(is_ready(pod) for pod in cluster.pods("cart")) == 6)

        def left() -> list[str]:
            on_node = f"spec.nodeName={node}"
            found = cluster.core.list_namespaced_pod(cluster.namespace, field_selector=on_node).items
            return [pod.metadata.owner_references[0].kind for pod in found]

        cluster.until("only the agent is left there", lambda: left() == ["DaemonSet"])
        assert least >= 5
        assert set(refused) <= {429}  # Pods are replaced immediately, so the budget is never exhausted.
