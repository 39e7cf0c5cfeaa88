"""The tenant's token endpoint (login.microsoftonline.com) for applications that have a client secret."""

from http import HTTPStatus
from urllib.parse import parse_qs

from simulator.azure.tokens import BOT_AUDIENCE, Tenant
from simulator.http_types import HttpRequest, HttpResponse
from simulator.world.specs import TENANT

PREFIX = f"/{TENANT}/"
METADATA = f"{PREFIX}v2.0/.well-known/openid-configuration"
TOKEN = f"{PREFIX}oauth2/v2.0/token"  # an address


class LoginEndpoint:
    """Implements OAuth's client credentials flow for registered applications."""

    def __init__(self, tenant: Tenant, secrets: dict[str, str]) -> None:
        self._tenant = tenant
        self._secrets = secrets

    def handle(self, call: HttpRequest) -> HttpResponse:
        """Handle requests from Microsoft's client library."""
        if call.method == "GET" and call.path == METADATA:
            return HttpResponse(
                200,
                {
                    "issuer": f"https://login.microsoftonline.com/{TENANT}/v2.0",
                    "authorization_endpoint": f"{call.origin}{PREFIX}oauth2/v2.0/authorize",
                    "token_endpoint": f"{call.origin}{TOKEN}",
                    "jwks_uri": f"{call.origin}{PREFIX}discovery/v2.0/keys",
                },
            )
        if call.method == "POST" and call.path == TOKEN:
            return self._token(call)
        return HttpResponse(HTTPStatus.NOT_FOUND, {"error": "not_found"})

    def _token(self, call: HttpRequest) -> HttpResponse:
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return _refusal("unsupported_grant_type", "AADSTS70003: the grant type is not supported.")
        application = form.get("client_id", "")
        if self._secrets.get(application, "") != form.get("client_secret") or application not in self._secrets:
            return _refusal("invalid_client", "AADSTS7000215: Invalid client secret provided.", HTTPStatus.UNAUTHORIZED)
        resource = form.get("scope", "").split(" ")[0].removesuffix("/.default")
        if resource != BOT_AUDIENCE:
            return _refusal("invalid_resource", f"AADSTS500011: the resource principal named {resource!r} is unknown.")
        token = self._tenant.issue(resource, lifetime_s=3600, application=application)
        return HttpResponse(200, {"token_type": "Bearer", "expires_in": 3600, "access_token": token.value})


def _refusal(error: str, description: str, status: int = HTTPStatus.BAD_REQUEST) -> HttpResponse:
    return HttpResponse(status, {"error": error, "error_description": description})
