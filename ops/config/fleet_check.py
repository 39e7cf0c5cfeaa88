"""Finds problems in a configuration that only a real fleet reveals."""

from collections.abc import Iterable, Iterator, Sequence

from ops.config.problems import Problem
from ops.policy.rings import ring_of, rings_matching
from ops.policy.select import Selectable
from ops.settings import Settings


def check_fleet(settings: Settings, clusters: Sequence[Selectable], source: str = "daytwo.yaml") -> tuple[Problem, ...]:
    """Reports the rings that have no cluster, because they select none or because later rings select all of theirs."""
    used = {ring.name for cluster in clusters if (ring := ring_of(cluster, settings)) is not None}
    return tuple(
        Problem(
            source,
            None,
            f"fleet.rings[{number}].select",
            ring.name,
            "this ring does not have any cluster in the fleet",
            "correct the select, or remove the ring",
        )
        for number, ring in enumerate(settings.fleet.rings)
        if ring.name not in used
    )


def clusters_in_several_rings(settings: Settings, clusters: Iterable[Selectable]) -> Iterator[str]:
    """Names each cluster that several rings select, and the ring that applies: the last one."""
    for cluster in clusters:
        matching = rings_matching(cluster, settings)
        if len(matching) > 1:
            names = " and ".join(ring.name for ring in matching)
            yield f"{cluster.name}: the rings {names} select it; {matching[-1].name} applies, because it is the last of them"
