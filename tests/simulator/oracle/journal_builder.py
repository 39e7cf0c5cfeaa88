"""Builds small worlds and their journals step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from simulator.oracle import AwakeOverride, Verdict, judge
from simulator.world.journal import Entry, Kind, Scalar
from simulator.world.specs import PRINCIPAL, ClusterSpec, FleetSpec, PoolSpec, RegionSpec
from tests.configurations import PAIRED_RINGS, nights

OLD = "AKSUbuntu-2204gen2containerd-202610.29.0"
NEW = "AKSUbuntu-2204gen2containerd-202611.05.0"
NEWER = "AKSUbuntu-2204gen2containerd-202611.12.0"
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, tzinfo=UTC)
# A release takes ten days, so on Monday the release of the fifth has reached every region.
TEN_DAYS = timedelta(days=10)
REGIONS = (
    RegionSpec("westeurope", "northeurope", TEN_DAYS),
    RegionSpec("northeurope", "westeurope", TEN_DAYS),
    RegionSpec("polandcentral", None, TEN_DAYS),
)
CONFIG = (
    PAIRED_RINGS
    + nights()
    + """\
  days: {days: mon-thu, from: "08:00", to: "09:00", zone: UTC}
node-image: {window: nights, proven-for: 1d, proven-awake: 8h, proven-nodes: 3}
"""
)
SYSTEM = PoolSpec("system", 3, mode="System", max_surge="1")


def at(text: str) -> datetime:
    """A time in the week, written as `tue 22:00` or `tue 22:00:30`; `+mon` is the next Monday."""
    day, clock = text.split()
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "+mon"].index(day)
    hour, minute, *second = (int(part) for part in clock.split(":"))
    return MONDAY + timedelta(days=days, hours=hour, minutes=minute, seconds=second[0] if second else 0)


def cluster(name: str, env: str = "dev", *pools: PoolSpec, region: str = "westeurope") -> ClusterSpec:
    """A cluster managed by Daytwo. By default, it has one system pool with three nodes, which takes 31 minutes to upgrade."""
    return ClusterSpec(name, region, pools or (SYSTEM,), tags=(("env", env),))


class JournalBuilder:
    """Builds a journal that starts on Monday, when every node runs the image before the newest."""

    def __init__(self, *clusters: ClusterSpec) -> None:
        self.fleet = FleetSpec("tiny", MONDAY, REGIONS, clusters)
        self._entries: list[Entry] = []
        self._number = 0
        for spec in clusters:
            self.add("mon 00:00", Kind.CLUSTER_KNOWN, spec.name)
            for pool in spec.pools:
                image = NEW if pool.releases_behind == 0 else OLD
                self.add("mon 00:00", Kind.POOL_KNOWN, spec.name, pool.name, image=image)
                for number in range(pool.nodes):
                    self.add("mon 00:00", Kind.NODE_JOINED, spec.name, pool.name, f"{pool.name}-{number}", image=image)
            for number in range(spec.provisioned_nodes):
                self.add("mon 00:00", Kind.NODE_JOINED, spec.name, None, f"nap-{number}", image=OLD)

    @property
    def journal(self) -> Sequence[Entry]:
        """All added entries in chronological order."""
        ordered = sorted(self._entries, key=lambda entry: (entry.at, entry.number))
        return [replace(entry, number=number) for number, entry in enumerate(ordered)]

    def add(
        self,
        when: str,
        kind: Kind,
        cluster: str | None = None,
        pool: str | None = None,
        node: str | None = None,
        **detail: Scalar,
    ) -> None:
        """Add an entry to the journal."""
        self._entries.append(Entry(len(self._entries), at(when), kind, cluster, pool, node, detail))

    def operation(
        self, what: str, cluster: str, pool: str | None, when: str, until: str | None, **detail: Scalar
    ) -> None:
        """An operation from its start to its end. An operation without an end is still running."""
        self._number += 1
        who, status = detail.pop("who", PRINCIPAL), detail.pop("status", "Succeeded")
        code = detail.pop("code", "")
        known: dict[str, Scalar] = {"operation": str(self._number), "what": what, "who": who}
        self.add(when, Kind.OPERATION_BEGUN, cluster, pool, None, **known, **detail)
        if until is not None:
            self.add(until, Kind.OPERATION_ENDED, cluster, pool, None, **known, status=status, code=code)

    def upgrade(self, where: str, when: str, until: str | None = None, image: str = NEW, **detail: Scalar) -> None:
        """An upgrade of `cluster/pool`. At its end, every node has the image, unless the upgrade failed."""
        name, pool_name = where.split("/")
        day, clock = when.split()
        until = until or f"{day} {clock[:3]}{int(clock[3:5]) + 20:02}"
        status = detail.get("status", "Succeeded")
        self.operation("upgrade-node-image", name, pool_name, when, until, image=image, **detail)
        pools = {pool.name: pool for spec in self.fleet.clusters if spec.name == name for pool in spec.pools}
        if status == "Succeeded" and pool_name in pools:
            for number in range(pools[pool_name].nodes):
                self.add(until, Kind.NODE_LABEL, name, pool_name, f"{pool_name}-{number}", image=image)
            self.add(until, Kind.POOL_IMAGE, name, pool_name, image=image)

    def power(self, cluster: str, what: str, when: str, until: str, **detail: Scalar) -> None:
        """A `start` or `stop` operation on a cluster."""
        self.operation(what, cluster, None, when, until, **detail)
        if detail.get("status", "Succeeded") == "Succeeded":
            self.add(until, Kind.POWER, cluster, power="Running" if what == "start" else "Stopped")

    def not_ready(self, where: str, when: str, until: str) -> None:
        """A node, given as `cluster/pool/number`, is not Ready for a period."""
        name, pool, number = where.split("/")
        self.add(when, Kind.NODE_NOT_READY, name, pool, f"{pool}-{number}")
        self.add(until, Kind.NODE_READY, name, pool, f"{pool}-{number}")

    def landed(self, when: str, image: str, region: str = "westeurope") -> None:
        """An image reaches a region."""
        self.add(when, Kind.IMAGE_LANDED, image=image, region=region)

    def asks(self, node: str, when: str) -> None:
        """A node, given as `cluster/pool/number`, requires a reboot from this time on."""
        self._of_node(node, when, Kind.NODE_REBOOT_REQUIRED)

    def cordon(self, node: str, when: str, until: str | None, who: str = PRINCIPAL) -> None:
        """A node is cordoned for a period or permanently."""
        self._of_node(node, when, Kind.NODE_CORDONED, who=who)
        if until is not None:
            self._of_node(node, until, Kind.NODE_UNCORDONED, who=who)

    def restart(self, node: str, when: str, minutes: int = 3, who: str = PRINCIPAL, machine: str = "") -> None:
        """A node's machine is restarted, boots, is Ready after `minutes`, and no longer requires a reboot."""
        self._of_node(node, when, Kind.MACHINE_RESTART, who=who, status="InProgress", machine=machine)
        self._of_node(node, when, Kind.NODE_NOT_READY)
        up = f"{at(when) + timedelta(minutes=minutes):%a %H:%M}".lower()
        for kind in (Kind.NODE_BOOTED, Kind.NODE_READY, Kind.NODE_REBOOT_DONE):
            self._of_node(node, up, kind)

    def reboot(self, node: str, when: str, until: str) -> None:
        """A reboot by Daytwo: it cordons the node, restarts it two minutes later, and uncordons it."""
        self.cordon(node, when, until)
        self.restart(node, f"{at(when) + timedelta(minutes=2):%a %H:%M}".lower())

    def click(self, user: str, when: str, text: str, action: str = "approve") -> None:
        """A person clicks a button in a message with this text."""
        self.add(when, Kind.BUTTON_CLICKED, user=user, action=action, text=text)

    def evicted(self, node: str, when: str, notice_s: int = 0) -> None:
        """A spot node is evicted `notice_s` seconds after its notice."""
        if notice_s:
            self._of_node(node, when, Kind.SPOT_NOTICE, event=node)
        lost = f"{when}:{notice_s:02}" if notice_s else when
        self._of_node(node, lost, Kind.SPOT_EVICTED, event=node)
        self._of_node(node, lost, Kind.NODE_LEFT)

    def _of_node(self, node: str, when: str, kind: Kind, **detail: Scalar) -> None:
        name, pool, number = node.split("/")
        self.add(when, kind, name, pool, f"{pool}-{number}", **detail)

    def verdict(
        self,
        config: str = CONFIG,
        end: datetime = SUNDAY,
        clicks: Sequence[AwakeOverride] = (),
        *,
        calendars: Mapping[str, str] | None = None,
    ) -> Verdict:
        """The oracle's verdict for the week."""
        return judge(config, self.fleet, self.journal, MONDAY, end, overrides=clicks, calendars=calendars)

    def earliest(self, cluster: str, config: str = CONFIG) -> datetime:
        """The earliest time at which the upgrade of the cluster's eligible pool could have started."""
        (pool,) = (pool for pool in self.verdict(config).eligible if pool.cluster == cluster)
        return pool.earliest
