"""What was set aside: records that cannot be read, and items that a loop could not process."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ops.ports.errors import OutsideError, UnreadableError
from ops.ports.store import Store
from ops.tables.base import SET_ASIDE, Table, marked, set_aside, set_aside_key

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SetAside:
    """One record or item.

    Attributes:
        kind: the kind of the record, or the name of the loop.
        key: the record's key, or the item's name.
        why: what is wrong.
        etag: the record's when it could not be read; empty for an item of a loop.
        reported: when it was first reported; None until then.
    """

    kind: str
    key: str
    why: str
    etag: str = ""
    reported: datetime | None = None


def set_aside_notes(store: Store) -> Table[SetAside]:
    """What was set aside, by kind and a hash of the key."""
    return Table(store, SET_ASIDE, SetAside)


def set_aside_only(store: Store, loop: str, failed: Mapping[str, str]) -> None:
    """Notes the items of a loop that cannot be processed, by name with the reason, and forgets those that can be now."""
    noted = _noted(store, loop)
    for name, why in failed.items():
        _note(store, loop, name, why)
    for key in noted - {set_aside_key(loop, name) for name in failed}:
        _forget(store, key)


def items_set_aside(store: Store, loop: str) -> frozenset[str]:
    """Returns the names of the items that a loop could not process.

    Raises:
        OutsideError: the store does not answer.
    """
    table = set_aside_notes(store)
    notes = (table.get(key) for key in marked(store, SET_ASIDE, f"{loop}|"))
    return frozenset(note.value.key for note in notes if note is not None)


def each[T](
    store: Store, loop: str, items: Iterable[T], work: Callable[[T], object], name: Callable[[T], str] = str
) -> None:
    """Calls `work` for every item. An item that fails does not stop the others.

    An external system that refuses or does not answer is logged, since the next round tries again. Any other error is a
    defect or damaged data: the item is set aside and reported until it succeeds. `report_set_aside` forgets items that no
    longer occur.
    """
    noted = _noted(store, loop)
    for item in items:
        key = set_aside_key(loop, name(item))
        try:
            work(item)
        except UnreadableError as error:
            _LOG.warning("%s: %s is left out, because a record cannot be read: %s", loop, name(item), error)
        except OutsideError as error:
            _LOG.warning("%s: %s will be retried: %s", loop, name(item), error)
        except Exception as error:  # noqa: BLE001 - a defect or damaged data can raise anything, and the other items must not wait for it. It is logged and reported until the item succeeds
            _LOG.exception("%s: %s failed", loop, name(item))
            _note(store, loop, name(item), f"{type(error).__name__}: {error}")
        else:
            if key in noted:
                _forget(store, key)


def _noted(store: Store, loop: str) -> set[str]:
    try:
        return set(marked(store, SET_ASIDE, f"{loop}|"))
    except OutsideError as error:
        _LOG.warning("%s: it is not known what was set aside: %s", loop, error)
        return set()


def _note(store: Store, loop: str, name: str, why: str) -> None:
    try:
        set_aside(store, loop, name, why)
    except OutsideError as refused:
        _LOG.warning("%s: %s could not be set aside: %s", loop, name, refused)


def _forget(store: Store, key: str) -> None:
    try:
        store.delete(SET_ASIDE, key)
    except OutsideError as error:
        _LOG.warning("%s is still set aside: %s", key, error)
