"""Which restarts Azure would refuse, by its lists, and what stays unchecked (docs/reboot.md, rule 7)."""

from dataclasses import replace

import pytest

from ops.model.fleet import Unknown
from ops.model.restart_right import AccessLists, DenyAssignment, Lock, PermissionSet, Principal, RestartRight
from ops.policy.restart_right import grants, restart_right

INSTANCE = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/restart/action"
SINGLE = "Microsoft.Compute/virtualMachines/restart/action"
ROLE = PermissionSet((INSTANCE, SINGLE))
BOT = Principal("B0T", "ServicePrincipal")
EVERYONE = Principal("00000000-0000-0000-0000-000000000000", "SystemDefined")
OTHER = Principal("other", "ServicePrincipal")
GROUP = Principal("g", "Group")
DENIAL = DenyAssignment("no changes", (PermissionSet(("*",), ("*/read",)),), (EVERYONE,))
NO_ROLE = (
    "no role grants {} in mc_g: assign the role Daytwo reboots with the command that `daytwo role-assignments` prints"
)
DENIED = "the deny assignment no changes applies to mc_g: exclude the bot's identity from it, or ask its owner"
LOCKED = "the lock keep (ReadOnly) applies to mc_g: remove it, or ask its owner"
FREE = AccessLists("mc_g", (ROLE,), (), (), "b0t")
DENIED_READ = Unknown("403")


def right(**lists: object) -> RestartRight | Unknown:
    return restart_right(replace(FREE, **lists))  # type: ignore[arg-type]  # fields by name


def test_a_role_that_grants_restarts_is_enough() -> None:
    assert right() == RestartRight()


@pytest.mark.parametrize(
    ("actions", "not_actions", "granted"),
    [
        (("*",), (), True),
        (("MICROSOFT.COMPUTE/virtualmachines/Restart/Action",), (), True),
        (("Microsoft.Compute/*",), (), True),
        (("Microsoft.Compute/*/restart/action",), (), True),
        (("*/action",), (), True),
        (("Microsoft.Compute/virtualMachines/*/action",), (), True),
        (("*",), ("Microsoft.Compute/virtualMachines/*",), False),
        (("*",), ("*/restart/action",), False),
        (("*",), ("*/read", "Microsoft.Network/*"), True),
        (("Microsoft.Compute/virtualMachines/restart",), (), False),
        (("Microsoft.Compute/virtualMachines/restart/action/",), (), False),
        (("*/read",), (), False),
        (("Microsoft.Compute/virtualMachines/restart/action*action",), (), False),
        (("Microsoft.Compute/virtualMachines*Machines/restart/action",), (), False),
        (("",), (), False),
        ((), (), False),
    ],
)
def test_actions_are_compared_as_azure_compares_them(
    actions: tuple[str, ...], not_actions: tuple[str, ...], *, granted: bool
) -> None:
    assert grants((PermissionSet(actions, not_actions),), SINGLE) is granted


def test_what_one_role_leaves_out_another_can_grant() -> None:
    assert grants((PermissionSet(("*",), ("*/action",)), ROLE), SINGLE)


def test_a_pattern_of_many_stars_is_compared_in_no_time() -> None:
    assert not grants((PermissionSet(("*a" * 20_000,)),), "a" * 10_000)


def test_a_missing_role_is_named_by_the_kind_of_machine() -> None:
    assert right(permissions=()) == RestartRight(NO_ROLE.format(INSTANCE), NO_ROLE.format(SINGLE))
    assert right(permissions=(PermissionSet((SINGLE,)),)) == RestartRight(NO_ROLE.format(INSTANCE), "")


@pytest.mark.parametrize(
    ("level", "refusal"),
    [("ReadOnly", LOCKED), ("readonly", LOCKED), ("CanNotDelete", ""), ("NotSpecified", "")],
)
def test_only_a_lock_against_changes_refuses_a_restart(level: str, refusal: str) -> None:
    assert right(locks=(Lock("keep", level),)) == RestartRight(refusal, refusal)


@pytest.mark.parametrize(
    ("change", "applies"),
    [
        ({}, True),
        ({"principals": (BOT,)}, True),
        ({"principals": (OTHER, EVERYONE)}, True),
        ({"principals": (OTHER,)}, False),
        ({"principals": ()}, False),
        ({"principals": (GROUP,)}, None),
        ({"excluded": (BOT,)}, False),
        ({"excluded": (OTHER,)}, True),
        ({"excluded": (EVERYONE,)}, False),
        ({"excluded": (OTHER, GROUP)}, None),
        ({"principals": (GROUP,), "excluded": (BOT,)}, False),
        ({"principals": (OTHER,), "excluded": (GROUP,)}, False),
        ({"conditional": True}, None),
        ({"conditional": True, "principals": (OTHER,)}, False),
        ({"inherited": False}, False),
        ({"denied": (PermissionSet(("*/delete",)),)}, False),
        ({"denied": ()}, False),
    ],
)
def test_a_deny_assignment_refuses_restarts_if_it_applies_to_the_bot(
    change: dict[str, object], *, applies: bool | None
) -> None:
    denial = replace(DENIAL, **change)  # type: ignore[arg-type]  # fields by name
    unchecked = ("whether the deny assignment no changes applies to the bot's identity",)
    expected = {
        True: RestartRight(DENIED, DENIED),
        False: RestartRight(),
        None: RestartRight(unchecked=unchecked),
    }
    assert right(deny_assignments=(denial,)) == expected[applies]


def test_without_its_identity_only_what_holds_for_everyone_is_certain() -> None:
    unknown = Unknown("its token is opaque")
    assert right(deny_assignments=(DENIAL,), identity=unknown) == RestartRight(DENIED, DENIED)
    for denial in (replace(DENIAL, principals=(OTHER,)), replace(DENIAL, excluded=(OTHER,))):
        found = right(deny_assignments=(denial,), identity=unknown)
        assert found == RestartRight(
            unchecked=("whether the deny assignment no changes applies to the bot's identity",)
        )


def test_lists_that_the_identity_may_not_read_do_not_stop_a_reboot_and_are_named() -> None:
    found = right(permissions=DENIED_READ, deny_assignments=DENIED_READ, locks=DENIED_READ, identity=DENIED_READ)
    assert found == RestartRight(
        unchecked=(
            "the permissions in mc_g: 403",
            "the deny assignments in mc_g: 403",
            "the locks in mc_g: 403",
        )
    )


def test_one_list_is_enough_to_know_a_refusal() -> None:
    locked = right(permissions=DENIED_READ, deny_assignments=DENIED_READ, locks=(Lock("keep", "ReadOnly"),))
    assert isinstance(locked, RestartRight)
    assert (locked.scale_set_instances, len(locked.unchecked)) == (LOCKED, 2)
    missing = right(permissions=(), deny_assignments=DENIED_READ, locks=DENIED_READ)
    assert isinstance(missing, RestartRight)
    assert (missing.single_machines, len(missing.unchecked)) == (NO_ROLE.format(SINGLE), 2)


@pytest.mark.parametrize("part", ["permissions", "deny_assignments", "locks", "identity"])
def test_a_list_that_may_be_readable_later_makes_everything_unknown(part: str) -> None:
    later = Unknown("429", transient=True, retry_after_s=30)
    assert right(**{part: later}) == later


def test_a_long_name_is_cut() -> None:
    found = right(locks=(Lock("x" * 5_000, "ReadOnly"),))
    assert isinstance(found, RestartRight)
    assert len(found.scale_set_instances) < 250
