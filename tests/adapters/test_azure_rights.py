"""Permissions, deny assignments and locks by an unmodified SDK client, against the simulated Azure; what it lists agrees with restarts."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from ops.adapters.azure_rights import AzureRights
from ops.bootstrap import Wiring, wire
from ops.facts.machines import pool_machines
from ops.model.fleet import Node, Unknown
from ops.model.restart_right import AccessLists, DenyAssignment, Lock, PermissionSet, Principal
from ops.policy.node_identity import confirmed, match_nodes
from ops.policy.restart_right import restart_right
from ops.ports.errors import DeniedError, NotFoundError, OutsideError, RejectedError, TryLaterError
from simulator.running import Running, running_simulation
from simulator.world.scripted_faults import Refusal
from simulator.world.specs import PRINCIPAL, ClusterSpec, PoolSpec
from tests.adapters import junk
from tests.flows.fleet import fleet

CLUSTER = "/providers/Microsoft.ContainerService/managedClusters/shop-dev"
GROUP = "MC_rg_shop-dev_westeurope"
DEV = ClusterSpec("shop-dev", "westeurope", (PoolSpec("user1", 1),), resource_group="rg")
RESTARTS = (
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/restart/action",
    "Microsoft.Compute/virtualMachines/restart/action",
)
CHANGES = PermissionSet(("*/action", "*/delete", "*/write"))
EVERYONE = Principal("00000000-0000-0000-0000-000000000000", "SystemDefined")


class Stage:
    """A simulated Azure with one cluster, and the ports that read it."""

    def __init__(self, simulation: Running, wired: Wiring) -> None:
        self.simulation, self.ports = simulation, wired.ports
        self.subscription = simulation.environment["SUBSCRIPTION"]
        self.place = self.subscription, GROUP

    def refuse(self, status: int, code: str, message: str = "no") -> None:
        now = self.simulation.world.now
        fault = Refusal("shop-dev", now + timedelta(seconds=1), now + timedelta(days=1), status, code, message)
        self.simulation.world.arm(fault)
        self.simulation.advance(now + timedelta(minutes=1))

    def expected(self) -> str:
        """What the lists say about a restart of a scale set instance."""
        rights, place = self.ports.rights, self.place
        lists = AccessLists(
            GROUP,
            _read(lambda: rights.permissions(*place)),
            _read(lambda: rights.deny_assignments(*place)),
            _read(lambda: rights.locks(*place)),
            rights.identity(),
        )
        found = restart_right(lists)
        assert not isinstance(found, Unknown)
        return found.scale_set_instances

    def restart(self) -> str:
        """Restarts the cluster's first node; returns the error, or an empty text."""
        there = next(iter(self.simulation.world.clusters["shop-dev"].nodes.values()))
        of = self.ports.clusters.cluster(f"/subscriptions/{self.subscription}/resourceGroups/rg{CLUSTER}")
        node = Node(there.name, "user1", "", ready=True, provider_id=there.provider_id, uid="u1")
        matches = confirmed(match_nodes(of, (node,), pool_machines(self.ports.clusters, of)))
        try:
            self.ports.machines.begin_restart(matches[node.name])
        except OutsideError as error:
            return str(error)
        return ""


def _read(read: Any) -> Any:
    try:
        return read()
    except OutsideError as error:
        return Unknown(str(error))


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Stage]:
    spec = replace(DEV, **getattr(request, "param", {}))
    with running_simulation(fleet(spec)) as simulation, pytest.MonkeyPatch.context() as patch:
        environment = {**simulation.environment, "DAYTWO_STATE": str(tmp_path)}
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            patch.setenv(name, environment[name])
        yield Stage(simulation, wire(environment))


def test_permissions_are_read_page_by_page(stage: Stage) -> None:
    reader, reboots = stage.ports.rights.permissions(*stage.place)
    assert "Microsoft.ContainerService/managedClusters/read" in reader.actions
    assert set(RESTARTS) < set(reboots.actions)


def test_a_lock_against_deletion_does_not_refuse_a_restart(stage: Stage) -> None:
    assert stage.ports.rights.locks(*stage.place) == (Lock("cannotdelete-lock", "CanNotDelete"),)
    assert stage.ports.rights.deny_assignments(*stage.place) == ()
    assert (stage.expected(), stage.restart()) == ("", "")


