"""What one hourly sample makes of the record of an image, field by field (docs/node-image.md, rule 11)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.fleet import Node, Unknown
from ops.model.image import ImageKey
from ops.model.proof import Proof, ProofPolicy, Sample
from ops.policy.node_identity import match_nodes
from ops.policy.proof_sampling import observe, sample_cluster, settle
from tests.fakes import MONDAY, NEW, OLD, cluster, machines_of, nodes_of, pool

KEY = ImageKey(NEW, "1.34")
HOUR = timedelta(hours=1)
POLICY = ProofPolicy(3, 24 * HOUR, 12 * HOUR)
RUNNING = Proof("dev", KEY, since=MONDAY - 5 * HOUR, last_sample=MONDAY - HOUR, awake_h=4, nodes=9, broken_by="before")


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (Sample(0), replace(RUNNING, last_sample=MONDAY)),
        (
            Sample(5, ("dev/a", "dev/b")),
            Proof("dev", KEY, None, MONDAY, awake_h=0, nodes=5, broken_by="dev/a, dev/b"),
        ),
        (Sample(2), Proof("dev", KEY, None, MONDAY, awake_h=0, nodes=2, broken_by="before")),
        (Sample(2, complete=False), replace(RUNNING, last_sample=MONDAY)),
        (Sample(3), replace(RUNNING, last_sample=MONDAY, awake_h=5, nodes=3)),
        (Sample(3, complete=False), replace(RUNNING, last_sample=MONDAY, awake_h=5, nodes=3)),
    ],
)
def test_a_sample_continues_or_breaks_the_sequence(sample: Sample, expected: Proof) -> None:
    assert observe(RUNNING, sample, MONDAY, POLICY) == expected


def test_the_first_good_sample_begins_a_sequence() -> None:
    broken = replace(RUNNING, since=None)
    expected = replace(RUNNING, since=MONDAY, last_sample=MONDAY, awake_h=0, nodes=4)
    assert observe(broken, Sample(4), MONDAY, POLICY) == expected


@pytest.mark.parametrize("hours", [0, 1])
def test_a_sample_that_is_not_later_than_the_last_one_has_no_effect(hours: int) -> None:
    seen = replace(RUNNING, last_sample=MONDAY + hours * HOUR)
    assert observe(seen, Sample(4), MONDAY, POLICY) == seen


@pytest.mark.parametrize(
    ("since_h", "awake_h", "is_proven"), [(24, 12, True), (23, 12, False), (24, 11, False), (30, 30, True)]
)
def test_an_image_is_proven_after_the_elapsed_and_the_awake_time(
    since_h: int, awake_h: int, *, is_proven: bool
) -> None:
    proof = replace(RUNNING, since=MONDAY - since_h * HOUR, awake_h=awake_h)
    assert settle(proof, MONDAY, POLICY) == (replace(proof, proven_at=MONDAY) if is_proven else proof)


def test_a_proven_image_stays_proven_since_then_and_a_broken_sequence_proves_nothing() -> None:
    proven = replace(RUNNING, since=MONDAY - 48 * HOUR, awake_h=48, proven_at=MONDAY - HOUR)
    assert settle(proven, MONDAY, POLICY) == proven
    broken = replace(RUNNING, since=None, awake_h=48)
    assert settle(broken, MONDAY, POLICY) == broken


def sampled(
    *nodes: Node, count: int | Unknown = 3, image: str = NEW, state: str = "Succeeded"
) -> dict[ImageKey, Sample]:
    of = cluster("shop", pool("user1", image, count=count, provisioning_state=state))
    matches = match_nodes(of, nodes, {"user1": machines_of(cluster("shop", pool("user1")), "user1")})
    return dict(sample_cluster(of, nodes, matches))


ONE, TWO, THREE = nodes_of(cluster("shop", pool("user1", NEW)))


def test_nodes_that_are_ready_count_and_the_others_are_named() -> None:
    assert sampled(ONE, TWO, THREE) == {KEY: Sample(3)}
    assert sampled(ONE, replace(TWO, ready=False), THREE) == {KEY: Sample(3, ("shop/aks-user1-1",))}
    both = (replace(ONE, ready=False), replace(TWO, ready=False), THREE)
    assert sampled(*both) == {KEY: Sample(3, ("shop/aks-user1-0", "shop/aks-user1-1"))}


def test_a_node_that_is_not_ready_during_an_upgrade_does_not_count_against_the_image() -> None:
    assert sampled(ONE, replace(TWO, ready=False), THREE, state="Upgrading") == {KEY: Sample(3)}


def test_a_pool_has_at_most_as_many_good_nodes_as_azure_reports() -> None:
    assert sampled(ONE, TWO, THREE, count=2) == {KEY: Sample(2)}
    assert sampled(ONE, TWO, THREE, count=Unknown("?")) == {KEY: Sample(3)}
    assert sampled(ONE, TWO, replace(THREE, ready=False), count=1) == {KEY: Sample(2, ("shop/aks-user1-2",))}


def test_an_image_that_azure_does_not_report_for_the_pool_counts_only_if_it_is_bad() -> None:
    assert sampled(ONE, TWO, THREE, image=OLD) == {}
    assert sampled(ONE, replace(TWO, ready=False), image=OLD) == {KEY: Sample(1, ("shop/aks-user1-1",))}


def test_a_security_patch_counts_as_its_image_and_an_unknown_label_does_not_count() -> None:
    patched = replace(ONE, image_label=f"{NEW}-2026.11.09")
    assert sampled(patched, TWO, replace(THREE, image_label="odd")) == {KEY: Sample(2)}


def test_the_pools_of_a_cluster_are_added_up() -> None:
    of = cluster("shop", pool("user1", NEW), pool("user2", NEW))
    nodes = nodes_of(of)
    one_bad = (replace(nodes[0], ready=False), *nodes[1:])
    matches = match_nodes(of, one_bad, {each.name: machines_of(of, each.name) for each in of.pools})
    assert sample_cluster(of, one_bad, matches) == {KEY: Sample(6, ("shop/aks-user1-0",))}
