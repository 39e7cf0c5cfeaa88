"""What is said about a cluster that belongs to a fleet of Azure Kubernetes Fleet Manager."""

import pytest

from ops.model.fleet import Unknown
from ops.model.update_runs import FleetMembership, UpdateRun
from ops.policy.update_runs import Membership, fleet_hold, membership_notes

WAITING = UpdateRun("/id/one", "one", "Pending", "canary")
ACTIVE = UpdateRun("/id/two", "two", "Running")
MISSING = "whether an update run of a fleet contains the cluster could not be read: 403"
ONE = "the update run one of the fleet f contains the cluster: Pending, stage canary (/id/one)"
TWO = "the update run two of the fleet f contains the cluster: Running (/id/two)"
MEMBER = "member of the fleet f of Azure Kubernetes Fleet Manager"


@pytest.mark.parametrize(
    ("membership", "hold", "notes"),
    [
        (None, "", ()),
        (Unknown("403"), MISSING, (MISSING,)),
        (FleetMembership("f", ""), "", (MEMBER,)),
        (FleetMembership("f", "blue", (WAITING,)), ONE, (f"{MEMBER} (update group blue)", ONE)),
        (FleetMembership("f", "", (WAITING, ACTIVE)), TWO, (MEMBER, TWO)),
        (
            FleetMembership("f", "", (), ("p (Stable)", "q (Rapid)")),
            "",
            (MEMBER, "the fleet also upgrades it by itself: p (Stable), q (Rapid)"),
        ),
    ],
)
def test_a_fleet_that_has_the_cluster_is_named_with_what_it_does(
    membership: Membership, hold: str, notes: tuple[str, ...]
) -> None:
    assert fleet_hold(membership) == hold
    assert membership_notes(membership) == notes
