"""What the app's settings say of the doors that people come through."""

from dataclasses import dataclass, field

from ops.endpoints.rejected_requests import RejectedRequests

SHORTEST_KEY = 32


@dataclass(frozen=True, slots=True)
class PageAccess:
    """What the app's settings say of the page: whether App Service signs people in, and the key that signs its forms."""

    sign_in: bool
    key: str
    refusals: RejectedRequests = field(default_factory=RejectedRequests)

    @property
    def missing(self) -> str:
        """What is missing, and what to do; empty where people can decide here."""
        if not self.sign_in:
            return (
                "sign-in is not switched on for this app: switch on App Service authentication with Microsoft Entra ID"
            )
        if len(self.key) < SHORTEST_KEY:
            return f"the app setting DAYTWO_PAGE_KEY is missing or too short: give it {SHORTEST_KEY} random characters or more"
        return ""
