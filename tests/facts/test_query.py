"""What is read becomes a fact, a plain no becomes Unknown, and what may succeed later is left to be tried again."""

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


def name_of(asked: Cluster) -> str:
    return asked.name


def test_what_is_read_is_the_fact() -> None:
    assert query_api_server(question(cluster("shop-dev")), name_of) == "shop-dev"


@pytest.mark.parametrize(
    "no",
    [
        DeniedError("listing pods: 403"),
        NotFoundError("listing pods: 403"),
        RejectedError("Bad", "listing pods: 403"),
    ],
)
def test_a_plain_no_is_unknown_with_its_reason(no: OutsideError) -> None:
    def refuse(_: Cluster) -> str:
        raise no

    assert query_api_server(question(cluster()), refuse) == Unknown("listing pods: 403")


def test_what_may_succeed_later_is_unknown_for_a_while() -> None:
    def throttle() -> str:
        raise TryLaterError("listing pods: 429", 30)

    assert query(throttle) == Unknown("listing pods: 429", transient=True)


def test_a_stopped_cluster_is_not_asked() -> None:
    assert query_api_server(question(cluster(running=False)), name_of) == Unknown("the cluster is stopped")


def test_why_a_cluster_is_not_known_is_passed_on() -> None:
    assert query_api_server(question(Gone("there is no such cluster")), name_of) == Gone("there is no such cluster")
