"""What Azure or an API server refuses for a reason that a retry cannot change."""

from ops.model.refusal import RefusedAction
from ops.model.run_request import short_hash
from ops.ports.store import Store
from ops.tables.base import Table


def refused_actions(store: Store) -> Table[RefusedAction]:
    """The actions that are refused now, by `refused_key`."""
    return Table(store, "refused-action", RefusedAction)


def refused_key(target: str, verb: str, subject: str = "") -> str:
    """Returns the key of an action: a verb on a cluster, or on one object in it."""
    return f"{short_hash(target)}|{verb}" + (f"|{subject}" if subject else "")


def refused_on(store: Store, target: str) -> tuple[RefusedAction, ...]:
    """Returns what is refused on a cluster."""
    found = (stored.value for stored in refused_actions(store).scan(f"{short_hash(target)}|"))
    return tuple(each for each in found if each.target == target)
