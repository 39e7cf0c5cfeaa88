"""App Service's managed-identity endpoint (IDENTITY_ENDPOINT), version 2019-08-01."""

from simulator.azure.tokens import Tenant
from simulator.http_types import HttpRequest, HttpResponse
from simulator.world.specs import PRINCIPAL

API_VERSIONS = ("2019-08-01",)


class IdentityEndpoint:
    """Issues tokens to callers that send the app's secret in a header."""

    def __init__(self, tenant: Tenant, header: str) -> None:
        self._tenant = tenant
        self.header = header

    def handle(self, call: HttpRequest) -> HttpResponse:
        """Handle ``GET ?api-version=2019-08-01&resource=...`` as App Service does."""
        if call.headers.get("X-IDENTITY-HEADER") != self.header:
            return _refusal(403, "The X-IDENTITY-HEADER is missing or wrong.")
        if call.query.get("api-version") not in API_VERSIONS:
            return _refusal(400, f"The api-version must be one of {', '.join(API_VERSIONS)}.")
        resource = call.query.get("resource", "")
        if not self._tenant.knows(resource):
            return _refusal(
                400, f"AADSTS500011: the resource principal named {resource!r} was not found in the tenant."
            )
        # A user-assigned identity is requested by its client id, which is also the bot's application id.
        application = call.query.get("client_id", PRINCIPAL)
        token = self._tenant.issue(resource, application=application)
        return HttpResponse(
            200,
            {
                "access_token": token.value,
                "client_id": application,
                "expires_on": str(token.expires_on),
                "resource": resource,
                "token_type": "Bearer",
            },
        )


def _refusal(status: int, message: str) -> HttpResponse:
    return HttpResponse(status, {"statusCode": status, "message": message})
