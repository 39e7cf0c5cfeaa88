"""Token buckets on the virtual clock for ARM, the AKS provider and Resource Graph."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from simulator.azure.errors import ArmError


@dataclass(frozen=True, slots=True)
class Limit:
    """The size of a bucket in requests, and its refill rate in requests per second."""

    size: float
    per_s: float


# Azure Resource Manager: "Understand how Azure Resource Manager throttles requests".
READS = Limit(250, 25)
WRITES = Limit(200, 10)
# AKS resource provider limits, "Quotas, VM size restrictions, and region availability in AKS".
AKS_LIST = Limit(500, 1)
AKS_PUT_POOL = Limit(20, 1 / 60)
# Resource Graph: 15 queries per 5 seconds.
GRAPH = Limit(15, 3)


class Buckets:
    """One bucket for each limit and key (principal, subscription, region)."""

    def __init__(self) -> None:
        self._levels: dict[tuple[Limit, str], tuple[float, datetime]] = {}

    def take(self, limit: Limit, key: str, now: datetime, code: str) -> int:
        """Take one request from a bucket and return the number that remains.

        Raises:
            ArmError: 429 with Retry-After if the bucket is empty.
        """
        level, since = self._levels.get((limit, key), (limit.size, now))
        level = min(limit.size, level + (now - since).total_seconds() * limit.per_s)
        if level < 1:
            self._levels[limit, key] = (level, now)
            wait_s = ceil((1 - level) / limit.per_s)
            message = (
                f"Number of requests for '{key}' exceeded the limit of {limit.size:.0f}. "
                f"Please try again after {wait_s} seconds."
            )
            raise ArmError(429, code, message, wait_s)
        self._levels[limit, key] = (level - 1, now)
        return int(level - 1)
