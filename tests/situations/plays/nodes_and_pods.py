"""Nodes that a reboot drains, and the pods on them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from ops.model.fleet import CORDON_STAMP
from ops.model.run import Run, State
from ops.model.workload import DisruptionBudget, Pod
from ops.ports.errors import BusyError, RejectedError
from ops.ports.kubernetes import EvictionResult
from tests.driving import AzureRestarts, run_request, start
from tests.engine.worlds import NODE, world_with_all_operations
from tests.fakes import World
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe

_OTHER = "aks-user1-2"
_REQUIRED = {"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"}
_GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/MC_rg_shop-dev_westeurope"
_BLOCKED = EvictionResult("blocked", "The disruption budget web needs 3 healthy pods and has 3 currently")
_ENDING = "unable to create new content in namespace shop because it is being terminated"


def _world(*nodes: str, **pod: object) -> World:
    """A world in which these nodes require a reboot. `pod` are changes of the second pod on the first node."""
    world = world_with_all_operations(env="test")
    for name in nodes or (NODE,):
        world.nodes.change(name, annotations=_REQUIRED, uid=f"uid-{name}")
    first, second, third = world.nodes.running["shop-dev"]
    world.nodes.running["shop-dev"] = (first, replace(second, **pod), third)  # type: ignore[arg-type]  # fields by name
    return world


def _night(world: World, day: int = 16, meanwhile: Callable[[str], None] | None = None) -> Run:
    world.clock.at = max(world.clock.at, world.clock.at.replace(day=day, hour=23, minute=0))
    return start(world, run_request(world, "reboot", f"2026-11-{day}")).to_end(meanwhile or AzureRestarts(world))


@situation("The namespace of a pod is being deleted (403 `NamespaceTerminating`)", Kind.REFUSED, reported=True)
def namespace_terminating() -> Observed:
    world = _world()
    world.nodes.dry_answers["web-1"] = BusyError(_ENDING)
    world.nodes.answers["web-1"] = EvictionResult("refused", f"evicting shop/web-1: {_ENDING}")
    run = _night(world)
    assert _ENDING in run.why
    assert "ClusterRole" not in run.remedy
    return observe(world)


@situation("A pod with a finalizer has been terminating for a week", Kind.FEASIBLE, reported=True)
def stuck_pod() -> Observed:
    ended = world_with_all_operations().clock.at - timedelta(days=7)
    world = _world(deleting=True, ends=ended, finalizers=("example.com/report",))
    _night(world)
    assert world.nodes.marks == []
    return observe(world)


@situation("A pod tolerates the cordon, so that its replacement would come back", Kind.ASK_KUBERNETES, reported=True)
def tolerates_cordon() -> Observed:
    world = _world(tolerates_cordon=True)
    assert (_night(world).state, sorted(world.nodes.evicted)) == (State.DONE, ["web-0", "web-2"])
    return observe(world)


@situation("The template of a pod names the cordoned node (`spec.nodeName`), so its pods come back", Kind.LOOK_AGAIN)
def pods_come_back() -> Observed:
    world = _world()
    world.nodes.running["shop-dev"] = world.nodes.running["shop-dev"][:1]

    def come_back(_: str) -> None:
        if not world.nodes.running["shop-dev"]:
            pod = Pod(
                "shop", "web-0", f"u{len(world.nodes.evicted)}", NODE, "Running", ready=True, owner_kind="Rollout"
            )
            world.nodes.running["shop-dev"] = (replace(pod, created=world.clock.at),)

    assert _night(world, meanwhile=come_back).code == "PodComesBack"
    assert len(world.nodes.evicted) <= 6
    return observe(world)


@situation("Someone uncordons the node during the drain", Kind.LOOK_AGAIN, reported=True)
def uncordoned_during_the_drain() -> Observed:
    world = _world()
    world.nodes.answers = {f"web-{n}": _BLOCKED for n in range(3)}

    def uncordon(activity: str) -> None:
        if activity == "poll":
            world.nodes.change(NODE, unschedulable=False)

    assert _night(world, meanwhile=uncordon).code == "Uncordoned"
    assert len(world.nodes.evicted) == 3
    return observe(world)


@situation("Someone uncordons the node between the drain and the restart", Kind.LOOK_AGAIN, reported=True)
def uncordoned_before_the_restart() -> Observed:
    world = _world()

    def uncordon(activity: str) -> None:
        if activity == "verify" and len(world.nodes.evicted) == 3:
            world.nodes.change(NODE, unschedulable=False)

    assert _night(world, meanwhile=uncordon).code == "Uncordoned"
    assert world.machines.restarted == []
    return observe(world)


@situation("Another controller takes over the cordon during the drain", Kind.LOOK_AGAIN)
def cordon_changes_hands() -> Observed:
    world = _world()
    world.nodes.answers = {f"web-{n}": _BLOCKED for n in range(3)}

    def take_over(activity: str) -> None:
        if activity == "poll":
            world.nodes.change(NODE, annotations={**_REQUIRED, CORDON_STAMP: "another-owner"})

    _night(world, meanwhile=take_over)
    assert world.nodes.marks == [f"cordon {NODE}"]
    return observe(world)


@situation(
    "A pod under an exhausted PDB is not Ready, and the PDB always lets such pods go",
    Kind.ASK_KUBERNETES,
    reported=True,
)
def unready_pods_may_go() -> Observed:
    world = _world()
    world.nodes.running["shop-dev"] = tuple(replace(pod, ready=False) for pod in world.nodes.running["shop-dev"])
    world.nodes.protecting["shop-dev"] = (DisruptionBudget("shop", "web", {}, 0, 0, 3, 3, always_allows_unready=True),)
    assert _night(world).state is State.DONE
    return observe(world)


@situation("A pod under two PDBs is pending, another is terminating", Kind.ASK_KUBERNETES, reported=True)
def ignored_budgets() -> Observed:
    world = _world()
    first, second, _ = world.nodes.running["shop-dev"]
    world.nodes.running["shop-dev"] = (replace(first, phase="Pending", ready=False), second)
    twice = (
        DisruptionBudget("shop", "a", {"x": "1"}, 0, 0, 1, 1),
        DisruptionBudget("shop", "b", {"x": "1"}, 0, 0, 1, 1),
    )
    world.nodes.running["shop-dev"] = tuple(
        replace(pod, labels={"x": "1"} if pod.phase == "Pending" else {}) for pod in world.nodes.running["shop-dev"]
    )
    world.nodes.protecting["shop-dev"] = twice
    assert _night(world).state is State.DONE
    return observe(world)


@situation("Two PDBs cover a pod, which only the API server can know", Kind.ASK_KUBERNETES)
def several_budgets() -> Observed:
    world = _world(NODE, _OTHER)
    world.nodes.dry_answers["web-1"] = EvictionResult("several", "This pod has more than one PodDisruptionBudget")
    assert (_night(world).state, world.machines.restarted) == (State.DONE, [_OTHER])
    return observe(world)


@situation("An admission webhook denies the eviction of a pod", Kind.ASK_KUBERNETES)
def webhook_denies() -> Observed:
    world = _world()
    world.nodes.dry_answers["web-1"] = RejectedError(
        "Forbidden", 'admission webhook "keep.example.com" denied the request'
    )
    _night(world)
    assert world.nodes.marks == []
    return observe(world)


@situation("A lock refuses the restart of a drained node, night after night", Kind.FEASIBLE, reported=True)
def restart_locked() -> Observed:
    return _restart_refused(RejectedError("ScopeLocked", "restarting: ScopeLocked: the scope mc_rg is locked"))


@situation("A deny assignment refuses the restart of a drained node, night after night", Kind.FEASIBLE, reported=True)
def restart_denied() -> Observed:
    words = "restarting: DenyAssignmentAuthorizationFailed: access is denied because of the deny assignment"
    return _restart_refused(RejectedError("DenyAssignmentAuthorizationFailed", words))


def _restart_refused(error: RejectedError) -> Observed:
    world = _world()
    world.machines.refuse = error
    for day in range(16, 20):
        _night(world, day)
    assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"], "only the first night drains the node"
    return observe(world)


@situation("A node of a pool of single VMs requires a reboot", Kind.FEASIBLE, reported=True)
def single_vm() -> Observed:
    world = _world()
    provider = f"azure://{_GROUP}/providers/Microsoft.Compute/virtualMachines/{NODE}"
    world.nodes.change(NODE, provider_id=provider)
    _night(world)
    assert world.nodes.marks == [], "ARM lists a scale set instance of this name, not this VM"
    return observe(world)


@situation("A virtual node without a provider ID requires a reboot", Kind.FEASIBLE, reported=True)
def virtual_node() -> Observed:
    world = _world()
    world.nodes.change(NODE, provider_id="")
    _night(world)
    assert world.nodes.marks == []
    return observe(world)


@situation("The first node cannot be drained in any night", Kind.FEASIBLE, reported=True)
def first_node_fails() -> Observed:
    world = _world(NODE, _OTHER)
    world.nodes.answers["web-1"] = _BLOCKED
    _night(world, 16)
    _night(world, 17)
    assert world.machines.restarted == [_OTHER]
    return observe(world)


@situation("The node is registered again under its name before the drain", Kind.IDENTITY)
def registered_again() -> Observed:
    world = _world()

    def replace_node(activity: str) -> None:
        if world.nodes.marks and activity == "begin" and not world.nodes.evicted:
            world.nodes.change(NODE, uid="another", annotations={}, unschedulable=False)

    _night(world, meanwhile=replace_node)
    assert (world.nodes.evicted, world.machines.restarted) == ([], [])
    return observe(world)
