"""Azure in memory: a fleet whose operations end when a test ends them, and its costs."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from ops.model.fleet import Cluster, Power, Unknown
from ops.model.machine import ListedMachine
from ops.model.money import CostReport
from ops.model.restart_right import DenyAssignment, Lock, PermissionSet
from ops.model.update_runs import FleetMembership
from ops.ports.azure import OperationStatus
from ops.ports.errors import NotFoundError, OutsideError, TryLaterError
from tests.fakes.clock import MONDAY
from tests.fakes.fleet import NEW, machines_of


@dataclass
class FakeClusters:
    """A small fleet. `asked` lists every request, `begun` every operation that was started. A test ends an operation with `end`.

    Every operation raises `refuse`, every read of the newest image raises `refuse_images`, and every read of a pool's
    machines raises `refuse_machines`, or its own error in `refuse_pools`, by the cluster's id and the pool's name. The first
    `lose_answers` operations lose their response, as TryLaterError; the later ones respond. If it is `nameless`, it
    accepts operations without naming them; if it `hides_state`, the cluster does not show them.
    """

    fleet: dict[str, Cluster] = field(default_factory=dict)
    newest: str | Unknown = NEW
    asked: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    refuse: OutsideError | None = None
    refuse_images: OutsideError | None = None
    refuse_machines: OutsideError | None = None
    refuse_pools: dict[tuple[str, str], OutsideError] = field(default_factory=dict)
    lose_answers: int = 0
    nameless: bool = False
    hides_state: bool = False
    states: dict[str, OperationStatus] = field(default_factory=dict)

    @property
    def only(self) -> Cluster:
        """The fleet's only cluster. Raises ValueError if there are more."""
        (found,) = self.fleet.values()
        return found

    def put(self, *clusters: Cluster) -> None:
        for each in clusters:
            self.fleet[each.id] = each

    def list_clusters(self, subscription: str) -> tuple[Cluster, ...]:
        return tuple(each for each in self.fleet.values() if each.subscription == subscription)

    def cluster(self, cluster_id: str) -> Cluster:
        if cluster_id not in self.fleet:
            raise NotFoundError(f"reading {cluster_id}: it is gone")
        return self.fleet[cluster_id]

    def newest_image(self, cluster_id: str, pool: str) -> str | Unknown:
        assert self.cluster(cluster_id).pool(pool)
        if self.refuse_images is not None:
            raise self.refuse_images
        return self.newest

    def machines(self, cluster_id: str, pool: str) -> tuple[ListedMachine, ...]:
        if self.refuse_machines is not None:
            raise self.refuse_machines
        if (cluster_id, pool) in self.refuse_pools:
            raise self.refuse_pools[cluster_id, pool]
        return machines_of(self.cluster(cluster_id), pool)

    def begin_upgrade_node_image(self, cluster_id: str, pool: str) -> str:
        return self._begin(cluster_id, f"upgrade {pool}", pool)

    def begin_start(self, cluster_id: str) -> str:
        return self._begin(cluster_id, "start", "")

    def begin_stop(self, cluster_id: str) -> str:
        return self._begin(cluster_id, "stop", "")

    def _begin(self, cluster_id: str, what: str, pool: str) -> str:
        self.asked.append(what)
        if self.refuse is not None:
            raise self.refuse
        self.begun.append(what)
        of = self.fleet[cluster_id]
        pools = tuple(
            replace(p, provisioning_state="UpgradingNodeImageVersion") if p.name == pool else p for p in of.pools
        )
        if not self.hides_state:
            self.fleet[cluster_id] = replace(of, provisioning_state="Updating", pools=pools)
        token = f"operation/{len(self.begun)}"
        self.states[token] = OperationStatus("running")
        if self.lose_answers:
            self.lose_answers -= 1
            raise TryLaterError(f"{what}: the response was lost", 30)
        return "" if self.nameless else token

    def end(self, cluster_id: str, *, image: str | None = None, running: bool = True, failed: str = "") -> None:
        """End the operation that is running on the cluster."""
        of = self.fleet[cluster_id]
        upgraded = tuple(
            replace(
                p,
                provisioning_state="Failed" if failed else "Succeeded",
                image=image or p.image,
                error_code=failed,
                error="blocked by pdb web" if failed else "",
            )
            if p.provisioning_state == "UpgradingNodeImageVersion"
            else p
            for p in of.pools
        )
        self.fleet[cluster_id] = replace(
            of, provisioning_state="Succeeded", power=Power.RUNNING if running else Power.STOPPED, pools=upgraded
        )
        ended = OperationStatus("failed", failed, "blocked by pdb web") if failed else OperationStatus("succeeded")
        self.states = {token: ended if state.state == "running" else state for token, state in self.states.items()}

    def operation(self, token: str) -> OperationStatus:
        return self.states[token]


@dataclass
class FakeCosts:
    """Returns a cost report, or raises the error `refuse`."""

    report: CostReport = field(default_factory=lambda: CostReport((), MONDAY))
    refuse: OutsideError | None = None

    def month_to_date(self, subscription: str, now: datetime) -> CostReport:
        assert subscription
        assert now.tzinfo is not None
        if self.refuse is not None:
            raise self.refuse
        return self.report


@dataclass
class FakeFleets:
    """The memberships by cluster id. Every read raises `refuse`."""

    members: dict[str, FleetMembership] = field(default_factory=dict)
    refuse: OutsideError | None = None

    def membership(self, cluster_id: str, now: datetime) -> FleetMembership | None:
        assert now.tzinfo is not None
        if self.refuse is not None:
            raise self.refuse
        return self.members.get(cluster_id)


@dataclass
class FakeRights:
    """What Azure lists for every resource group; by default, a role grants restarts and nothing forbids them.

    Every read raises its own error in `refuse`, by its name. `asked` lists every read.
    """

    granted: tuple[PermissionSet, ...] = (PermissionSet(("Microsoft.Compute/*/restart/action",)),)
    denied: tuple[DenyAssignment, ...] = ()
    locked: tuple[Lock, ...] = ()
    refuse: dict[str, OutsideError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def permissions(self, subscription: str, group: str) -> tuple[PermissionSet, ...]:
        self._ask("permissions", subscription, group)
        return self.granted

    def deny_assignments(self, subscription: str, group: str) -> tuple[DenyAssignment, ...]:
        self._ask("deny assignments", subscription, group)
        return self.denied

    def locks(self, subscription: str, group: str) -> tuple[Lock, ...]:
        self._ask("locks", subscription, group)
        return self.locked

    def identity(self) -> str:
        self._ask("identity")
        return "the-bot"

    def _ask(self, what: str, *where: str) -> None:
        assert all(where)
        self.asked.append(what)
        if what in self.refuse:
            raise self.refuse[what]
