"""The section `fleet`: which subscriptions and clusters Daytwo operates, and in which order."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from ops.settings.fields import Guid, Name, PerRegionPair, WindowRef
from ops.settings.overlap import can_overlap, same_clusters
from ops.settings.part import Finding, Part, Section
from ops.settings.select import Select


class Ring(Part, frozen=True):
    """One step of a rollout: the clusters that are upgraded together."""

    name: Annotated[
        Name, Meta(description="The ring's name, as shown in messages and used in rules.", examples=["production"])
    ]
    select: Annotated[
        Select,
        Meta(description="Which clusters are in the ring. A cluster that several rings select is in the last of them."),
    ]
    window: Annotated[
        WindowRef | None,
        Meta(
            description="The name of this ring's window. Default: the window of `node-image`, so that rings differ only if necessary.",
            examples=["evenings"],
        ),
    ] = None
    max_concurrent: Annotated[
        PerRegionPair | None,
        Meta(
            description=(
                "How many clusters of this ring are upgraded at the same time in a region and its paired region. "
                "Default: no limit, because clusters before production can all fail together without harm."
            ),
            examples=["1 per region pair"],
        ),
    ] = None


class FleetSettings(Part, frozen=True):
    """Which subscriptions Daytwo reads, and the rings in the order of a rollout."""

    subscriptions: Annotated[
        tuple[Annotated[Guid, Meta(description="The id of a subscription.")], ...],
        Meta(
            min_length=1,
            description="The ids of the Azure subscriptions whose clusters Daytwo reads.",
            examples=[["00000000-0000-0000-0000-000000000000"]],
            extra_json_schema={"uniqueItems": True},
        ),
    ]
    rings: Annotated[
        tuple[Ring, ...],
        Meta(
            min_length=1,
            description=(
                "Sets of clusters in the order of a rollout, production last. Daytwo does not change a cluster that is not "
                "in a ring, and one that several rings select is in the last of these, so that a tag cannot move a cluster to an "
                "earlier ring. The last ring has the most protection: its clusters are never stopped, and its approvals need "
                "a second person."
            ),
            examples=[[{"name": "production", "select": {"tags": {"env": "prod"}}}]],
        ),
    ]


def _check(fleet: FleetSettings, _: Mapping[str, Any]) -> Iterator[Finding]:
    for number, ring in enumerate(fleet.rings):
        for other in fleet.rings[:number]:
            if ring.name == other.name:
                path = ("rings", number, "name")
                yield Finding(path, ring.name, "another ring has this name", "give each ring its own")
            if same_clusters(ring.select, other.select):
                wrong = f"ring {ring.name} selects the same clusters as ring {other.name}, which would never have any"
                remedy = "give each ring its own select, or remove one of the rings"
                yield Finding(("rings", number, "select"), "the same select", wrong, remedy)


def overlapping_rings(fleet: FleetSettings) -> Iterator[tuple[Ring, Ring]]:
    """Returns each pair of rings that can select the same cluster; the second ring of the pair, which is the later one, applies."""
    for number, ring in enumerate(fleet.rings):
        yield from ((other, ring) for other in fleet.rings[:number] if can_overlap(other.select, ring.select))


FLEET: Section[FleetSettings] = Section(
    "fleet",
    FleetSettings,
    "Which clusters Daytwo operates, and in which order.",
    docs="node-image.md",
    required=True,
    check=_check,
    renamed={"rings[].at-once": "max-concurrent"},
)
