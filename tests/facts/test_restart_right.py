"""When Azure is asked what the bot may do, and what follows from a refusal to say it."""

from ops.facts import FactQuery
from ops.facts.restart_right import gather
from ops.model.fleet import Cluster, Unknown
from ops.model.restart_right import DenyAssignment, Lock, PermissionSet, Principal, RestartRight
from ops.ports.errors import DeniedError, OutsideError, RejectedError, ThrottledError, TryLaterError
from tests.driving import NIGHT, manual_request, start
from tests.engine.worlds import world_with_all_operations
from tests.fakes import World, machines_of

OF_THE_BOT = DenyAssignment("no changes", (PermissionSet(("*",)),), (Principal("the-bot", "ServicePrincipal"),))
LISTS = ["deny assignments", "permissions", "locks"]


def gathered(world: World, cluster: Cluster | Unknown | None = None, *, requiring: bool = True) -> object:
    run = start(world, manual_request(world, "reboot")).record
    only = world.clusters.only
    machines = {"user1": machines_of(only, "user1")} if requiring else {}
    known = {"cluster": only if cluster is None else cluster, "machines": machines}
    return gather(FactQuery(run, world.settings, NIGHT, world.context.ports, known))


def test_the_lists_are_read_once_and_the_identity_only_for_a_deny_assignment() -> None:
    world = world_with_all_operations()
    assert gathered(world) == RestartRight()
    assert sorted(world.rights.asked) == sorted(LISTS)
    world.rights.denied = (OF_THE_BOT,)
    found = gathered(world)
    assert isinstance(found, RestartRight)
    assert "the deny assignment no changes applies to MC_rg_shop-dev_westeurope" in found.scale_set_instances
    assert world.rights.asked.count("identity") == 1


def test_nothing_is_read_if_no_node_requires_a_reboot_or_the_cluster_is_unknown() -> None:
    world = world_with_all_operations()
    assert gathered(world, requiring=False) is None
    assert gathered(world, Unknown("429")) is None
    assert world.rights.asked == []


def test_a_refusal_to_say_it_is_unchecked_and_throttling_or_an_outage_is_waited_for() -> None:
    world = world_with_all_operations()
    where = "MC_rg_shop-dev_westeurope"
    lasting: tuple[OutsideError, ...] = (DeniedError("403"), RejectedError("NoRegisteredProviderFound", "400"))
    for error in lasting:
        world.rights.refuse = dict.fromkeys(LISTS, error)
        unchecked = tuple(f"the {name} in {where}: {error}" for name in ("permissions", "deny assignments", "locks"))
        assert gathered(world) == RestartRight(unchecked=unchecked)
    for later in (ThrottledError("429", 90), TryLaterError("503", 90)):
        world.rights.refuse = {"locks": later}
        found = gathered(world)
        assert isinstance(found, Unknown)
        assert found.transient


def test_a_lock_is_known_although_the_identity_of_the_bot_is_not() -> None:
    world = world_with_all_operations()
    world.rights.denied, world.rights.locked = (OF_THE_BOT,), (Lock("keep", "ReadOnly"),)
    world.rights.refuse = {"identity": RejectedError("OpaqueToken", "opaque")}
    found = gathered(world)
    assert isinstance(found, RestartRight)
    assert "the lock keep (ReadOnly)" in found.single_machines
    assert found.unchecked == ("whether the deny assignment no changes applies to the bot's identity",)
