"""The unmodified managed identity credential signs in at the simulated App Service endpoint."""

import json
import os
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import jwt
import pytest

from simulator.running import Running

SIGN_IN = """
import json, time
from azure.identity import ManagedIdentityCredential
token = ManagedIdentityCredential().get_token("https://management.azure.com/.default")
print(json.dumps({"token": token.token, "left_s": token.expires_on - time.time()}))
"""


def test_the_managed_identity_credential_gets_a_token_for_its_audience(simulation: Running) -> None:
    """The credential reads its settings from the environment, so it runs in a separate process."""
    environment = {**os.environ, **simulation.environment}
    run = subprocess.run(  # noqa: S603  # this interpreter
        [sys.executable, "-c", SIGN_IN], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    found = json.loads(run.stdout)
    claims = jwt.decode(found["token"], options={"verify_signature": False})
    assert (claims["aud"], claims["tid"], claims["sub"]) == (
        "https://management.azure.com",
        "11111111-1111-1111-1111-111111111111",
        "22222222-2222-2222-2222-222222222222",
    )
    assert 86_000 < found["left_s"] <= 86_400


@pytest.mark.parametrize(
    ("query", "header", "status"),
    [
        ("api-version=2019-08-01&resource=https://management.azure.com", "wrong", 403),
        ("api-version=2017-09-01&resource=https://management.azure.com", None, 400),
        ("api-version=2019-08-01&resource=https://unknown.example", None, 400),
    ],
)
def test_the_endpoint_rejects_invalid_requests(
    simulation: Running, query: str, header: str | None, status: int
) -> None:
    environment = simulation.environment
    headers = {"X-IDENTITY-HEADER": header or environment["IDENTITY_HEADER"]}
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(f"{environment['IDENTITY_ENDPOINT']}?{query}", headers=headers), timeout=30)  # noqa: S310  # ours
    assert caught.value.code == status
