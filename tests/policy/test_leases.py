"""Leases determine which run is allowed to act, and until when."""

from datetime import timedelta

from ops.model.plan import Claim
from ops.policy.leases import Holder, Lease, may_act, release, take
from tests.fakes import MONDAY

CLUSTER = Claim("cluster.x")
WEST, NORTH = Claim("regions.a+b", "west", 2), Claim("regions.a+b", "north", 2)


def held(*claims: tuple[Claim, str]) -> Lease:
    lease = Lease()
    for claim, run in claims:
        taken = take(lease, claim, run, MONDAY)
        assert isinstance(taken, Lease)
        lease = taken
    return lease


def test_only_one_holder_can_take_a_lease() -> None:
    other = take(held((CLUSTER, "one")), CLUSTER, "two", MONDAY)
    assert isinstance(other, Holder)
    assert other.run == "one"


def test_the_holder_of_a_lease_can_renew_it() -> None:
    later = MONDAY + timedelta(minutes=10)
    renewed = take(held((CLUSTER, "one")), CLUSTER, "one", later)
    assert isinstance(renewed, Lease)
    assert renewed.holders == (Holder("one", "", later + timedelta(minutes=20)),)


def test_others_can_take_a_lease_two_minutes_after_its_expiry() -> None:
    lease = held((CLUSTER, "one"))
    assert isinstance(take(lease, CLUSTER, "two", MONDAY + timedelta(minutes=21)), Holder)
    taken = take(lease, CLUSTER, "two", MONDAY + timedelta(minutes=22))
    assert isinstance(taken, Lease)
    assert [holder.run for holder in taken.holders] == ["two"]


def test_the_holder_stops_two_minutes_before_the_expiry() -> None:
    lease = held((CLUSTER, "one"))
    assert may_act(lease, "one", MONDAY + timedelta(minutes=17, seconds=59))
    assert not may_act(lease, "one", MONDAY + timedelta(minutes=18))
    assert not may_act(lease, "two", MONDAY)


def test_the_holder_is_found_among_several_and_a_renewal_changes_its_group() -> None:
    lease = held((WEST, "one"), (WEST, "two"))
    assert may_act(lease, "one", MONDAY)
    assert may_act(lease, "two", MONDAY)
    renewed = take(lease, Claim("regions.a+b", "west", 2, "production"), "one", MONDAY)
    assert isinstance(renewed, Lease)
    assert [holder.group for holder in renewed.holders] == ["production", ""]


def test_runs_in_one_region_share_a_claim_up_to_its_capacity() -> None:
    lease = held((WEST, "one"), (WEST, "two"))
    assert isinstance(take(lease, WEST, "three", MONDAY), Holder)


def test_only_holders_of_the_same_ring_count_towards_the_capacity() -> None:
    """docs/node-image.md, rule 13: `max-concurrent` counts the clusters of its ring."""
    one_in_production = Claim("regions.a+b", "west", 1, "production")
    others = Claim("regions.a+b", "west", 1_000, "pre-production")
    lease = held((others, "dev-1"), (others, "dev-2"), (one_in_production, "prod-1"))
    blocking = take(lease, one_in_production, "prod-2", MONDAY)
    assert isinstance(blocking, Holder)
    assert blocking.run == "prod-1"
    assert isinstance(take(lease, others, "dev-3", MONDAY), Lease)


def test_holders_of_another_ring_keep_the_paired_region_away() -> None:
    lease = held((Claim("regions.a+b", "west", 1_000, "pre-production"), "dev-1"))
    assert isinstance(take(lease, Claim("regions.a+b", "north", 1, "production"), "prod-1", MONDAY), Holder)


def test_the_paired_region_waits_until_the_first_region_has_released_the_claim() -> None:
    lease = held((WEST, "one"))
    assert isinstance(take(lease, NORTH, "two", MONDAY), Holder)
    assert isinstance(take(release(lease, "one"), NORTH, "two", MONDAY), Lease)
