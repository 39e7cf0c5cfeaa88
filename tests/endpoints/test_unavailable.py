"""While Daytwo's records are unavailable, every route reports that instead of failing."""

import azure.functions as func
import pytest

import ops.functions
from ops.endpoints.routes import Auth
from ops.ports.errors import TryLaterError


class WiringWithoutStore:
    """A process whose store is unavailable when the configuration is read."""

    def context(self, _client: str) -> None:
        raise TryLaterError("the table does not respond")


@pytest.mark.parametrize("auth", Auth)
def test_a_route_responds_with_503_if_the_records_are_unavailable(auth: Auth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops.functions, "wiring", WiringWithoutStore)
    route = next(each for each in ops.functions.all_routes() if each.auth is auth)
    request = func.HttpRequest("GET", "https://localhost/api", body=b"")
    response = ops.functions._respond(route, request, "")  # noqa: SLF001 - the host builds its calls from this
    assert response.status == 503
    assert "records are not available" in response.text()
