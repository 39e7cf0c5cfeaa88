"""A successful read becomes a fact, a denial becomes Unknown, and a transient failure is retried."""

import pytest

from ops.facts import FactQuery
from ops.facts.query import query, query_api_server
from ops.model.fleet import Cluster, Gone, Unknown
from ops.model.run import Run
from ops.ports.errors import DeniedError, NotFoundError, OutsideError, RejectedError, TryLaterError
from tests.fakes import MONDAY, World, cluster


def question(about: Cluster | Unknown) -> FactQuery:
    world = World()
    run = Run("reboot.shop-dev.2026-11-16", "reboot", "id", "shop-dev", "2026-11-16", MONDAY, "person", "ana")
    return FactQuery(run, world.settings, MONDAY, world.context.ports, {"cluster": about})


def name_of(target: Cluster) -> str:
    return target.name


def test_a_successful_read_is_the_fact() -> None:
    assert query_api_server(question(cluster("shop-dev")), name_of) == "shop-dev"


@pytest.mark.parametrize(
    "no",
    [
        DeniedError("listing pods: 403"),
        NotFoundError("listing pods: 403"),
        RejectedError("Bad", "listing pods: 403"),
    ],
)
def test_a_denied_read_is_unknown_with_its_reason(no: OutsideError) -> None:
    def refuse(_: Cluster) -> str:
        raise no

    assert query_api_server(question(cluster()), refuse) == Unknown("listing pods: 403")


def test_a_transient_failure_is_unknown_and_transient() -> None:
    def throttle() -> str:
        raise TryLaterError("listing pods: 429", 30)

    assert query(throttle) == Unknown("listing pods: 429", transient=True)


def test_the_api_server_of_a_stopped_cluster_is_not_called() -> None:
    assert query_api_server(question(cluster(running=False)), name_of) == Unknown("the cluster is stopped")


def test_the_reason_for_an_unknown_cluster_is_the_reason_of_its_facts() -> None:
    assert query_api_server(question(Gone("there is no such cluster")), name_of) == Gone("there is no such cluster")
