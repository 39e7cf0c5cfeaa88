"""Sorts of clusters and pools, second drivers, and states that last."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.endpoints.timers import every_hour
from ops.engine.preview import behind_counted, preview_pools
from ops.model.fleet import Cluster, Pool, Power, Unknown
from ops.model.run import Run, State
from ops.model.update_runs import FleetMembership, UpdateRun
from ops.ports.errors import DeniedError, TryLaterError
from tests.approvals.helpers import assessed, requests
from tests.approvals.story import config
from tests.driving import IN_WINDOW, AzureOperations, manual_request, run_request, start, start_due, world_with
from tests.fakes import ALL_OPERATIONS, CONFIG, NEW, OLD, World, cluster, pool
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe

_LAST = "AKSAzureLinux-V2gen2-202511.24.0"
_ASKS = "Node image version is no longer supported. Please upgrade the node image version."
_RUN = UpdateRun("…/fleets/f1/updateRuns/r7", "r7", "Running", "canary")
_DAY = datetime(2026, 11, 17, 10, tzinfo=UTC)


def _world(*pools: Pool, newest: str = NEW) -> World:
    world = world_with(cluster("shop-dev", *pools), CONFIG, IN_WINDOW)
    world.clusters.newest = newest
    return world


def _week(world: World, week: int = 47, image: str = NEW, failed: str = "") -> Run:
    """The cluster's run of a rollout."""
    run = start(world, run_request(world, period=f"2026-w{week}", rollout="rollout"))
    return run.to_end(AzureOperations(world, image=image, failed=failed))


def _planned(world: World) -> list[str]:
    """What `plan` shows."""
    shown = preview_pools(world.context, world.settings, tuple(world.clusters.fleet.values()), world.clock.at)
    notes = dict.fromkeys(note for each in shown for note in each.notes)
    rows = (f"plan: {each.pool or each.cluster}: {each.behind} · {each.next}" for each in shown)
    return [*(f"plan: {note}" for note in notes), *rows, f"plan: {behind_counted(shown)}"]


@situation("The newest image of a retired OS is a year old, and the pool runs it", Kind.CLUSTERS, reported=True)
def retired() -> Observed:
    world = _world(pool("user1", _LAST, os_sku="AzureLinux"), newest=_LAST)
    run = _week(world)
    assert world.clusters.asked == []
    assert "is its last image" in run.why
    return observe(world)


@situation("A pool is behind, but the images of its OS were removed", Kind.FEASIBLE)
def removed() -> Observed:
    world = _world(pool("user1", _LAST.replace("202511.24", "202510.05"), os_sku="AzureLinux"), newest=_LAST)
    _week(world)
    assert world.clusters.asked == []
    return observe(world)


@situation("The newest image of an OS that Daytwo does not know is half a year old", Kind.CLUSTERS)
def frozen() -> Observed:
    old = "AKSBottle-V1gen2-202605.04.0"
    world = _world(pool("user1", old, os_sku="Bottle"), newest=old)
    run = _week(world)
    assert "days old" in run.why
    return observe(world)


@situation("A pool runs `AKSUbuntu-1804gen2containerd-2022.10.03`", Kind.SPELLING, reported=True)
def old_name() -> Observed:
    world = _world(pool("user1", "AKSUbuntu-1804gen2containerd-2022.10.03"))
    planned = _planned(world)
    assert _week(world).state is State.DONE
    return observe(world, says=planned)


@situation("A pool runs an image whose name cannot be read", Kind.SPELLING)
def unreadable_name() -> Observed:
    world = _world(pool("user1", "AKSUbuntu:1604:2020.10.08"))
    planned = _planned(world)
    assert planned[-1] == "plan: 1 of 1 pools are behind"
    assert _week(world).state is State.DONE
    return observe(world, says=planned)


def _left_out(kind: str = "VirtualMachineScaleSets", mode: str = "User") -> Observed:
    world = _world(pool("user1"), pool("other", type=kind, mode=mode))
    planned = _planned(world)
    assert _week(world).state is State.DONE
    assert world.clusters.asked == ["upgrade user1"]
    return observe(world, says=planned)


@situation("A pool is an availability set", Kind.FEASIBLE, reported=True)
def availability_set() -> Observed:
    return _left_out("AvailabilitySet")


@situation("A pool has the mode `Machines`", Kind.FEASIBLE, reported=True)
def machines() -> Observed:
    return _left_out(mode="Machines")


@situation("A pool has a type that did not exist when Daytwo was written", Kind.FEASIBLE)
def unknown_type() -> Observed:
    return _left_out("FlexNodes")


