"""Random faults drawn from a seed: throttled, failed and lost responses from services, and duplicate and late events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from random import Random

from simulator.azure.errors import ArmError
from simulator.http_types import DROPPED, HttpRequest, HttpResponse, JsonObject
from simulator.kubernetes.status import StatusError

PER_THOUSAND = 1000


class Surface(StrEnum):
    """A service that faults can affect."""

    ARM = "arm"
    KUBERNETES = "kubernetes"
    SLACK = "slack"
    TEAMS = "teams"
    EVENTS = "events"


class Fault(StrEnum):
    """A fault that affects one request or event. A request whose response is lost still takes effect."""

    THROTTLED = "429"
    ERROR = "500"
    UNAVAILABLE = "503"
    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"


ANSWERS = (Fault.THROTTLED, Fault.ERROR, Fault.UNAVAILABLE, Fault.LOST)
EVENTS = (Fault.DOUBLED, Fault.LATE)
# Late enough for the next event of an upgrade to arrive first.
MAX_MINUTES_LATE = 40


@dataclass(frozen=True, slots=True)
class Profile:
    """The number of requests or events out of 1,000 that each fault affects."""

    throttled: int = 0
    error: int = 0
    unavailable: int = 0
    lost: int = 0
    doubled: int = 0
    late: int = 0

    def of(self, fault: Fault) -> int:
        """Return the rate for one fault."""
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
    # Almost an outage: three in ten calls fail, and the response to one in ten calls is lost.
    "failing": Profile(throttled=60, error=120, unavailable=120, lost=100, doubled=200, late=200),
}


def faults_of(surface: Surface) -> tuple[Fault, ...]:
    """Return the faults that apply to a surface."""
    return EVENTS if surface is Surface.EVENTS else ANSWERS


class Faults:
    """Draws either a fault or none for each request, and counts the faults."""

    def __init__(self, profile: str, seed: int, surfaces: tuple[Surface, ...] = tuple(Surface)) -> None:
        if profile not in PROFILES:
            raise ValueError(f"Unknown fault profile {profile!r}: use one of {', '.join(PROFILES)}.")
        self._rates = PROFILES[profile]
        self._draw = Random(f"faults/{seed}")
        self._surfaces = surfaces
        self.counts: dict[tuple[Surface, Fault], int] = {(surface, fault): 0 for surface in surfaces for fault in Fault}

    def intercept(
        self, surface: Surface, request: HttpRequest, handler: Callable[[HttpRequest], HttpResponse]
    ) -> HttpResponse:
        """Handle a request, or replace its response with a fault."""
        fault = self._next(surface)
        if fault is None:
            return handler(request)
        if fault is Fault.LOST:
            handler(request)
            return DROPPED
        return _fault_response(surface, fault)

    def event_delays(self) -> tuple[timedelta, ...]:
        """Return the delay for each copy of an event: normally one copy without a delay."""
        fault = self._next(Surface.EVENTS)
        if fault is None:
            return (timedelta(0),)
        later = timedelta(minutes=self._draw.randint(1, MAX_MINUTES_LATE))
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


def _fault_response(surface: Surface, fault: Fault) -> HttpResponse:
    """Return a fault in the form in which its service reports it."""
    status = int(fault)
    match surface:
        case Surface.ARM:
            code = {429: "SubscriptionRequestsThrottled", 500: "InternalServerError", 503: "ServiceUnavailable"}[status]
            retry_after_s = 10 if fault is Fault.THROTTLED else None
            return ArmError(
                status, code, "The request could not be served. Please retry later.", retry_after_s
            ).response()
        case Surface.KUBERNETES:
            reason = {429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}[status]
            response = StatusError(status, reason, "the server is currently unable to handle the request").response()
            return HttpResponse(status, response.document, {"Retry-After": "1"} if fault is Fault.THROTTLED else {})
        case Surface.SLACK:
            error = "ratelimited" if fault is Fault.THROTTLED else "internal_error"
            return HttpResponse(
                status, {"ok": False, "error": error}, {"Retry-After": "5"} if error == "ratelimited" else {}
            )
        case Surface.TEAMS:
            code = "TooManyRequests" if fault is Fault.THROTTLED else "InternalServerError"
            document: JsonObject = {"error": {"code": code, "message": "The request could not be served."}}
            return HttpResponse(status, document, {"Retry-After": "30"} if fault is Fault.THROTTLED else {})
        case Surface.EVENTS:
            raise ValueError("Events do not have a response.")
