"""Reads calendar feeds over https."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

# A server that is slower is treated as unavailable: the last known freezes apply, and the next timer tries again.
TOTAL_S = 30.0
_MOST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class CalendarFeeds:
    """How calendars are fetched. `ca_file` is an additional authority; loopback addresses serve only the simulator."""

    ca_file: str | None = None
    allow_loopback: bool = False
    total_s: float = TOTAL_S

    def fetch(self, url: str) -> bytes:
        """Returns the calendar at an address.

        Raises:
            FeedError: the calendar cannot be fetched. The text omits the address, which can contain a secret.
        """
        import httpx

        from ops.adapters.bounded_http import Limits, UntrustedServerError, fetch_bounded
        from ops.config import FeedError

        context = httpx.create_ssl_context()
        if self.ca_file:
            context.load_verify_locations(self.ca_file)
        try:
            limits = Limits(self.total_s, _MOST_BYTES)
            return fetch_bounded(url, limits, context, allow_loopback=self.allow_loopback)
        except UntrustedServerError as error:
            raise FeedError(f"it cannot be fetched: {error}") from error


def calendar_feeds(environment: Mapping[str, str]) -> CalendarFeeds:
    """Returns how calendars are fetched in an environment.

    A calendar can have a loopback address only if Azure Resource Manager has one too (`ARM_URL`): with the simulator.
    """
    is_simulated = (urlsplit(environment.get("ARM_URL", "")).hostname or "") in ("127.0.0.1", "localhost", "::1")
    return CalendarFeeds(environment.get("CA_FILE") or None, allow_loopback=is_simulated, total_s=TOTAL_S)
