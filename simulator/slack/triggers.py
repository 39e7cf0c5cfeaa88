"""Trigger ids: each click and command has one, which can be used to open one modal within three seconds.

Source: https://docs.slack.dev/interactivity/handling-user-interaction ("trigger_id").
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

LIFETIME = timedelta(seconds=3)


class TriggerError(Exception):
    """A trigger id is not valid. The text of the error is Slack's error code."""


@dataclass(slots=True)
class _Trigger:
    user: str
    made: datetime
    is_used: bool = False


class Triggers:
    """All trigger ids that were sent to the app."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.live_for = LIFETIME
        self._now = now
        self._made: dict[str, _Trigger] = {}

    def register(self, identity: str, user: str) -> None:
        """Register a trigger that is being sent now."""
        self._made[identity] = _Trigger(user, self._now())

    def check(self, identity: str) -> str:
        """Return the user who caused a trigger.

        Raises:
            TriggerError: the trigger is unknown, expired or used.
        """
        found = self._made.get(identity)
        if found is None:
            raise TriggerError("invalid_trigger_id")
        if found.is_used:
            raise TriggerError("exchanged_trigger_id")
        if self._now() - found.made > self.live_for:
            raise TriggerError("expired_trigger_id")
        return found.user

    def use(self, identity: str) -> None:
        """Mark a trigger as used."""
        self._made[identity].is_used = True
