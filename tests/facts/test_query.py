"""A successful read becomes a fact, a denial becomes Unknown, and a transient failure is retried."""

import pytest

from ops.facts import FactQuery
from ops.facts.fleet import list_fleet
from ops.facts.query import query, query_api_server
from ops.model.fleet import Cluster, Gone, Unknown, UnreadableCluster
from ops.model.run import Run
from ops.ports.errors import DeniedError, NotFoundError, OutsideError, RejectedError, TryLaterError
from ops.tables.set_aside import set_aside_notes
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


def test_a_malformed_cluster_is_set_aside_and_does_not_hide_the_others() -> None:
    world = World()
    world.clusters.put(cluster())
    listed = world.clusters.list_clusters
    malformed = UnreadableCluster("/subscriptions/1/x", "its document is malformed: KeyError: 'name'")

    def with_malformed(name: str) -> tuple[Cluster | UnreadableCluster, ...]:
        return malformed, *listed(name)

    world.clusters.list_clusters = with_malformed  # type: ignore[method-assign,assignment]  # one is malformed
    assert [each.name for each in list_fleet(world.context.ports, world.settings)] == ["shop-dev"]
    (note,) = (stored.value for stored in set_aside_notes(world.store).scan())
    assert (note.kind, note.key, note.why) == ("fleet", malformed.name, malformed.why)
    world.clusters.list_clusters = listed  # type: ignore[method-assign]  # it is repaired
    assert list_fleet(world.context.ports, world.settings)
    assert list(set_aside_notes(world.store).scan()) == []
