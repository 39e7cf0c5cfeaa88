"""A story: a fleet, the configuration that fits it, and people and systems that act by themselves while the time passes."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import trustme

from simulator.control.api import Control
from simulator.stories.hostile_calendar import HostileCalendar, hostile_calendar
from simulator.stories.timed_calls import TimedCalls
from simulator.stories.workspace import Workspace
from simulator.world.specs import FleetSpec
from simulator.world.world import World


@dataclass(frozen=True, slots=True)
class Stage:
    """What the people and systems of a story use: the world, Slack, calls in the world's time, and a calendar server."""

    world: World
    slack: Workspace
    calls: TimedCalls
    calendar: HostileCalendar


@dataclass(frozen=True, slots=True)
class Story:
    """`config` returns a configuration that reads the calendar at an address; `begin` schedules what happens."""

    fleet: FleetSpec
    config: Callable[[str], str]
    begin: Callable[[Stage], None]


class Performance:
    """A story in a running simulation. `calls` belong to the simulation's clock."""

    def __init__(self, story: Story, world: World, control: Control) -> None:
        self.calls = TimedCalls(world.core.scheduler)
        self._story, self._world, self._control = story, world, control
        self._open = ExitStack()

    def begin(self, folder: Path, authority: trustme.CA, origin: str) -> dict[str, str]:
        """Start the calendar server, write the configuration into a folder, and schedule everything. Return the settings for clients."""
        calendar = self._open.enter_context(hostile_calendar(folder, authority))
        self._story.begin(Stage(self._world, Workspace(self._control, origin), self.calls, calendar))
        config = folder / "daytwo.yaml"
        config.write_text(self._story.config(calendar.address()), encoding="utf-8")
        return {"CALENDAR_URL": calendar.address(), "STORY_CONFIG": str(config)}

    def end(self) -> None:
        """Stop the calendar server."""
        self._open.close()
