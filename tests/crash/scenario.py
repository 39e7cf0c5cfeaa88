"""What a runbook's crash scenario says: the world it lives in, and until when."""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from simulator.world.specs import FleetSpec


@dataclass(frozen=True, slots=True)
class Press:
    """`user` presses approve or reject, whichever `action` says, at `at` or as soon as there is a bot again."""

    user: str
    action: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story that is told again and again, killed at another place each time.

    Args:
        name: As the tests call it.
        fleet: The world; its start is the story's.
        config: The text of daytwo.yaml.
        end: When the story is over; every run has ended by then.
        unknowable: Effects (parts of their names) whose lost answer held the only name of the operation: why it failed cannot be
            known afterwards, only that it did.
        every: In `make test` each so-manieth boundary is killed; the soak takes all.
        hears: Whether the world's events and budget alerts are sent to the bot.
        presses: Who decides in Slack, what, and from when on: they press as long as they see the button.
    """

    name: str
    fleet: FleetSpec
    config: str
    end: datetime
    unknowable: tuple[str, ...] = ()
    every: int = 1
    hears: bool = False
    presses: tuple[Press, ...] = ()


def scenarios_of(runbook: str) -> tuple[Scenario, ...]:
    """The scenarios of a runbook: `SCENARIOS` in the module of `tests/crash/scenarios/` that is named like it.

    Raises:
        ModuleNotFoundError: Nobody has written one.
    """
    module = import_module(f"tests.crash.scenarios.{runbook.replace('-', '_')}")
    found: tuple[Scenario, ...] = module.SCENARIOS
    return found


def scenario(runbook: str, name: str) -> Scenario:
    """One of them by its name. Raises StopIteration where there is none."""
    return next(each for each in scenarios_of(runbook) if each.name == name)
