"""What Azure lists about restarts before a node is cordoned: roles, deny assignments and locks."""

from ops.engine.activities.assess import decide_now
from ops.engine.preview import preview_run
from ops.model.restart_right import DenyAssignment, Lock, PermissionSet, Principal
from ops.model.run import State
from ops.ports.errors import DeniedError, RejectedError, ThrottledError
from ops.render.commands import decision_text
from tests.driving import NIGHT, AzureRestarts, run_request, start, start_due
from tests.engine.worlds import NODE, world_with_all_operations
from tests.fakes import World
from tests.fakes.azure import FakeRights
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe


def _world() -> World:
    """A world in which a node requires a reboot."""
    world = world_with_all_operations(env="test")
    world.nodes.change(NODE, annotations={"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"})
    return world


@situation("A deny assignment refuses restarts, and was never met before", Kind.FEASIBLE, reported=True)
def restart_denial_listed() -> Observed:
    everyone = Principal("00000000-0000-0000-0000-000000000000", "SystemDefined")
    denial = DenyAssignment("no changes", (PermissionSet(("*/action",), ("*/read",)),), (everyone,))
    return _refusal_listed(FakeRights(denied=(denial,)))


@situation("A ReadOnly lock refuses restarts, and was never met before", Kind.FEASIBLE)
def restart_lock_listed() -> Observed:
    return _refusal_listed(FakeRights(locked=(Lock("keep", "ReadOnly"),)))


@situation("The role for reboots was not assigned in the cluster's node resource group", Kind.FEASIBLE)
def restart_role_missing() -> Observed:
    return _refusal_listed(FakeRights(granted=(PermissionSet(("*/read",)),)))


def _refusal_listed(rights: FakeRights) -> Observed:
    world = _world()
    world.rights, world.machines.refuse = rights, RejectedError("X", "no restart must be tried")
    for day in range(16, 20):
        world.clock.at = world.clock.at.replace(day=day, hour=23, minute=0)
        start_due(world)
    assert (world.nodes.marks, world.nodes.evicted, world.chat.posts) == ([], [], 1), "nothing is cordoned, told once"
    return observe(world)


@situation("The bot may not read what would refuse a restart", Kind.MISSING)
def rights_unreadable() -> Observed:
    world = _world()
    denied = DeniedError("listing: AuthorizationFailed")
    world.rights.refuse = dict.fromkeys(("permissions", "deny assignments", "locks"), denied)
    decision, _ = decide_now(
        world.context, preview_run(world.clusters.only, NIGHT, "reboot"), world.settings, world.clock.at
    )
    run = start(world, run_request(world, "reboot", "2026-11-16"))
    assert run.to_end(AzureRestarts(world)).state is State.DONE
    return observe(world, says=[decision_text(decision)])


@situation("Azure throttles the list of locks before a reboot", Kind.MISSING)
def locks_throttled() -> Observed:
    world = _world()
    world.rights.refuse = {"locks": ThrottledError("listing the locks: 429")}
    run = start(world, run_request(world, "reboot", "2026-11-16"))
    run.engine.run_until_idle()
    assert (run.record.state, world.nodes.marks) == (State.WAITING, [])
    return observe(world)
