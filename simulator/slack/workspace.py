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
    """A user in the workspace. `shown` is the display name, which the user can choose: it proves nothing."""

    id: str
    name: str
    shown: str = ""

    def document(self) -> JsonObject:
        """Return the user in the format of `users.info`."""
        shown = self.shown or self.name.capitalize()
        return {
            "id": self.id,
            "team_id": TEAM,
            "name": self.name,
            "real_name": shown,
            "deleted": False,
            "is_bot": False,
            "profile": {"real_name": shown, "display_name": self.shown or self.name},
        }


#: No configuration names Eve and Mal. Mal calls himself what Ana is called. Dan is for configurations that give him no rights.
USERS = {
    user.id: user
    for user in (
        User("U0ANA", "ana"),
        User("U0BEN", "ben"),
        User("U0CLEO", "cleo"),
        User("U0DAN", "dan"),
        User("U0EVE", "eve"),
        User("U0MAL", "mal", "\u202eAna"),
    )
}
