"""The simulated Slack's dialogs without a network, including its checks of triggers and views."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.model.json import Json
from ops.ports.errors import OutsideError, RejectedError
from simulator.slack.triggers import Triggers
from simulator.slack.views import View, ViewError, Views
from tests.fakes import FakeClock


@dataclass
class FakeForms:
    """Implements `Forms`. Each trigger is valid once. `fail` raises errors before a call takes effect, `lose` afterwards."""

    clock: FakeClock = field(default_factory=FakeClock)
    fail: list[OutsideError] = field(default_factory=list)
    lose: list[BaseException] = field(default_factory=list)
    calls: int = 0

    def __post_init__(self) -> None:
        self._triggers = Triggers(self.clock.now)
        self._views = Views(self.clock.now, self._triggers)
        self._reported: set[str] = set()

    @property
    def opened(self) -> list[View]:
        """Every dialog, oldest first."""
        return self._views.all

    def open(self, trigger: str, form: Mapping[str, Json]) -> None:
        """Open the dialog after the same checks that Slack makes."""
        self.calls += 1
        if self.fail:
            raise self.fail.pop(0)
        if trigger not in self._reported:
            self._reported.add(trigger)
            self._triggers.register(trigger, "U0ANA")
        try:
            self._views.open({"trigger_id": trigger, "view": dict(form)})
        except ViewError as error:
            raise RejectedError(str(error), f"opening a form in Slack: Slack says {error} {error.why}") from error
        if self.lose:
            raise self.lose.pop(0)
