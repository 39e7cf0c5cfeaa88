"""The only workspace, with its ids and its users."""

from dataclasses import dataclass

from simulator.http_types import JsonObject

TEAM = "T0DAYTWO"
DOMAIN = "daytwo"
APP = "A0DAYTWO"
#: The deprecated verification token, which Slack still sends with each request. It does not prove anything.
VERIFICATION_TOKEN = "retired-verification-token"  # noqa: S105  # of the simulated workspace


@dataclass(frozen=True, slots=True)
class User:
    """A user in the workspace."""

    id: str
    name: str

    def document(self) -> JsonObject:
        """Return the user in the format of `users.info`."""
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


#: Eve is in the workspace, but no configuration names her.
USERS = {
    user.id: user for user in (User("U0ANA", "ana"), User("U0BEN", "ben"), User("U0CLEO", "cleo"), User("U0EVE", "eve"))
}
