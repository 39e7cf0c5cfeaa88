"""Trigger ids: each press and command has one, which opens one form within three seconds.

Source: https://docs.slack.dev/interactivity/handling-user-interaction ("trigger_id").
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

LIVES = timedelta(seconds=3)


class TriggerError(Exception):
    """A trigger that opens nothing; the text is Slack's own word for it."""


@dataclass(slots=True)
class _Trigger:
    user: str
    made: datetime
    is_used: bool = False


class Triggers:
    """Every trigger that was told to the app, by its id."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.live_for = LIVES
        self._now = now
        self._made: dict[str, _Trigger] = {}

    def tell(self, identity: str, user: str) -> None:
        """Remember one that goes out now."""
        self._made[identity] = _Trigger(user, self._now())

    def check(self, identity: str) -> str:
        """Return the user whom it belongs to. Raises TriggerError."""
        found = self._made.get(identity)
        if found is None:
            raise TriggerError("invalid_trigger_id")
        if found.is_used:
            raise TriggerError("exchanged_trigger_id")
        if self._now() - found.made > self.live_for:
            raise TriggerError("expired_trigger_id")
        return found.user

    def use(self, identity: str) -> None:
        """Use it up."""
        self._made[identity].is_used = True
