"""When an image counts as proven: docs/node-image.md, rule 11."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ops.model.image import ImageKey
from ops.model.proof import Proof, ProofPolicy, Sample
from ops.policy.proof_sampling import observe, settle
from tests.fakes import MONDAY, NEW

FRESH = Proof("pre-production", ImageKey(NEW, "1.34"))
DAY, TWELVE = timedelta(days=1), timedelta(hours=12)
GOOD, FEW, ASLEEP, SICK = Sample(5), Sample(2), Sample(0), Sample(5, ("dev/aks-1",))
PARTIAL = Sample(2, complete=False)
POLICY = ProofPolicy(nodes=3, elapsed=DAY, awake=TWELVE)


def seen(*samples: Sample) -> Proof:
    proof = FRESH
    for hour, sample in enumerate(samples):
        at = MONDAY + timedelta(hours=hour)
        proof = settle(observe(proof, sample, at, POLICY), at, POLICY)
    return proof


def test_a_day_of_good_samples_proves_an_image_at_the_25th_sample() -> None:
    assert seen(*[GOOD] * 24).proven_at is None
    assert seen(*[GOOD] * 25).proven_at == MONDAY + timedelta(hours=24)


def test_samples_from_a_stopped_cluster_neither_count_nor_reset_the_count() -> None:
    assert seen(*[GOOD] * 7, *[ASLEEP] * 18).proven_at is None
    assert seen(*[GOOD] * 7, *[ASLEEP] * 18, *[GOOD] * 6).proven_at == MONDAY + timedelta(hours=30)


def test_a_node_that_is_not_ready_resets_the_count() -> None:
    proof = seen(*[GOOD] * 20, SICK, GOOD)
    assert (proof.since, proof.awake_h, proof.broken_by) == (MONDAY + timedelta(hours=21), 0, "dev/aks-1")


def test_samples_with_too_few_nodes_do_not_count() -> None:
    assert seen(*[FEW] * 100).since is None


def test_an_incomplete_sample_with_too_few_nodes_neither_counts_nor_resets_the_count() -> None:
    proof = seen(*[GOOD] * 4, PARTIAL)
    assert (proof.since, proof.awake_h, proof.nodes) == (MONDAY, 3, 5)
    assert seen(*[GOOD] * 4, FEW).since is None


def test_an_incomplete_sample_counts_if_it_has_enough_nodes_and_resets_the_count_if_one_is_not_ready() -> None:
    assert seen(GOOD, replace(GOOD, complete=False)).awake_h == 1
    assert seen(GOOD, replace(SICK, complete=False)).since is None


def test_a_proven_image_stays_proven() -> None:
    assert seen(*[GOOD] * 25, SICK, *[FEW] * 5).proven_at == MONDAY + timedelta(hours=24)


def test_a_repeated_tick_counts_once() -> None:
    once = observe(FRESH, GOOD, MONDAY, POLICY)
    assert observe(once, SICK, MONDAY, POLICY) == once


@given(st.lists(st.sampled_from([GOOD, FEW, ASLEEP, SICK]), max_size=80))
def test_no_image_is_proven_without_a_full_day_of_good_samples(samples: list[Sample]) -> None:
    proof = seen(*samples)
    awake = [sample for sample in samples if sample.nodes]
    longest = max((len(run) for run in "".join("g" if s is GOOD else " " for s in awake).split()), default=0)
    if proof.proven_at is not None:
        assert longest > 12
    if samples[-25:] == [GOOD] * 25:
        assert proof.proven_at is not None
