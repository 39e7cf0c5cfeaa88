"""Which clusters a selector matches, which ring a cluster belongs to, and when clusters in that ring can be disrupted."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from ops.model.calendar import Window
from ops.settings import Settings
from ops.settings.fleet import Ring
from ops.settings.node_image import NODE_IMAGE
from ops.settings.overlap import region_key
from ops.settings.select import Select


def matches(select: Select, name: str, region: str, tags: Mapping[str, str]) -> bool:
    """Whether a selector matches a cluster. An empty selector matches nothing, so that a mistake never selects the whole fleet."""
    if select.empty:
        return False
    folded = {key.casefold(): value for key, value in tags.items()}
    return (
        all(folded.get(key.casefold()) in values for key, values in select.tags.items())
        and (not select.names or any(fnmatchcase(name.casefold(), glob.casefold()) for glob in select.names))
        and (not select.regions or region_key(region) in {region_key(wanted) for wanted in select.regions})
    )


def ring_among(rings: Iterable[Ring], name: str, region: str, tags: Mapping[str, str]) -> Ring | None:
    """Returns the first ring that selects the cluster (docs/node-image.md, rule 3)."""
    return next((ring for ring in rings if matches(ring.select, name, region, tags)), None)


def ring_window(settings: Settings, ring: Ring) -> Window:
    """Returns the ring's own window, or else that of the node-image runbook.

    Raises:
        ValueError: there is neither, so nothing can be done in this ring.
    """
    if ring.window is not None:
        return ring.window
    node_images = settings.get(NODE_IMAGE)
    if node_images is None:
        raise ValueError(f"ring {ring.name} has no window, and node-image is off")
    return node_images.window
