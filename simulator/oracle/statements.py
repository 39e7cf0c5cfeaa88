"""Whether what was said about clusters, pools and nodes is true, according to the journal."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.oracle.history import History, is_known, unpatched
from simulator.oracle.node_events import NodeEvents
from simulator.world.alerts import PROSE
from simulator.world.specs import ClusterSpec, PoolSpec

# A statement can be this much older than its record: the reads come first, and take a moment.
_AGE = timedelta(minutes=5)
_BOOTED_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that was said. `about` names it; the keys of `CHECKS` explain what `subject` and `number` mean in each case."""

    at: datetime
    cluster: str
    about: str
    subject: str = ""
    number: int = 0
    text: str = ""


class Truth:
    """What can be looked up about one moment."""

    def __init__(self, history: History, nodes: NodeEvents) -> None:
        self.history, self.nodes = history, nodes

    def cluster(self, said: Statement) -> ClusterSpec:
        """The cluster of a statement."""
        return self.history.clusters[said.cluster]

    def pool(self, said: Statement) -> PoolSpec | None:
        """The pool of a statement, or None if the cluster does not have it."""
        return next((pool for pool in self.cluster(said).pools if pool.name == said.subject), None)

    def has_newest(self, said: Statement, pool: PoolSpec) -> bool:
        """Whether Azure reports the newest image for a pool and each of its nodes has it."""
        cluster = self.cluster(said)
        return any(
            self.history.has_image(cluster, pool, self.history.newest(cluster, pool, at), at) for at in _moments(said)
        )

    def nodes_with(self, said: Statement, image: str) -> int:
        """How many nodes of a pool have an image whose name contains this, and are Ready."""
        machines = self.history.machines(said.cluster, said.subject, said.at).values()
        return sum(image in unpatched(machine.image) and machine.ready for machine in machines)

    def ready_nodes(self, said: Statement) -> int:
        """How many nodes of a cluster are Ready."""
        cluster = self.cluster(said)
        pools = [pool.name for pool in cluster.pools] + [""]
        return sum(m.ready for pool in pools for m in self.history.machines(said.cluster, pool, said.at).values())

    def is_there(self, said: Statement) -> bool | None:
        """Whether a node is Ready; None if the cluster does not have it."""
        for pool in self.cluster(said).pools:
            machine = self.history.machines(said.cluster, pool.name, said.at).get(said.subject)
            if machine is not None:
                return machine.ready
        return None

    def booted(self, said: Statement) -> bool:
        """Whether a node was restarted and booted shortly before."""
        return any(
            restart.booted and restart.began <= said.at <= restart.began + _BOOTED_WITHIN
            for restart in self.nodes.restarts
            if (restart.cluster, restart.node) == (said.cluster, said.subject)
        )

    def tells_what_was_spent(self, said: Statement) -> bool:
        """Whether a text has what one of the budget's alerts of the last minutes reports as spent, as an amount or as prose."""
        alerts = [
            alert
            for alert in self.history.budget_alerts
            if alert.detail["budget"] == said.subject and said.at - _AGE <= alert.at <= said.at
        ]
        amounts = [f"{float(str(alert.detail['spent'])):,.2f}" for alert in alerts]
        return any(amount in said.text for amount in amounts) or (bool(alerts) and PROSE in said.text)


def _moments(said: Statement) -> tuple[datetime, datetime]:
    return said.at, said.at - _AGE


def _of_pool(check: Callable[[Truth, Statement, PoolSpec], bool]) -> Callable[[Truth, Statement], bool]:
    def checked(truth: Truth, said: Statement) -> bool:
        pool = truth.pool(said)
        return pool is not None and check(truth, said, pool)

    return checked


CHECKS: Mapping[str, Callable[[Truth, Statement], bool]] = {
    # Reasons for which a pool (`subject`) is left out, as in rule 8 of docs/node-image.md.
    "already-latest": _of_pool(lambda truth, said, pool: truth.has_newest(said, pool)),
    "snapshot": _of_pool(lambda _, __, pool: pool.from_snapshot),
    "unsupported-pool": _of_pool(lambda _, __, pool: not is_known(pool)),
    "pool-failed": _of_pool(
        lambda truth, said, pool: any(truth.history.pool_failed(said.cluster, pool.name, at) for at in _moments(said))
    ),
    "node-auto-provisioning": lambda truth, said: truth.cluster(said).provisioned_nodes > 0,
    "unknown-power-state": lambda truth, said: any(
        truth.history.power_unknown(said.cluster, at) for at in _moments(said)
    ),
    "asleep": lambda truth, said: any(truth.history.stopped(said.cluster, at) for at in _moments(said)),
    "busy": lambda truth, said: any(truth.history.busy(said.cluster, at) for at in _moments(said)),
    "no-newer-image": _of_pool(lambda truth, said, pool: pool.last_image is not None and truth.has_newest(said, pool)),
    "update-run": lambda truth, said: any(truth.history.held(said.cluster, at) for at in _moments(said)),
    "machines-locked": lambda truth, said: truth.cluster(said).machines_locked,
    # `number` pools of the cluster were compared, and all have the newest image. Those that were upgraded before are not compared.
    "all-newest": lambda truth, said: (
        sum(truth.has_newest(said, pool) for pool in truth.cluster(said).pools) >= said.number
    ),
    # `number` nodes of a pool (`subject`) have the image in `text` and are Ready.
    "nodes-have": lambda truth, said: truth.nodes_with(said, said.text) >= said.number,
    "stopped": lambda truth, said: truth.history.stopped(said.cluster, said.at),
    "running": lambda truth, said: not truth.history.stopped(said.cluster, said.at),
    # `number` nodes of the cluster are Ready.
    "ready": lambda truth, said: truth.ready_nodes(said) >= said.number,
    "booted": lambda truth, said: truth.booted(said),
    # A node (`subject`) of an eviction.
    "gone": lambda truth, said: truth.is_there(said) is None,
    "not-ready": lambda truth, said: truth.is_there(said) is False,
    "still-ready": lambda truth, said: truth.is_there(said) is True,
    # A budget (`subject`): the text has the amount that Azure reports as spent, in the style in which it can be read.
    "budget": lambda truth, said: truth.tells_what_was_spent(said),
    # Azure refuses the operations on the cluster, with the code that `text` contains.
    "refused": lambda truth, said: truth.history.refuses(said.cluster, said.at, said.text),
}


def false_statements(truth: Truth, said: Iterable[Statement]) -> Iterator[str]:
    """Yield each statement that is false, with where and when it was made.

    Raises:
        KeyError: `CHECKS` cannot judge a statement's subject.
    """
    for each in said:
        if not CHECKS[each.about](truth, each):
            yield f"false: {each.cluster} {each.about} {each.subject} {each.number or ''} at {each.at:%Y-%m-%d %H:%M:%S}: {each.text}"
