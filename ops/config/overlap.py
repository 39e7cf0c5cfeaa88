"""Whether two rings can select the same cluster, told from the configuration alone or from a real fleet."""

from collections.abc import Iterable, Mapping

from ops.config.problems import Problem
from ops.model.settings import Select, Settings
from ops.policy.select import matches, region_key

type Cluster = tuple[str, str, Mapping[str, str]]

_WILD = "*?["


def overlap(one: Select, other: Select) -> str | None:
    """By what two selects can match the same cluster, None where they keep apart or nothing ties them together.

    Two selects by different tag keys may meet in some fleet and not in another: `check_fleet` tells that.
    """
    if one == other:
        return "the same select"
    mine = {key.casefold(): values for key, values in one.tags}
    its = {key.casefold(): values for key, values in other.tags}
    shared = {key: mine[key] & its[key] for key in sorted(mine.keys() & its.keys())}
    if not shared or not all(shared.values()) or _regions_apart(one, other) or _names_apart(one, other):
        return None
    return ", ".join(f"{key}: {min(values)}" for key, values in shared.items())


def check_fleet(settings: Settings, clusters: Iterable[Cluster], source: str = "daytwo.yaml") -> tuple[Problem, ...]:
    """What a configuration gets wrong about a real fleet, given as (name, region, tags) of each cluster.

    Two rings that select one cluster, and a ring that selects none.
    """
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
            problems.append(_problem(source, where, ring.name, "this ring selects no cluster of the fleet", remedy))
    return tuple(problems)


def _problem(source: str, where: str, value: str, wrong: str, remedy: str) -> Problem:
    return Problem(source, None, where, value, wrong, remedy)


def _regions_apart(one: Select, other: Select) -> bool:
    mine, its = {region_key(region) for region in one.regions}, {region_key(region) for region in other.regions}
    return bool(mine and its and mine.isdisjoint(its))


def _names_apart(one: Select, other: Select) -> bool:
    """Whether no name can match both: every two globs differ before their first wildcards."""
    if not one.names or not other.names:
        return False
    return all(_globs_apart(mine.casefold(), its.casefold()) for mine in one.names for its in other.names)


def _globs_apart(one: str, other: str) -> bool:
    head, tail = _head(one), _head(other)
    if not (head.startswith(tail) or tail.startswith(head)):
        return True
    wild = any(sign in one for sign in _WILD), any(sign in other for sign in _WILD)
    return one != other if wild == (False, False) else False


def _head(glob: str) -> str:
    return glob[: min((glob.index(sign) for sign in _WILD if sign in glob), default=len(glob))]
