"""How long a pool's upgrade is expected to take, and in which order pools are upgraded (docs/node-image.md, rules 7 and 9)."""

import math
from datetime import timedelta

from ops.model.fleet import Pool

# About 7 minutes per node, derived from the documented 30 to 90 minutes of a security patching run.
MINUTES_A_BATCH = 7
MINUTES_AROUND = 10
START = timedelta(minutes=10)


def surge(pool: Pool, nodes: int) -> int:
    """Returns how many of the pool's `nodes` AKS replaces at once: `maxSurge` as a number or a percentage of the nodes, rounded up, at least 1.

    The default is 1, because Azure's documentation states different defaults. Spot pools are never surged.
    """
    text = pool.max_surge.strip()
    if pool.spot or not text:
        return 1
    try:
        if text.endswith("%"):
            return max(1, math.ceil(nodes * float(text[:-1]) / 100))
        return max(1, int(text))
    except ValueError:
        return 1


def adds_nodes(pool: Pool) -> bool:
    """Whether AKS adds new nodes before it removes old ones. It does not for spot pools or a `maxSurge` of 0 (docs/node-image.md, rule 7)."""
    return not pool.spot and pool.max_surge.strip() not in ("0", "0%")


def expected_duration(pool: Pool, nodes: int) -> timedelta:
    """Returns the expected duration with this many nodes: batches times 7 minutes plus the node soak, plus 10 minutes."""
    batches = math.ceil(nodes / surge(pool, nodes))
    return timedelta(minutes=batches * (MINUTES_A_BATCH + pool.node_soak_min) + MINUTES_AROUND)


def upgrade_order(pools: tuple[Pool, ...]) -> tuple[Pool, ...]:
    """Sorts system pools before user pools before spot pools, each by name."""
    return tuple(sorted(pools, key=lambda pool: (pool.spot, pool.mode != "System", pool.name)))