@situation("A pool is stopped, as recorded: no nodes, power state `Stopped`", Kind.CLUSTERS, reported=True)
def stopped_pool() -> Observed:
    world = _world(pool("user1"), pool("user2", count=0, power=Power.STOPPED))
    world.nodes.listed["shop-dev"] = ()
    world.clusters.put(replace(world.clusters.only, pools=world.clusters.only.pools[1:]))
    assert _week(world).state is State.DONE
    return observe(world)


@situation(
    "A pool of virtual machines is scaled by the autoscaler, as recorded: `count: null`", Kind.CLUSTERS, reported=True
)
def virtual_machines() -> Observed:
    count = Unknown("Azure does not report how many nodes it has")
    world = _world(pool("nodepool1", type="VirtualMachines", count=count, autoscaled=True))
    assert _week(world).state is State.DONE
    return observe(world)


@situation("A pool is `Failed`, and its error requires a node image upgrade", Kind.CLUSTERS, reported=True)
def requires_upgrade() -> Observed:
    world = _world(pool("user1", provisioning_state="Failed", error_code="NodeImageNotSupported", error=_ASKS))
    run = start(world, run_request(world))
    run.to_first_step()
    plan = run.record.plan
    assert plan is not None
    assert run.to_end(AzureOperations(world)).state is State.DONE
    return observe(world, says=[f"the plan: {reason}" for reason in plan.reasons])


@situation("The upgrade that Azure requires does not repair the failed pool", Kind.REPORTED_ONCE)
def not_repaired() -> Observed:
    world = _world(pool("user1", provisioning_state="Failed", error_code="NodeImageNotSupported", error=_ASKS))
    _week(world, image=OLD, failed="NodeImageNotSupported")
    for week in (48, 49):
        world.clock.at += timedelta(days=7)
        _week(world, week)
    assert world.clusters.asked == ["upgrade user1"]
    return observe(world)


@situation("A pool has failed for another reason, week after week", Kind.REPORTED_ONCE)
def failed_pool() -> Observed:
    world = _world(pool("user1", provisioning_state="Failed", error_code="SubnetIsFull", error="The subnet is full."))
    for week in (47, 48):
        _week(world, week)
        world.clock.at += timedelta(days=7)
    assert world.clusters.asked == []
    return observe(world)


def _hours(world: World, count: int) -> None:
    for _ in range(count):
        every_hour(world.context, timedelta(days=90))
        world.clock.at += timedelta(hours=1)


@situation("A cluster is `Updating` for days", Kind.REPORTED_ONCE, reported=True)
def updating() -> Observed:
    world = world_with(cluster(provisioning_state="Updating"), CONFIG, IN_WINDOW)
    _hours(world, 60)
    return observe(world)


@situation("A cluster is `Stopping` for days, and then stopped", Kind.REPORTED_ONCE, reported=True)
def stopping() -> Observed:
    world = world_with(cluster(provisioning_state="Stopping"), CONFIG, IN_WINDOW)
    _hours(world, 30)
    world.clusters.put(cluster(running=False))
    _hours(world, 1)
    return observe(world)


@situation("A start has failed and left the cluster `Failed` and `Running`", Kind.SCHEDULES, reported=True)
def failed_and_running() -> Observed:
    world = world_with(cluster(provisioning_state="Failed"), ALL_OPERATIONS, _DAY)
    run = start(world, manual_request(world, "power")).to_end()
    _hours(world, 2)
    assert "as scheduled" not in run.why
    return observe(world)


def _forced(end: datetime | Unknown) -> Observed:
    of = cluster("shop-prod", pool("user1"), env="prod", forced_until=end)
    world = world_with(of, config("{from: platform}"))
    assessed(world)
    (request,) = requests(world)
    assert [part.plan.risk for part in request.active_parts] == ["forced"]
    return observe(world, says=_planned(world))


@situation("`forceUpgrade` is set on a cluster whose upgrade needs approval", Kind.CLUSTERS, reported=True)
def forced() -> Observed:
    return _forced(datetime(2026, 11, 17, 4, tzinfo=UTC))


@situation("`forceUpgrade` is set, and its end cannot be read", Kind.MISSING)
def forced_for_unknown() -> Observed:
    return _forced(Unknown("its end cannot be read: 'soon'"))


