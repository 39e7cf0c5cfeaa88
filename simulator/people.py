"""The people of the simulated tenant and workspace, who can sign in and use Slack. All are fictitious."""

from dataclasses import dataclass

TENANT = "11111111-1111-1111-1111-111111111111"
ANOTHER_TENANT = "99999999-9999-9999-9999-999999999999"
TEAM = "T0DAYTWO"


@dataclass(frozen=True, slots=True)
class SimulatedPerson:
    """A person with an object id in an Entra tenant and, optionally, a Slack user id. `shown` is the display name."""

    name: str
    shown: str
    entra: str
    slack: str = ""
    tenant: str = TENANT

    @property
    def address(self) -> str:
        """The name with which the person signs in."""
        return f"{self.name}@example.com"


# Ana, Ben and Cleo are in the demonstration's configuration. Eve is not, and Mal works for another company.
PEOPLE = (
    SimulatedPerson("ana", "Ana Lima", "aaaaaaaa-0000-0000-0000-000000000001", "U0ANA"),
    SimulatedPerson("ben", "Ben Okoro", "aaaaaaaa-0000-0000-0000-000000000002", "U0BEN"),
    SimulatedPerson("cleo", "Cleo Marin", "aaaaaaaa-0000-0000-0000-000000000003", "U0CLEO"),
    SimulatedPerson("eve", "Eve Stone", "aaaaaaaa-0000-0000-0000-000000000004", "U0EVE"),
    SimulatedPerson("mal", "Mal of another company", "aaaaaaaa-0000-0000-0000-000000000005", tenant=ANOTHER_TENANT),
)
