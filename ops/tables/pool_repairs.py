"""Failed pools that Daytwo has upgraded because Azure asked for it, which is tried once (docs/node-image.md, rule 20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ops.ports.store import Store
from ops.tables.base import Table, store_key


@dataclass(frozen=True, slots=True)
class PoolRepair:
    """The last attempt on one pool of a cluster."""

    pool: str
    at: datetime


def pool_repairs(store: Store) -> Table[PoolRepair]:
    """The last attempt on each pool, by cluster and pool."""
    return Table(store, "pool-repair", PoolRepair)


def repairs_of(store: Store, target: str) -> Mapping[str, datetime]:
    """Returns when each pool of a cluster was last upgraded for this reason, since it last was in order."""
    found = (stored.value for stored in pool_repairs(store).scan(f"{store_key(target)}|"))
    return {repair.pool: repair.at for repair in found}


def note_repair(store: Store, target: str, pool: str, at: datetime) -> None:
    """Records an attempt before it is made, so that a crash does not lead to another one."""
    pool_repairs(store).change(f"{store_key(target)}|{pool}", lambda _: PoolRepair(pool, at))


def forget_repair(store: Store, target: str, pool: str) -> None:
    """Forgets the attempt once an upgrade of the pool is verified."""
    key = f"{store_key(target)}|{pool}"
    if pool_repairs(store).get(key) is not None:
        pool_repairs(store).delete(key)
