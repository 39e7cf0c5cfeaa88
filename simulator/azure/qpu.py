"""Cost Management's rate limits: query processing units per tenant, and calls per scope."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from simulator.http_types import JsonObject

PREFIX = "x-ms-ratelimit-microsoft.costmanagement-"
# "Manage costs with automation": 12 units per 10 seconds, 60 per minute and 600 per hour for a tenant.
UNITS = (
    ("QueriesPer10Sec", timedelta(seconds=10), 12),
    ("QueriesPerMin", timedelta(minutes=1), 60),
    ("QueriesPerHour", timedelta(hours=1), 600),
)
# Observed: about four calls per minute succeed for each scope.
SCOPE = (timedelta(minutes=1), 4)


@dataclass(slots=True)
class _UsageLog:
    """The units used so far, with the time of each use, oldest first."""

    entries: list[tuple[datetime, int]] = field(default_factory=list)

    def within(self, span: timedelta, now: datetime) -> int:
        return sum(units for at, units in self.entries if at > now - span)

    def wait_s(self, span: timedelta, limit: int, units: int, now: datetime) -> int:
        """Return the seconds until the units fit within the limit; 0 if they already do."""
        over = self.within(span, now) + units - limit
        for at, spent in self.entries:
            if over <= 0:
                break
            if at > now - span:
                over -= spent
                if over <= 0:
                    return ceil((at + span - now).total_seconds())
        return 0 if over <= 0 else ceil(span.total_seconds())


class Quota:
    """Counts usage on the virtual clock."""

    def __init__(self) -> None:
        self._tenant = _UsageLog()
        self._scopes: dict[str, _UsageLog] = {}

    def take(self, scope: str, units: int, now: datetime) -> tuple[JsonObject | None, Mapping[str, str]]:
        """Take units for a query. Return the response headers and, if the query is rejected, the response body.

        A rejection has a header for each limit with the time to wait. Waiting only for ``Retry-After`` may not be long enough.
        """
        calls = self._scopes.setdefault(scope, _UsageLog())
        qpu_s = max(self._tenant.wait_s(span, limit, units, now) for _, span, limit in UNITS)
        entity_s = calls.wait_s(*SCOPE, 1, now)
        if qpu_s or entity_s:
            headers = {"Retry-After": "5"}
            headers |= {f"{PREFIX}qpu-retry-after": str(qpu_s)} if qpu_s else {}
            headers |= {f"{PREFIX}entity-retry-after": str(entity_s)} if entity_s else {}
            return {"error": {"code": "429", "message": "Too many requests. Please retry."}}, headers
        self._tenant.entries.append((now, units))
        calls.entries.append((now, 1))
        left = ",".join(f"{name}:{limit - self._tenant.within(span, now)}" for name, span, limit in reversed(UNITS))
        return None, {f"{PREFIX}qpu-consumed": str(units), f"{PREFIX}qpu-remaining": left}
