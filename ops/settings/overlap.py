"""Whether two selects can match the same cluster, as far as the configuration alone shows this."""

from collections.abc import Iterable

from ops.model.azure_names import azure_key
from ops.settings.select import Select

_WILDCARDS = "*?["


def can_overlap(one: Select, other: Select) -> bool:
    """Whether one cluster could match both selects, with the tags that someone may give it."""
    mine = {azure_key(key): values for key, values in one.tags.items()}
    its = {azure_key(key): values for key, values in other.tags.items()}
    tags_apart = any(mine[key].isdisjoint(its[key]) for key in mine.keys() & its.keys())
    return not (
        tags_apart
        or _sets_apart(map(region_key, one.regions), map(region_key, other.regions))
        or _sets_apart(_folded(one.subscriptions), _folded(other.subscriptions))
        or _globs_all_apart(one.names, other.names)
        or _globs_all_apart(one.resource_groups, other.resource_groups)
    )


def same_clusters(one: Select, other: Select) -> bool:
    """Whether two selects are equal, ignoring the order of entries, and case where it does not matter."""
    return _canonical(one) == _canonical(other)


def region_key(region: str) -> str:
    """Returns a region as Azure writes it in a resource id: `West Europe` and `westeurope` are the same."""
    return azure_key(region.replace(" ", ""))


def _canonical(select: Select) -> tuple[object, ...]:
    return (
        {azure_key(key): values for key, values in select.tags.items()},
        {azure_key(name) for name in select.names},
        {region_key(region) for region in select.regions},
        set(_folded(select.subscriptions)),
        set(_folded(select.resource_groups)),
    )


def _folded(names: Iterable[str]) -> Iterable[str]:
    return (azure_key(name) for name in names)


def _sets_apart(one: Iterable[str], other: Iterable[str]) -> bool:
    mine, its = set(one), set(other)
    return bool(mine and its and mine.isdisjoint(its))


def _globs_all_apart(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether no name can match both: every pair of globs differs before the first wildcard."""
    if not one or not other:
        return False
    return all(_globs_apart(azure_key(mine), azure_key(its)) for mine in one for its in other)


def _globs_apart(one: str, other: str) -> bool:
    head, tail = _head(one), _head(other)
    if not (head.startswith(tail) or tail.startswith(head)):
        return True
    wild = any(sign in one for sign in _WILDCARDS), any(sign in other for sign in _WILDCARDS)
    return one != other if wild == (False, False) else False


def _head(glob: str) -> str:
    return glob[: min((glob.index(sign) for sign in _WILDCARDS if sign in glob), default=len(glob))]