@situation("`forceUpgrade` is set between the plan and the upgrade", Kind.LOOK_AGAIN)
def forced_meanwhile() -> Observed:
    world = _world(pool("user1"))
    run = start(world, run_request(world))
    run.to_first_step()
    world.clusters.put(replace(world.clusters.only, forced_until=world.clock.at + timedelta(hours=6)))
    run.turns(2)
    assert world.clusters.asked == []
    run.to_end(AzureOperations(world))
    return observe(world)


def _member(world: World, state: str) -> None:
    membership = FleetMembership("f1", "dev", (replace(_RUN, state=state),), ("weekly (NodeImage)",))
    world.fleets.members = {world.clusters.only.id: membership}


def _in_update_run(state: str) -> Observed:
    world = world_with(cluster("shop-dev"), ALL_OPERATIONS, IN_WINDOW + timedelta(minutes=30))
    _member(world, state)
    start_due(world)
    _hours(world, 3)
    world.clock.at -= timedelta(hours=3)
    run = start(world, run_request(world, rollout="rollout"))
    run.turns(8)
    assert world.clusters.asked == []
    return observe(world, says=_planned(world))


@situation("An update run of the cluster's fleet is running in the window", Kind.CLUSTERS, reported=True)
def update_run() -> Observed:
    return _in_update_run("Running")


@situation("An update run of the cluster's fleet was never started", Kind.CLUSTERS)
def update_run_not_started() -> Observed:
    return _in_update_run("NotStarted")


@situation("An update run begins between the plan and the upgrade", Kind.LOOK_AGAIN)
def update_run_meanwhile() -> Observed:
    world = _world(pool("user1"))
    run = start(world, run_request(world))
    run.to_first_step()
    _member(world, "Running")
    run.turns(4)
    assert world.clusters.asked == []
    return observe(world)


def _unreadable_fleet(refusal: DeniedError | TryLaterError) -> Observed:
    world = world_with(cluster("shop-dev"), ALL_OPERATIONS, IN_WINDOW + timedelta(minutes=30))
    world.fleets.refuse = refusal
    start_due(world)
    _hours(world, 2)
    world.clock.at -= timedelta(hours=2)
    start(world, run_request(world, rollout="rollout")).turns(8)
    assert world.clusters.asked == []
    return observe(world)


@situation("A fleet is visible, but its members cannot be read for lack of a role", Kind.MISSING)
def closed_fleet() -> Observed:
    return _unreadable_fleet(DeniedError("listing the members of the fleet f1: AuthorizationFailed"))


@situation("The members of a fleet cannot be read for a while", Kind.MISSING)
def silent_fleet() -> Observed:
    return _unreadable_fleet(TryLaterError("listing the members of the fleet f1: 503"))


def _automatic() -> Cluster:
    plain = cluster("shop-dev", automatic=True, node_auto_provisioning=True, hosted_system_pools=True)
    return replace(plain, pools=())


@situation(
    "A stop and a reboot are requested for AKS Automatic with managed system pools", Kind.FEASIBLE, reported=True
)
def automatic_power() -> Observed:
    world = world_with(_automatic(), ALL_OPERATIONS, IN_WINDOW + timedelta(minutes=30))
    for runbook in ("power", "reboot"):
        assert start(world, manual_request(world, runbook)).to_end().state is State.SKIPPED
    assert (world.clusters.asked, world.nodes.marks) == ([], [])
    return observe(world, says=_planned(world))


@situation("Two clusters of one name are in the groups `rg-straße` and `rg-strasse`", Kind.IDENTITY, reported=True)
def two_groups() -> Observed:
    plain = cluster("shop-dev", pool("user1"))
    one, other = (
        replace(plain, id=plain.id.replace("/rg/", f"/{group}/"), resource_group=group)
        for group in ("rg-straße", "rg-strasse")
    )
    world = world_with(one, CONFIG, IN_WINDOW)
    world.clusters.put(other)
    run = start(world, run_request(world, of=one))
    twin = run_request(world, of=other)
    assert run.id != twin.run_id
    run.turns(6)
    states = {each.resource_group: each.provisioning_state for each in world.clusters.fleet.values()}
    assert states == {"rg-straße": "Updating", "rg-strasse": "Succeeded"}
    return observe(world)


@situation("Azure evicts all nodes of a spot pool while AKS upgrades it", Kind.CLUSTERS)
def evicted_during_the_upgrade() -> Observed:
    world = _world(pool("spot1", spot=True))
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        operations(activity)
        if activity == "verify":
            world.nodes.listed["shop-dev"] = ()

    run = start(world, run_request(world, rollout="rollout")).to_end(meanwhile)
    assert run.state is State.DONE
    return observe(world)
