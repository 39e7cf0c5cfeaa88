"""What a person should know about a cluster as a whole."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.fleet import Unknown
from ops.model.update_runs import FleetMembership
from ops.policy.cluster_notes import cluster_notes, forced_upgrade_notes, unlisted_pools_notes
from tests.fakes import MONDAY, cluster

OURS = cluster("shop")
HOSTED = "AKS runs its system pools itself: Azure does not list them, so their images were not compared"
FORCED = (
    "forceUpgrade is set on the cluster: AKS drains through PDBs in every upgrade that starts before "
    "Mon 2026-11-16 01:00 UTC"
)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("until", "notes"),
    [
        (None, ()),
        (MONDAY, ()),
        (MONDAY + HOUR, (FORCED,)),
        (
            Unknown("its end is odd"),
            ("forceUpgrade is set on the cluster (its end is odd): AKS may drain through PDBs in any upgrade",),
        ),
    ],
)
def test_upgrades_that_ignore_pdbs_are_named_with_their_end(until: object, notes: tuple[str, ...]) -> None:
    forced = replace(OURS, forced_until=until)  # type: ignore[arg-type]  # a time, or why it is unknown
    assert forced_upgrade_notes(forced, MONDAY) == notes


def test_system_pools_that_azure_does_not_list_are_named() -> None:
    assert unlisted_pools_notes(OURS) == ()
    assert unlisted_pools_notes(replace(OURS, hosted_system_pools=True)) == (HOSTED,)


def test_all_notes_are_shown_the_fleet_first() -> None:
    of = replace(OURS, forced_until=MONDAY + HOUR, hosted_system_pools=True)
    member = "member of the fleet f of Azure Kubernetes Fleet Manager"
    assert cluster_notes(of, FleetMembership("f", "", ()), MONDAY) == (member, FORCED, HOSTED)
    assert cluster_notes(OURS, None, MONDAY) == ()
