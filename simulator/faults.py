"""Seeded faults of the services' answers: throttling, server errors, and answers that are lost after the effect."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from simulator.azure.errors import ArmError
from simulator.exchange import DROPPED, Answer, Call, JsonObject
from simulator.kubernetes.api import StatusError

PER_THOUSAND = 1000


class Surface(StrEnum):
    """A service that faults may hit."""

    ARM = "arm"
    KUBERNETES = "kubernetes"
    SLACK = "slack"


class Fault(StrEnum):
    """What goes wrong with one request."""

    THROTTLED = "429"
    ERROR = "500"
    UNAVAILABLE = "503"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Profile:
    """How many of a thousand requests each fault hits."""

    throttled: int = 0
    error: int = 0
    unavailable: int = 0
    lost: int = 0


PROFILES = {
    "none": Profile(),
    "calm": Profile(throttled=5, error=3, unavailable=3, lost=4),
    "rough": Profile(throttled=40, error=30, unavailable=30, lost=40),
}


class Faults:
    """Draws a fault or none for each request, and counts what it drew."""

    def __init__(self, profile: str, seed: int, surfaces: tuple[Surface, ...] = tuple(Surface)) -> None:
        if profile not in PROFILES:
            raise ValueError(f"No fault profile {profile!r}: use one of {', '.join(PROFILES)}.")
        self._rates = PROFILES[profile]
        self._draw = Random(f"faults/{seed}")
        self._surfaces = surfaces
        self.counts: dict[tuple[Surface, Fault], int] = {(surface, fault): 0 for surface in surfaces for fault in Fault}

    def around(self, surface: Surface, call: Call, handler: Callable[[Call], Answer]) -> Answer:
        """Answer a request through its handler, or spoil it."""
        fault = self._next(surface)
        if fault is None:
            return handler(call)
        self.counts[surface, fault] += 1
        if fault is Fault.LOST:
            handler(call)
            return DROPPED
        return _spoilt(surface, fault)

    def document(self) -> JsonObject:
        """Return the counts as JSON, by surface and fault."""
        return {
            surface.value: {fault.value: self.counts[surface, fault] for fault in Fault} for surface in self._surfaces
        }

    def _next(self, surface: Surface) -> Fault | None:
        if surface not in self._surfaces or self._rates == PROFILES["none"]:
            return None
        drawn = self._draw.randrange(PER_THOUSAND)
        rates = self._rates
        for fault, rate in (
            (Fault.THROTTLED, rates.throttled),
            (Fault.ERROR, rates.error),
            (Fault.UNAVAILABLE, rates.unavailable),
            (Fault.LOST, rates.lost),
        ):
            if drawn < rate:
                return fault
            drawn -= rate
        return None


def _spoilt(surface: Surface, fault: Fault) -> Answer:
    """Return a fault in the words of its service."""
    status = int(fault)
    match surface:
        case Surface.ARM:
            code = {429: "SubscriptionRequestsThrottled", 500: "InternalServerError", 503: "ServiceUnavailable"}[status]
            retry_after_s = 10 if fault is Fault.THROTTLED else None
            return ArmError(
                status, code, "The request could not be served. Please retry later.", retry_after_s
            ).answer()
        case Surface.KUBERNETES:
            reason = {429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}[status]
            answer = StatusError(status, reason, "the server is currently unable to handle the request").answer()
            return Answer(status, answer.document, {"Retry-After": "1"} if fault is Fault.THROTTLED else {})
        case Surface.SLACK:
            error = "ratelimited" if fault is Fault.THROTTLED else "internal_error"
            return Answer(status, {"ok": False, "error": error}, {"Retry-After": "5"} if error == "ratelimited" else {})
