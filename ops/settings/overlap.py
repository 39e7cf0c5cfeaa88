"""Whether two rings can select the same cluster, as far as the configuration alone shows this."""

from ops.settings.select import Select

_WILDCARDS = "*?["


def overlap(one: Select, other: Select) -> str | None:
    """Returns what two selects have in common that lets both match one cluster; None if they cannot, or if only the fleet shows that.

    Two selects by different tag keys can overlap in one fleet and not in another: `ops.config.check_fleet` reports these overlaps.
    """
    if same_clusters(one, other):
        return "the same select"
    mine = {key.casefold(): values for key, values in one.tags.items()}
    its = {key.casefold(): values for key, values in other.tags.items()}
    shared = {key: mine[key] & its[key] for key in sorted(mine.keys() & its.keys())}
    if not shared or not all(shared.values()) or _regions_apart(one, other) or _names_apart(one, other):
        return None
    return ", ".join(f"{key}: {min(values)}" for key, values in shared.items())


def same_clusters(one: Select, other: Select) -> bool:
    """Whether two selects are equal, ignoring the order of entries, and case where it does not matter."""
    return _canonical(one) == _canonical(other)


def region_key(region: str) -> str:
    """Returns a region as Azure writes it in a resource id: `West Europe` and `westeurope` are the same."""
    return region.replace(" ", "").casefold()


def _canonical(select: Select) -> tuple[object, ...]:
    return (
        {key.casefold(): values for key, values in select.tags.items()},
        {name.casefold() for name in select.names},
        {region_key(region) for region in select.regions},
    )


def _regions_apart(one: Select, other: Select) -> bool:
    mine, its = {region_key(region) for region in one.regions}, {region_key(region) for region in other.regions}
    return bool(mine and its and mine.isdisjoint(its))


def _names_apart(one: Select, other: Select) -> bool:
    """Whether no name can match both: every pair of globs differs before the first wildcard."""
    if not one.names or not other.names:
        return False
    return all(_globs_apart(mine.casefold(), its.casefold()) for mine in one.names for its in other.names)


def _globs_apart(one: str, other: str) -> bool:
    head, tail = _head(one), _head(other)
    if not (head.startswith(tail) or tail.startswith(head)):
        return True
    wild = any(sign in one for sign in _WILDCARDS), any(sign in other for sign in _WILDCARDS)
    return one != other if wild == (False, False) else False


def _head(glob: str) -> str:
    return glob[: min((glob.index(sign) for sign in _WILDCARDS if sign in glob), default=len(glob))]
