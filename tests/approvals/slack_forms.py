"""Forms as the simulated Slack opens them, without a network: its own checks of triggers and views."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.model.json import Json
from ops.ports.errors import OutsideError, RejectedError
from simulator.slack.triggers import Triggers
from simulator.slack.views import View, ViewError, Views
from tests.fakes import FakeClock


@dataclass
class FakeForms:
    """Implements `Forms`. It knows every trigger, and each opens one form; `fail` comes before, `lose` after the effect."""

    clock: FakeClock = field(default_factory=FakeClock)
    fail: list[OutsideError] = field(default_factory=list)
    lose: list[BaseException] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self._triggers = Triggers(self.clock.now)
        self._views = Views(self.clock.now, self._triggers)
        self._reported: set[str] = set()

    @property
    def opened(self) -> list[View]:
        """Every form, oldest first."""
        return self._views.all

    def open(self, trigger: str, form: Mapping[str, Json]) -> None:
        """Shows it, as Slack would."""
        self.asked += 1
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
