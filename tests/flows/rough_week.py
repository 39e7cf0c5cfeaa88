"""A random fleet's week, during which every service fails at times: the result, and how often each kind of event occurred."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ops.adapters.sqlite_store import SqliteStore
from ops.model.run import Rollout, Run
from ops.policy.leases import alive
from ops.tables.leases import leases
from ops.tables.messages import messages
from ops.tables.runs import rollouts, runs
from simulator.faults import Faults, Surface, faults_of
from simulator.fleets import START, random_fleet
from simulator.oracle import judge
from simulator.running import Running, running_simulation
from simulator.world.journal import Kind
from simulator.world.specs import PRINCIPAL, ClusterSpec, FleetSpec
from tests.configurations import PAIRED_RINGS, TO_SLACK, nights
from tests.flows.bot import Bot

SUNDAY = datetime.fromisoformat("2026-11-22T21:00:00Z")
# Longer than the calm hour, so that it lasts past midnight in Amsterdam, when the week ends for observed clusters.
CALM_AGAIN = SUNDAY + timedelta(hours=3)
WEEK = "2026-w47"
CLUSTERS = 4
# The services that the configuration below makes the bot use.
SURFACES = (Surface.ARM, Surface.KUBERNETES, Surface.SLACK, Surface.EVENTS)
CONFIG = (
    PAIRED_RINGS
    + nights("Europe/Amsterdam")
    + """\
node-image: {window: nights, proven-for: 1d, proven-awake: 12h, proven-nodes: 1, start-stopped-clusters: true, failure-budget: 1}
"""
    + TO_SLACK
)


@dataclass(frozen=True, slots=True)
class RoughWeek:
    """The collections that must be empty, and how often each precondition was met."""

    violations: tuple[str, ...]
    messages_wrong: tuple[str, ...]
    leases_held: tuple[str, ...]
    not_ended: tuple[str, ...]
    fired: Counter[str]
    occurred: Counter[str]


@cache
def rough_week(seed: int) -> RoughWeek:
    """Simulate the week. The same seed yields the same fleet and the same fault rates."""
    spec = _small(random_fleet(seed, CLUSTERS))
    with (
        TemporaryDirectory() as folder,
        running_simulation(spec, seed, faults="rough", fault_surfaces=SURFACES) as simulation,
    ):
        fired = simulation.simulation.faults
        asyncio.run(_simulate(simulation, Path(folder), "cloudevents" if seed % 2 else "eventgrid"))
        return _judge(simulation, Path(folder), spec, fired, seed)


def _small(spec: FleetSpec) -> FleetSpec:
    """The same fleet, reduced to two nodes per pool and one cluster that Daytwo does not manage, because the subject is faults."""

    def smaller(cluster: ClusterSpec) -> ClusterSpec:
        return replace(cluster, pools=tuple(replace(pool, nodes=min(pool.nodes, 2)) for pool in cluster.pools))

    *ours, last = map(smaller, spec.clusters)
    return replace(spec, clusters=(*(replace(cluster, node_os_channel="None") for cluster in ours), last))


async def _simulate(simulation: Running, folder: Path, schema: str) -> None:
    async with Bot(simulation, folder, CONFIG, schema=schema) as bot:
        await bot.run_until(SUNDAY)
        simulation.simulation.faults = Faults("none", 0)
        await bot.run_until(CALM_AGAIN)


def _judge(simulation: Running, folder: Path, spec: FleetSpec, faults: Faults, seed: int) -> RoughWeek:
    world = simulation.world
    store = SqliteStore(folder / "store.sqlite")
    verdict = judge(CONFIG, spec, world.journal.entries, START, SUNDAY, seed=seed)
    occurred = Counter(
        f"{entry.detail['what']} begun"
        for entry in world.journal.of(Kind.OPERATION_BEGUN)
        if entry.detail["who"] == PRINCIPAL
    )
    wrong = tuple(wrong_messages(simulation, store))
    occurred["messages"] = len(list(messages(store).scan()))
    occurred["runs that took their leases"] = sum(stored.value.began is not None for stored in runs(store).scan())
    occurred["events delivered"] = simulation.simulation.delivery.delivered
    ended: list[Run | Rollout] = [
        *(stored.value for stored in runs(store).scan()),
        *(stored.value for stored in rollouts(store).scan()),
    ]
    occurred["runs and rollouts"] = len(ended)
    held = tuple(
        f"{stored.key}: {holder.run}" for stored in leases(store).scan() for holder in alive(stored.value, CALM_AGAIN)
    )
    not_ended = tuple(f"{one.id}: {one.state}: {one.why}" for one in ended if WEEK in one.id and not one.state.is_final)
    return RoughWeek(verdict.violations, wrong, held, not_ended, _fired(faults), occurred)


def wrong_messages(simulation: Running, store: SqliteStore) -> Sequence[str]:
    """Messages that are missing, duplicated, or not in their desired state."""
    shown: dict[str, list[list[object]]] = {}
    channels: Any = simulation.control("/slack")["channels"]
    for message in (each for channel in channels for each in channel["messages"]):
        key = message["metadata"]["event_payload"]["key"]
        shown.setdefault(key, []).append([message["text"], message["blocks"]])
    wanted: dict[str, list[list[object]]] = {}
    for record in (stored.value for stored in messages(store).scan()):
        content = json.loads(store.get_content(record.content_ref))
        wanted[record.subject] = [[content["text"], content["blocks"]]]
    return [
        f"{key}: wanted {wanted.get(key)}, shown {shown.get(key)}"
        for key in wanted | shown
        if wanted.get(key) != shown.get(key)
    ]


def _fired(faults: Faults) -> Counter[str]:
    return Counter(
        {f"{surface} {fault}": faults.counts[surface, fault] for surface in SURFACES for fault in faults_of(surface)}
    )
