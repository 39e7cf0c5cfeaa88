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


def test_a_successful_read_yields_the_fact() -> None:
    assert query_api_server(question(cluster("shop-dev")), name_of) == "shop-dev"


@pytest.mark.parametrize(
    "no",
    [
        DeniedError("listing pods: 403"),
        NotFoundError("listing pods: 403"),
        RejectedError("Bad", "listing pods: 403"),
    ],
)
def test_a_denied_read_yields_unknown_with_the_reason(no: OutsideError) -> None:
    def refuse(_: Cluster) -> str:
        raise no

    assert query_api_server(question(cluster()), refuse) == Unknown("listing pods: 403")


def test_a_transient_failure_yields_a_transient_unknown() -> None:
    def throttle() -> str:
        raise TryLaterError("listing pods: 429", 30)

    assert query(throttle) == Unknown("listing pods: 429", transient=True)


def test_a_stopped_clusters_api_server_is_not_called() -> None:
    assert query_api_server(question(cluster(running=False)), name_of) == Unknown("the cluster is stopped")


def test_a_query_about_an_unknown_cluster_returns_the_reason_why_it_is_unknown() -> None:
    assert query_api_server(question(Gone("there is no such cluster")), name_of) == Gone("there is no such cluster")
