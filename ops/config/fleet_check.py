"""Finds problems in a configuration that only a real fleet reveals."""

from collections.abc import Iterable, Mapping

from ops.config.problems import Problem
from ops.policy.select import matches
from ops.settings import Settings

type Cluster = tuple[str, str, Mapping[str, str]]


def check_fleet(settings: Settings, clusters: Iterable[Cluster], source: str = "daytwo.yaml") -> tuple[Problem, ...]:
    """Reports two rings that select the same cluster, and rings that select none. A cluster is given as (name, region, tags)."""
    fleet = tuple(clusters)
    problems: list[Problem] = []
    for name, region, tags in fleet:
        taking = [ring.name for ring in settings.fleet.rings if matches(ring.select, name, region, tags)]
        if len(taking) > 1:
            wrong = f"the rings {' and '.join(taking)} select this cluster"
            problems.append(_problem(source, "fleet.rings", name, wrong, "make sure that each cluster is in one ring"))
    for number, ring in enumerate(settings.fleet.rings):
        if not any(matches(ring.select, *cluster) for cluster in fleet):
            where = f"fleet.rings[{number}].select"
            remedy = "correct the select, or remove the ring"
            problems.append(
                _problem(source, where, ring.name, "this ring does not select any cluster in the fleet", remedy)
            )
    return tuple(problems)


def _problem(source: str, where: str, value: str, wrong: str, remedy: str) -> Problem:
    return Problem(source, None, where, value, wrong, remedy)
