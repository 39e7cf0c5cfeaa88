"""If a pool is left out for several reasons, the first in the table of docs/node-image.md, rule 8, counts."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.model.decision import Nothing, Wait
from ops.model.fleet import Cluster, Node, Pool, Power, Unknown
from ops.model.image import ImageKey
from ops.model.proof import Proof
from ops.model.update_runs import FleetMembership, UpdateRun
from ops.runbooks.node_image import RUNBOOK, Facts
from tests.configurations import CONFIG
from tests.fakes import NEW, cluster, nodes_of, pool, settings
from tests.runbooks.test_node_image_week import LAST, RUN

PAGE = Path(__file__).resolve().parents[2] / "docs" / "node-image.md"
ASLEEP = CONFIG.replace("start-stopped-clusters: true", "start-stopped-clusters: false")
ANCIENT = "AKSUbuntu-2204gen2containerd-202606.01.0"
PROVEN = Proof("production", ImageKey(NEW, "1.34"), nodes=3, proven_at=LAST)
HELD = FleetMembership("fleet", "blue", (UpdateRun("/fleet/runs/weekly", "weekly", "Running", "canary"),))
LATER = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass
class Situation:
    """A cluster in production with one pool, when the last window of the week is over."""

    pool: Pool = field(default_factory=lambda: pool("user1"))
    newest: str | Unknown = NEW
    nodes: Callable[[Cluster], tuple[Node, ...] | Unknown] = nodes_of
    cluster: dict[str, object] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)

    def code(self) -> str:
        """The reason why the pool is left out; empty if it is not."""
        of = cluster("shop", self.pool, **{"env": "prod", **self.cluster})  # type: ignore[arg-type]  # fields by name
        known = Facts(of, {"user1": self.newest}, self.nodes(of), {str(PROVEN.key): PROVEN}, {})
        decision = RUNBOOK.decide(replace(known, **self.facts), settings(ASLEEP), RUN, LAST)  # type: ignore[arg-type]  # fields by name
        assert isinstance(decision, (Nothing, Wait))
        (skip, *_) = decision.skips
        return str(skip.code)


def has(**of_pool: object) -> Callable[[Situation], None]:
    def change(situation: Situation) -> None:
        situation.pool = replace(situation.pool, **of_pool)  # type: ignore[arg-type]  # fields by name

    return change


def is_in(**of_cluster: object) -> Callable[[Situation], None]:
    return lambda situation: situation.cluster.update(of_cluster)


def knows(**facts: object) -> Callable[[Situation], None]:
    return lambda situation: situation.facts.update(facts)


def offers(newest: str | Unknown) -> Callable[[Situation], None]:
    def change(situation: Situation) -> None:
        situation.newest = newest

    return change


def is_uncounted(situation: Situation) -> None:
    """Azure does not report the number of nodes, and they cannot be counted while the cluster is stopped."""
    situation.pool = replace(situation.pool, count=Unknown("not reported"))
    situation.cluster["power"] = Power.STOPPED
    situation.nodes = lambda _: Unknown("its API server does not answer")


def both(*changes: Callable[[Situation], None]) -> Callable[[Situation], None]:
    def change(situation: Situation) -> None:
        for each in changes:
            each(situation)

    return change


# What makes each reason hold, in the order in which they count. Nodes of node auto-provisioning are in no pool.
REASONS: dict[str, Callable[[Situation], None]] = {
    "no-ring": is_in(env="qa"),
    "driven-by-aks": is_in(node_os_channel="NodeImage"),
    "skipped-by-person": knows(skipped_until=LATER),
    "unknown-power-state": is_in(power=Power.UNKNOWN),
    "unsupported-pool": has(type="AvailabilitySet"),
    "snapshot": has(from_snapshot=True),
    "unknown-image": offers(Unknown("403")),
    "no-newer-image": both(has(image=ANCIENT), offers(ANCIENT)),
    "already-latest": has(image=NEW),
    "pool-failed": has(provisioning_state="Failed"),
    "unknown-size": is_uncounted,
    "never-fits": has(count=1_000),
    "unproven": knows(proofs={}),
    "update-run": knows(fleet_membership=HELD),
    "asleep": is_in(power=Power.STOPPED),
    "busy": is_in(provisioning_state="Updating"),
    "no-window-left": has(),
}


@pytest.mark.parametrize("reason", REASONS)
def test_the_first_reason_that_holds_counts(reason: str) -> None:
    situation, held = Situation(), list(REASONS)[list(REASONS).index(reason) :]
    for each in reversed(held):
        REASONS[each](situation)
    assert situation.code() == reason


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_that_holds_alone_counts(reason: str) -> None:
    situation = Situation()
    REASONS[reason](situation)
    assert situation.code() == reason


def test_the_page_lists_the_reasons_in_this_order() -> None:
    rows = re.findall(r"^   \| `([a-z-]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert [row for row in rows if row != "node-auto-provisioning"] == list(REASONS)
