"""What Azure's SDK raises becomes a refusal of our ports, with and without words."""

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


@pytest.mark.parametrize("words", [" ", "\n", "\r\n\t"])
@pytest.mark.parametrize(
    ("error", "refusal", "said"),
    [
        (ServiceRequestError, TryLaterError, "Azure could not be reached: ServiceRequestError"),
        (ServiceResponseError, TryLaterError, "Azure could not be reached: ServiceResponseError"),
        (HttpResponseError, TryLaterError, "0: HttpResponseError"),
        (
            CredentialUnavailableError,
            TryLaterError,
            "the endpoint of the bot's identity did not answer: CredentialUnavailableError",
        ),
        (ClientAuthenticationError, DeniedError, "the bot's identity was not accepted: ClientAuthenticationError"),
    ],
)
def test_an_error_without_words_goes_by_its_class(
    error: type[AzureError], refusal: type[OutsideError], said: str, words: str
) -> None:
    with pytest.raises(refusal) as refused, refusals("reading the cluster shop-dev"):
        raise error(words)
    assert str(refused.value) == f"reading the cluster shop-dev: {said}"


def test_so_does_one_without_a_single_character() -> None:
    with pytest.raises(TryLaterError, match="Azure could not be reached: ServiceRequestError"), refusals("reading"):
        raise ServiceRequestError("")


def test_of_an_error_with_many_lines_the_first_is_reported() -> None:
    with pytest.raises(TryLaterError) as refused, refusals("reading the cluster shop-dev"):
        raise ServiceRequestError("\nconnection refused\nContent: secret")
    assert str(refused.value) == "reading the cluster shop-dev: Azure could not be reached: connection refused"
