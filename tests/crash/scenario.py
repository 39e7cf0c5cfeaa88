"""Definitions of crash scenarios: their worlds, ends, and decisions."""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from simulator.world.specs import FleetSpec


@dataclass(frozen=True, slots=True)
class ButtonClick:
    """`user` selects approve or reject, depending on `action`, at the time `at` or as soon as the bot runs again."""

    user: str
    action: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, which is executed repeatedly; the bot is killed at a different point each time.

    Args:
        name: The scenario's name in the tests.
        fleet: The world, which starts together with the scenario.
        config: The text of daytwo.yaml.
        end: The end of the scenario. Every run has ended by then.
        unknowable: Effects (parts of their names) whose response is the only source of the operation's name. If it is lost, the
            cause of a failure cannot be determined.
        every: `make test` kills the bot at every Nth boundary, the soak test at every boundary.
        receives_events: Whether the bot receives the world's events and budget alerts.
        clicks: The decisions in Slack: who decides, how, and the earliest time. A person acts only while the button is shown.
    """

    name: str
    fleet: FleetSpec
    config: str
    end: datetime
    unknowable: tuple[str, ...] = ()
    every: int = 1
    receives_events: bool = False
    clicks: tuple[ButtonClick, ...] = ()


def scenarios_of(runbook: str) -> tuple[Scenario, ...]:
    """A runbook's scenarios: `SCENARIOS` in the module with the runbook's name in `tests/crash/scenarios/`.

    Raises:
        ModuleNotFoundError: there is no module with that name.
    """
    module = import_module(f"tests.crash.scenarios.{runbook.replace('-', '_')}")
    found: tuple[Scenario, ...] = module.SCENARIOS
    return found


def find_scenario(runbook: str, name: str) -> Scenario:
    """The scenario with this name.

    Raises:
        StopIteration: there is no scenario with that name.
    """
    return next(each for each in scenarios_of(runbook) if each.name == name)
