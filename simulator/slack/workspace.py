"""The one workspace: its ids and its people."""

from dataclasses import dataclass

from simulator.http_types import JsonObject

TEAM = "T0DAYTWO"
DOMAIN = "daytwo"
APP = "A0DAYTWO"
#: Slack still sends it with each request; it is retired, and proves nothing.
VERIFICATION_TOKEN = "retired-verification-token"  # noqa: S105  # of the simulated workspace


@dataclass(frozen=True, slots=True)
class User:
    """Somebody in the workspace."""

    id: str
    name: str

    def document(self) -> JsonObject:
        """Return what `users.info` says of them."""
        shown = self.name.capitalize()
        return {
            "id": self.id,
            "team_id": TEAM,
            "name": self.name,
            "real_name": shown,
            "deleted": False,
            "is_bot": False,
            "profile": {"real_name": shown, "display_name": self.name},
        }


#: Eve is in the workspace, and in nobody's configuration.
USERS = {
    user.id: user for user in (User("U0ANA", "ana"), User("U0BEN", "ben"), User("U0CLEO", "cleo"), User("U0EVE", "eve"))
}