def test_the_identity_is_the_object_id_in_its_token(stage: Stage) -> None:
    assert stage.ports.rights.identity() == PRINCIPAL


@pytest.mark.parametrize("stage", [{"lockdown": True}], indirect=True)
def test_a_lockdown_is_a_deny_assignment_to_everyone_but_aks(stage: Stage) -> None:
    (denial,) = stage.ports.rights.deny_assignments(*stage.place)
    aks = Principal("7319c514-987d-4e9b-ac3d-d38c4f427f4c", "ServicePrincipal")
    assert denial == DenyAssignment("AKS deny assignment", (CHANGES,), (EVERYONE,), (aks,))
    assert "AKS deny assignment" in stage.expected()
    assert "DenyAssignmentAuthorizationFailed" in stage.restart()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (409, "ScopeLocked", "the lock readonly-lock (ReadOnly) applies to MC_rg_shop-dev_westeurope"),
        (403, "DenyAssignmentAuthorizationFailed", "the deny assignment change freeze applies to MC_rg_shop"),
        (403, "AuthorizationFailed", f"no role grants {RESTARTS[0]} in MC_rg_shop-dev_westeurope"),
    ],
)
def test_what_is_listed_and_what_a_restart_is_refused_with_agree(
    stage: Stage, status: int, code: str, words: str
) -> None:
    stage.refuse(status, code, "the deny assignment with name 'change freeze'")
    assert words in stage.expected()
    assert code in stage.restart()


def test_without_the_role_deny_assignments_and_locks_are_denied(stage: Stage) -> None:
    stage.refuse(403, "AuthorizationFailed")
    for read in (stage.ports.rights.deny_assignments, stage.ports.rights.locks):
        with pytest.raises(DeniedError, match=r"listing the .* of MC_rg_shop-dev_westeurope"):
            read(*stage.place)


def test_a_group_that_does_not_exist_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFoundError):
        stage.ports.rights.locks(stage.subscription, "mc_elsewhere")


def rights_with(document: object, status: int = 200) -> AzureRights:
    endpoint, adapter = junk.endpoint()
    adapter.next = junk.Answer(status, junk.HEADERS[0], json.dumps(document).encode())
    return AzureRights(junk.Credential(), endpoint)


def test_a_deny_assignment_that_is_limited_says_so() -> None:
    denies = {"actions": ["*"], "condition": "@Resource[x] StringEquals 'y'"}
    properties = {"permissions": [denies], "principals": [{"id": "p", "type": "Group"}], "doNotApplyToChildScopes": True}  # fmt: skip
    found = rights_with({"value": [{"name": "0123", "properties": properties}]}).deny_assignments("1", "g")
    denied, principals = (PermissionSet(("*",)),), (Principal("p", "Group"),)
    assert found == (DenyAssignment("0123", denied, principals, (), inherited=False, conditional=True),)


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        ("permissions", {"actions": "*"}),
        ("permissions", {"actions": [5]}),
        ("permissions", "text"),
        ("deny_assignments", {"properties": {"permissions": []}}),
        ("deny_assignments", {"properties": {"permissions": [], "principals": [{}]}}),
        ("locks", {"name": "x"}),
    ],
)
def test_an_entry_of_another_shape_may_be_readable_later(kind: str, entry: object) -> None:
    with pytest.raises(TryLaterError, match="the answer cannot be read"):
        getattr(rights_with({"value": [entry]}), kind)("1", "g")


class _Gives:
    """A credential with this token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken(self.token, 4_000_000_000)


def claims(value: object) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip('=')}.x"


def test_a_token_that_does_not_name_the_identity_is_a_lasting_answer() -> None:
    assert AzureRights(_Gives(claims({"oid": "b7"}))).identity() == "b7"
    for token in ("opaque", "a.b.c", "a.!!.c", claims({}), claims([]), claims(5)):
        with pytest.raises(RejectedError, match="its token does not contain it"):
            AzureRights(_Gives(token)).identity()
