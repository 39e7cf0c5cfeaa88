"""A restart that Azure would refuse is known before the first cordon: reported once, and once when it is over."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.restart_right import DenyAssignment, Lock, PermissionSet, Principal
from ops.model.run import Run, State
from ops.ports.errors import DeniedError, RejectedError, TryLaterError
from ops.tables.runs import runs
from tests.driving import NIGHT, AzureRestarts, manual_request, start, start_due
from tests.engine.worlds import NODE, world_with_all_operations
from tests.fakes import World
from tests.fakes.azure import FakeRights

REQUIRED = {"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"}
EVERYONE = Principal("00000000-0000-0000-0000-000000000000", "SystemDefined")
DENIAL = DenyAssignment("no changes", (PermissionSet(("*/action",)),), (EVERYONE,))
REFUSED = "its restart would be refused: "
LISTED = "(by what Azure lists, no restart was tried)"


def world_with_required_reboot(*nodes: str, rights: FakeRights | None = None) -> World:
    world = world_with_all_operations(env="test")
    world.rights = rights or FakeRights()
    for name in nodes or (NODE,):
        world.nodes.change(name, annotations=REQUIRED)
    return world


def reboot(world: World) -> Run:
    return start(world, manual_request(world, "reboot")).to_end(AzureRestarts(world))


def shown(world: World) -> list[str]:
    return [str(content["text"]) for content in world.chat.shown.values()]


@pytest.mark.parametrize(
    ("rights", "words"),
    [
        (FakeRights(denied=(DENIAL,)), "the deny assignment no changes applies to MC_rg_shop-dev_westeurope"),
        (FakeRights(locked=(Lock("keep", "ReadOnly"),)), "the lock keep (ReadOnly) applies to MC_rg_shop-dev_westeurope"),
        (FakeRights(granted=()), "no role grants Microsoft.Compute/virtualMachineScaleSets/virtualMachines/restart/action"),
    ],
)  # fmt: skip
def test_no_node_is_cordoned_or_drained_even_if_a_person_starts_the_reboot(rights: FakeRights, words: str) -> None:
    world = world_with_required_reboot(NODE, "aks-user1-2", rights=rights)
    run = reboot(world)
    assert (run.state, world.nodes.marks, world.nodes.evicted, world.machines.restarted) == (State.SKIPPED, [], [], [])
    assert [(skip.what, skip.code, skip.needs_person) for skip in run.skips] == [
        (NODE, "restart-refused", True),
        ("aks-user1-2", "restart-refused", True),
    ]
    assert all(skip.why.startswith(f"{REFUSED}{words}") and skip.why.endswith(LISTED) for skip in run.skips)


def test_a_deny_assignment_is_reported_once_and_once_when_it_is_over() -> None:
    world = world_with_required_reboot(rights=FakeRights(denied=(DENIAL,)))
    for _ in range(3):
        start_due(world)
        world.clock.advance(hours=1)
    assert shown(world) == ["◆ Reboots · shop-dev · waiting for a person · needs you"]
    assert f"{NODE}: {REFUSED}the deny assignment no changes" in str(next(iter(world.chat.shown.values())))
    assert (world.chat.posts, list(runs(world.store).scan())) == (1, [])
    world.rights.denied = (replace(DENIAL, excluded=(Principal("the-bot"),)),)
    start_due(world)
    assert "✓ Reboots · shop-dev · nothing is blocked anymore · done" in shown(world)
    assert [stored.value.runbook for stored in runs(world.store).scan()] == ["reboot"]


def test_a_refusal_that_a_restart_met_is_not_reported_a_second_time() -> None:
    world = world_with_required_reboot()
    world.machines.refuse = RejectedError("ScopeLocked", "restarting: ScopeLocked: the scope is locked")
    reboot(world)
    assert len(world.nodes.marks) == 2
    posts = world.chat.posts
    world.rights.locked = (Lock("keep", "ReadOnly"),)
    world.clock.at = NIGHT + timedelta(days=1)
    start_due(world)
    assert (world.chat.posts, len(list(runs(world.store).scan()))) == (posts, 1)


def test_a_refusal_that_is_still_listed_after_its_pause_of_a_week_costs_no_second_drain() -> None:
    world = world_with_required_reboot()
    world.machines.refuse = RejectedError("ScopeLocked", "restarting: ScopeLocked: the scope is locked")
    reboot(world)
    for locked, started in (((Lock("keep", "ReadOnly"),), 1), ((), 2)):
        world.rights.locked = locked
        world.clock.at = NIGHT + timedelta(days=8)
        start_due(world)
        assert len(list(runs(world.store).scan())) == started


def test_an_identity_that_may_not_read_the_lists_reboots_as_before_and_the_plan_says_what_is_unchecked() -> None:
    world = world_with_required_reboot()
    denied = DeniedError("listing: AuthorizationFailed")
    world.rights.refuse = dict.fromkeys(("permissions", "deny assignments", "locks"), denied)
    warnings: list[str] = []
    driven = start(world, manual_request(world, "reboot"))
    restarts = AzureRestarts(world)

    def meanwhile(activity: str) -> None:
        plan = driven.record.plan
        warnings[:] = plan.warnings if plan is not None and plan.steps else warnings
        restarts(activity)

    assert (driven.to_end(meanwhile).state, world.machines.restarted) == (State.DONE, [NODE])
    assert "".join(warnings) == (
        "not checked before the drain: the permissions in MC_rg_shop-dev_westeurope: listing: AuthorizationFailed; "
        "the deny assignments in MC_rg_shop-dev_westeurope: listing: AuthorizationFailed; "
        "the locks in MC_rg_shop-dev_westeurope: listing: AuthorizationFailed"
    )


def test_a_list_that_cannot_be_read_now_is_waited_for_before_the_cordon() -> None:
    world = world_with_required_reboot()
    world.rights.refuse = {"locks": TryLaterError("listing the locks: 503")}
    run = start(world, manual_request(world, "reboot"))
    run.engine.run_until_idle()
    assert (run.record.state, run.record.why, world.nodes.marks) == (
        State.WAITING,
        "the right to restart machines could not be read: listing the locks: 503",
        [],
    )
    assert run.record.until == world.clock.at + timedelta(minutes=5)
    world.rights.refuse = {}
    assert run.to_end(AzureRestarts(world)).state is State.DONE
