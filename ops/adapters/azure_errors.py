"""Translates errors from the Azure SDKs into the ports' errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, IncompleteReadError
from azure.identity import CredentialUnavailableError

from ops.adapters.http_client import retry_after_s
from ops.ports.errors import BusyError, DeniedError, NotFoundError, OutsideError, RejectedError, TryLaterError

# Codes that mean another operation is running; they come with status 409 or 400.
_BUSY = frozenset({"OperationNotAllowed", "AKSOperationPreempted", "AKSOperationPreemptedByDelete", "EtagMismatch"})
_THROTTLED = frozenset({"SubscriptionRequestsThrottled", "AKSRequestsThrottled"})


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Translates errors from the Azure SDKs; each text begins with what was attempted.

    Raises:
        DeniedError: the bot's identity was not accepted, or has no permission.
        NotFoundError: the resource does not exist.
        BusyError: another operation is running on it.
        RejectedError: Azure refused the call for another reason.
        TryLaterError: the call may succeed later.
    """  # noqa: DOC501 - what `_refusal` returns is listed
    try:
        yield
    except CredentialUnavailableError as error:
        raise TryLaterError(f"{doing}: the endpoint of the bot's identity did not answer: {_text(error)}") from error
    except ClientAuthenticationError as error:
        raise DeniedError(f"{doing}: the bot's identity was not accepted: {_text(error)}") from error
    except HttpResponseError as error:
        raise _refusal(doing, error) from error
    except IncompleteReadError as error:
        raise TryLaterError(f"{doing}: the response was incomplete") from error
    except AzureError as error:
        raise TryLaterError(f"{doing}: Azure could not be reached: {_text(error)}") from error


def _refusal(doing: str, error: HttpResponseError) -> OutsideError:
    status = error.status_code or 0
    code = error.error.code if error.error is not None and error.error.code else ""
    text = f"{doing}: {code or status}: {_text(error)}"
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in _THROTTLED:
        return TryLaterError(text, retry_after_s(getattr(error.response, "headers", None)))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT or not status:
        return TryLaterError(text, retry_after_s(getattr(error.response, "headers", None)))
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(text)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and code != "RequestDisallowedByPolicy":
        return DeniedError(f"{text}: assign the role in the deployment guide to the bot's identity")
    if status == HTTPStatus.CONFLICT or code in _BUSY:
        return BusyError(text)
    return RejectedError(code or str(status), text)


def _text(error: AzureError) -> str:
    """Returns the first line, since the others repeat it and can contain more than a log should; the class if the error has no text."""
    message = error.error.message if isinstance(error, HttpResponseError) and error.error else error.message
    lines = str(message or error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
