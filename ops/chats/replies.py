"""Private answers by whichever chat's address came with the request."""

from collections.abc import Mapping
from dataclasses import dataclass

from ops.model.json import Json
from ops.ports.chat import Replies
from ops.ports.errors import RejectedError

_TEAMS = "teams-bot:"


@dataclass(frozen=True, slots=True)
class RepliesByAddress:
    """Implements `Answers`: `teams-bot:…` goes to the bot, everything else to the web hooks."""

    hooks: Replies
    teams: Replies | None

    def answer(self, address: str, content: Mapping[str, Json]) -> None:
        """Send one."""
        if not address.startswith(_TEAMS):
            self.hooks.answer(address, content)
        elif self.teams is not None:
            self.teams.answer(address, content)
        else:
            raise RejectedError("NoBot", "answering in Teams: there is no Teams bot here any more")
