"""Which clusters a selector matches, and when clusters in a ring can be disrupted."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Protocol

from ops.model.azure_names import azure_key
from ops.model.calendar import Window
from ops.settings import Settings
from ops.settings.fleet import Ring
from ops.settings.node_image import NODE_IMAGE
from ops.settings.overlap import region_key
from ops.settings.select import Select


class Selectable(Protocol):
    """What a selector reads: a cluster as read from Azure, or as remembered by the fleet scan."""

    @property
    def name(self) -> str:
        """The cluster's name."""
        ...

    @property
    def region(self) -> str:
        """Its Azure region."""
        ...

    @property
    def subscription(self) -> str:
        """The id of its subscription."""
        ...

    @property
    def resource_group(self) -> str:
        """Its resource group, not that of its nodes."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags that apply to it (docs/tags.md)."""
        ...


def matches(select: Select, cluster: Selectable) -> bool:
    """Whether a selector matches a cluster. An empty selector matches nothing, so that a mistake never selects the whole fleet."""
    return (
        not select.empty
        and _has_tags(select, cluster.tags)
        and (not select.names or _is_like(cluster.name, select.names))
        and (not select.regions or region_key(cluster.region) in {region_key(wanted) for wanted in select.regions})
        and (not select.subscriptions or azure_key(cluster.subscription) in _folded(select.subscriptions))
        and (not select.resource_groups or _is_like(cluster.resource_group, select.resource_groups))
    )


def tag_keys(selects: Iterable[Select]) -> frozenset[str]:
    """Returns the keys of all tags that these selectors read, in lower case."""
    return frozenset(azure_key(key) for select in selects for key in select.tags)


def _has_tags(select: Select, tags: Mapping[str, str]) -> bool:
    folded = {azure_key(key): value for key, value in tags.items()}
    return all(folded.get(azure_key(key)) in values for key, values in select.tags.items())


def _is_like(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(azure_key(name), azure_key(glob)) for glob in globs)


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(azure_key(name) for name in names)


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
