"""Answers that Azure gives: refusals without an envelope, locks, answers without an operation, fields that are null."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from ops.bootstrap import Wiring, wire
from ops.model.fleet import Cluster, Power, Unknown
from ops.ports.errors import BusyError, DeniedError, RejectedError
from simulator.running import Running, running_simulation
from simulator.world.scripted_faults import AddressMissing, FieldMissing, Refusal

CLUSTER = "shop-dev"


@pytest.fixture
def simulation() -> Iterator[Running]:
    with running_simulation() as running:
        yield running


@pytest.fixture
def wired(simulation: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    environment = {**simulation.environment, "DAYTWO_STATE": str(tmp_path_factory.mktemp("state"))}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            patch.setenv(name, environment[name])
        yield wire(environment)


def target(simulation: Running) -> str:
    subscription = simulation.environment["SUBSCRIPTION"]
    group = f"/subscriptions/{subscription}/resourceGroups/rg-shop"
    return f"{group}/providers/Microsoft.ContainerService/managedClusters/{CLUSTER}"


def now(simulation: Running) -> datetime:
    return datetime.fromisoformat(str(simulation.control("/clock")["now"]))


def spell(simulation: Running) -> tuple[datetime, datetime]:
    return now(simulation) + timedelta(minutes=1), now(simulation) + timedelta(hours=1)


def test_aks_refuses_without_an_envelope_and_its_words_are_kept(simulation: Running, wired: Wiring) -> None:
    wired.ports.clusters.begin_stop(target(simulation))
    with pytest.raises(BusyError, match="OperationNotAllowed: Operation is not allowed: Another operation"):
        wired.ports.clusters.begin_stop(target(simulation))


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (409, "ScopeLocked", RejectedError),
        (403, "DenyAssignmentAuthorizationFailed", RejectedError),
        (403, "AuthorizationFailed", DeniedError),
        (409, "ReadOnlyDisabledSubscription", RejectedError),
    ],
)
def test_a_lasting_refusal_is_read_from_its_code(
    simulation: Running, wired: Wiring, status: int, code: str, error: type[Exception]
) -> None:
    began, ended = spell(simulation)
    simulation.world.arm(Refusal(CLUSTER, began, ended, status, code, "Ask the owner of rg-shop."))
    simulation.advance(began)
    for begin in (wired.ports.clusters.begin_stop, wired.ports.clusters.begin_start):
        with pytest.raises(error, match=f"{code}.*Ask the owner of rg-shop"):
            begin(target(simulation))
    simulation.advance(ended)
    assert wired.ports.clusters.begin_stop(target(simulation))


@pytest.mark.parametrize("result", [False, True])
def test_an_answer_without_an_operation_has_an_empty_token(simulation: Running, wired: Wiring, *, result: bool) -> None:
    simulation.world.arm(AddressMissing(CLUSTER, result=result))
    assert wired.ports.clusters.begin_stop(target(simulation)) == ""
    assert wired.ports.clusters.cluster(target(simulation)).is_busy


def test_fields_that_azure_shows_as_null_are_unknown(simulation: Running, wired: Wiring) -> None:
    began, ended = spell(simulation)
    pool = wired.ports.clusters.cluster(target(simulation)).pools[0].name
    for field, of in (("powerState", None), ("count", pool), ("nodeImageVersion", pool), ("powerState", pool)):
        simulation.world.arm(FieldMissing(CLUSTER, field, began, ended, of))  # type: ignore[arg-type]  # a literal
    simulation.advance(began)
    listed = wired.ports.clusters.list_clusters(simulation.environment["SUBSCRIPTION"])
    for cluster in (
        wired.ports.clusters.cluster(target(simulation)),
        *(c for c in listed if isinstance(c, Cluster) and c.name == CLUSTER),
    ):
        first = cluster.pools[0]
        assert (cluster.power, first.power, first.image) == (Power.UNKNOWN, Power.UNKNOWN, "")
        assert isinstance(first.count, Unknown)
    simulation.advance(ended)
    assert wired.ports.clusters.cluster(target(simulation)).is_running


def test_a_cluster_without_pool_profiles_has_no_pools(simulation: Running, wired: Wiring) -> None:
    began, ended = spell(simulation)
    simulation.world.arm(FieldMissing(CLUSTER, "agentPoolProfiles", began, ended))
    simulation.advance(began)
    assert wired.ports.clusters.cluster(target(simulation)).pools == ()
