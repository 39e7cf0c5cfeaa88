"""What defines a crash scenario: its world and its end."""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from simulator.world.specs import FleetSpec


@dataclass(frozen=True, slots=True)
class ButtonClick:
    """`user` selects approve or reject, as `action` says, at `at` or as soon as the bot runs again."""

    user: str
    action: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, executed repeatedly and killed at a different point each time.

    Args:
        name: The scenario's name in the tests.
        fleet: The world, which starts together with the scenario.
        config: The text of daytwo.yaml.
        end: When the scenario is over. Every run has ended by then.
        unknowable: Effects (parts of their names) whose lost response contained the only name of the operation, so the
            cause of a failure cannot be determined afterwards.
        every: `make test` kills at every Nth boundary, the soak test at all of them.
        receives_events: Whether the bot receives the world's events and budget alerts.
        clicks: The decisions in Slack: who decides, how, and when at the earliest. A person acts while the button is shown.
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
