"""Faults are determined by a seed and are counted. A request whose response is lost still takes effect."""

from datetime import timedelta

import pytest

from simulator.faults import Fault, Faults, Surface
from simulator.fleets import random_fleet
from simulator.http_types import DROPPED, HttpRequest, HttpResponse
from simulator.running import running_simulation
from tests.simulator.azure.raw import ask

CALL = HttpRequest("GET", "/", {}, {}, b"", "https://127.0.0.1")


def send_with_faults(faults: Faults, surface: Surface, times: int) -> tuple[list[HttpResponse], int]:
    """Return the responses to several requests, and the number of requests that took effect."""
    effects = 0

    def effect(call: HttpRequest) -> HttpResponse:
        nonlocal effects
        effects += 1
        assert call is CALL
        return HttpResponse(200, {})

    return [faults.intercept(surface, CALL, effect) for _ in range(times)], effects


def test_every_request_succeeds_without_faults() -> None:
    answers, effects = send_with_faults(Faults("none", 1), Surface.ARM, 500)
    assert {answer.status for answer in answers} == {200}
    assert effects == 500


@pytest.mark.parametrize("surface", [Surface.ARM, Surface.KUBERNETES, Surface.SLACK, Surface.TEAMS])
def test_all_faults_in_the_rough_profile_are_counted(surface: Surface) -> None:
    faults = Faults("rough", 1)
    answers, _ = send_with_faults(faults, surface, 2000)
    statuses = [answer.status for answer in answers]
    for fault in (Fault.THROTTLED, Fault.ERROR, Fault.UNAVAILABLE):
        assert faults.counts[surface, fault] == statuses.count(int(fault)) > 30
    assert faults.counts[surface, Fault.LOST] == answers.count(DROPPED) > 30
    assert sum(faults.counts.values()) == 2000 - statuses.count(200)


def test_a_request_with_a_lost_response_takes_effect() -> None:
    faults = Faults("rough", 1)
    answers, effects = send_with_faults(faults, Surface.ARM, 2000)
    assert effects == sum(answer.status == 200 for answer in answers) + faults.counts[Surface.ARM, Fault.LOST]


def test_faults_with_the_same_seed_affect_the_same_requests() -> None:
    again = [send_with_faults(Faults("rough", seed), Surface.SLACK, 200)[0] for seed in (7, 7, 8)]
    assert again[0] == again[1] != again[2]


def test_only_the_selected_surfaces_have_faults() -> None:
    faults = Faults("rough", 1, (Surface.SLACK,))
    answers, _ = send_with_faults(faults, Surface.ARM, 500)
    assert {answer.status for answer in answers} == {200}


def test_events_are_duplicated_and_delayed() -> None:
    """A late event is delivered once; a duplicated one is delivered immediately and a second time up to 40 minutes later."""
    faults = Faults("rough", 1)
    delays = [faults.event_delays() for _ in range(500)]
    now = timedelta(0)
    assert faults.counts[Surface.EVENTS, Fault.DOUBLED] == sum(len(copies) == 2 for copies in delays) > 50
    assert faults.counts[Surface.EVENTS, Fault.LATE] == sum(copies[0] > now for copies in delays) > 50
    assert max(max(copies) for copies in delays) == timedelta(minutes=40)


def test_an_unknown_profile_is_rejected() -> None:
    with pytest.raises(ValueError, match="use one of none, calm, rough"):
        Faults("stormy", 1)


def test_faults_from_a_served_simulation_reach_the_client_and_are_counted() -> None:
    with running_simulation(random_fleet(1), seed=2, faults="rough") as simulation:
        seen = []
        for _ in range(100):
            try:
                seen.append(ask(simulation, "GET", "/subscriptions?api-version=2022-12-01").status)
            except ConnectionError:
                seen.append(0)
        counts = simulation.control("/faults")["arm"]
    assert counts == {
        name: seen.count(status) for name, status in (("429", 429), ("500", 500), ("503", 503), ("lost", 0))
    }
    assert set(seen) > {200, 0}
