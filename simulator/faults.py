"""Seeded faults: throttled, failed and lost answers of the services, doubled and late events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from random import Random

from simulator.azure.errors import ArmError
from simulator.http_types import DROPPED, Answer, Call, JsonObject
from simulator.kubernetes.status import StatusError

PER_THOUSAND = 1000


class Surface(StrEnum):
    """A service that faults may hit."""

    ARM = "arm"
    KUBERNETES = "kubernetes"
    SLACK = "slack"
    TEAMS = "teams"
    EVENTS = "events"


class Fault(StrEnum):
    """What goes wrong with one request or one event; a lost answer has had its effect."""

    THROTTLED = "429"
    ERROR = "500"
    UNAVAILABLE = "503"
    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"


ANSWERS = (Fault.THROTTLED, Fault.ERROR, Fault.UNAVAILABLE, Fault.LOST)
EVENTS = (Fault.DOUBLED, Fault.LATE)
# So late that the next event of an upgrade may overtake it.
MOST_MINUTES_LATE = 40


@dataclass(frozen=True, slots=True)
class Profile:
    """How many of a thousand requests or events each fault hits."""

    throttled: int = 0
    error: int = 0
    unavailable: int = 0
    lost: int = 0
    doubled: int = 0
    late: int = 0

    def of(self, fault: Fault) -> int:
        """Return one fault's rate."""
        match fault:
            case Fault.THROTTLED:
                return self.throttled
            case Fault.ERROR:
                return self.error
            case Fault.UNAVAILABLE:
                return self.unavailable
            case Fault.LOST:
                return self.lost
            case Fault.DOUBLED:
                return self.doubled
            case Fault.LATE:
                return self.late


PROFILES = {
    "none": Profile(),
    "calm": Profile(throttled=5, error=3, unavailable=3, lost=4, doubled=20, late=20),
    "rough": Profile(throttled=40, error=30, unavailable=30, lost=40, doubled=200, late=200),
    # Nearly down: three calls of ten fail, one more of ten loses its answer.
    "failing": Profile(throttled=60, error=120, unavailable=120, lost=100, doubled=200, late=200),
}


def faults_of(surface: Surface) -> tuple[Fault, ...]:
    """Return which faults a surface knows."""
    return EVENTS if surface is Surface.EVENTS else ANSWERS


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
        if fault is Fault.LOST:
            handler(call)
            return DROPPED
        return _spoilt(surface, fault)

    def event_delays(self) -> tuple[timedelta, ...]:
        """Return how much later each copy of an event goes out: one copy at once, but for a fault."""
        fault = self._next(Surface.EVENTS)
        if fault is None:
            return (timedelta(0),)
        later = timedelta(minutes=self._draw.randint(1, MOST_MINUTES_LATE))
        return (later,) if fault is Fault.LATE else (timedelta(0), later)

    def document(self) -> JsonObject:
        """Return the counts as JSON, by surface and fault."""
        return {
            surface.value: {fault.value: self.counts[surface, fault] for fault in faults_of(surface)}
            for surface in self._surfaces
        }

    def _next(self, surface: Surface) -> Fault | None:
        if surface not in self._surfaces or self._rates == PROFILES["none"]:
            return None
        drawn = self._draw.randrange(PER_THOUSAND)
        for fault in faults_of(surface):
            if drawn < self._rates.of(fault):
                self.counts[surface, fault] += 1
                return fault
            drawn -= self._rates.of(fault)
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
        case Surface.TEAMS:
            code = "TooManyRequests" if fault is Fault.THROTTLED else "InternalServerError"
            document: JsonObject = {"error": {"code": code, "message": "The request could not be served."}}
            return Answer(status, document, {"Retry-After": "30"} if fault is Fault.THROTTLED else {})
        case Surface.EVENTS:
            raise ValueError("Events have no answer that could be spoilt.")
