"""Azure SDK errors become port errors, with or without a message."""

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.identity import CredentialUnavailableError

from ops.adapters.azure_errors import refusals
from ops.ports.errors import DeniedError, OutsideError, TryLaterError


@pytest.mark.parametrize("text", [" ", "\n", "\r\n\t"])
@pytest.mark.parametrize(
    ("error", "refusal", "message"),
    [
        (ServiceRequestError, TryLaterError, "Azure could not be reached: ServiceRequestError"),
        (ServiceResponseError, TryLaterError, "Azure could not be reached: ServiceResponseError"),
        (HttpResponseError, TryLaterError, "HttpResponseError"),
        (
            CredentialUnavailableError,
            TryLaterError,
            "the endpoint of the bot's identity did not answer: CredentialUnavailableError",
        ),
        (ClientAuthenticationError, DeniedError, "the bot's identity was not accepted: ClientAuthenticationError"),
    ],
)
def test_an_error_without_a_message_is_reported_by_its_class(
    error: type[AzureError], refusal: type[OutsideError], message: str, text: str
) -> None:
    with pytest.raises(refusal) as refused, refusals("reading the cluster shop-dev"):
        raise error(text)
    assert str(refused.value) == f"reading the cluster shop-dev: {message}"


def test_an_empty_error_is_reported_by_its_class() -> None:
    with pytest.raises(TryLaterError, match="Azure could not be reached: ServiceRequestError"), refusals("reading"):
        raise ServiceRequestError("")


def test_only_the_first_line_of_an_error_is_reported() -> None:
    with pytest.raises(TryLaterError) as refused, refusals("reading the cluster shop-dev"):
        raise ServiceRequestError("\nconnection refused\nContent: secret")
    assert str(refused.value) == "reading the cluster shop-dev: Azure could not be reached: connection refused"
