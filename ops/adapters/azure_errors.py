"""What Azure's SDK raises, as the refusals of our ports."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, IncompleteReadError
from azure.identity import CredentialUnavailableError

from ops.adapters.http_client import retry_after_s
from ops.ports.errors import BusyError, DeniedError, NotFoundError, OutsideError, RejectedError, TryLaterError

# Another operation is in the way, by code: it may come with 409 or 400.
_BUSY = frozenset({"OperationNotAllowed", "AKSOperationPreempted", "AKSOperationPreemptedByDelete", "EtagMismatch"})
_THROTTLED = frozenset({"SubscriptionRequestsThrottled", "AKSRequestsThrottled"})


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Raises what a port may raise, with what was being done in front."""
    try:
        yield
    except CredentialUnavailableError as error:
        raise TryLaterError(f"{doing}: our identity's endpoint did not answer: {_text(error)}") from error
    except ClientAuthenticationError as error:
        raise DeniedError(f"{doing}: our identity was not accepted: {_text(error)}") from error
    except HttpResponseError as error:
        raise _refusal(doing, error) from error
    except IncompleteReadError as error:
        raise TryLaterError(f"{doing}: the answer broke off") from error
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
        return DeniedError(f"{text}: give the bot's identity the role of the guide")
    if status == HTTPStatus.CONFLICT or code in _BUSY:
        return BusyError(text)
    return RejectedError(code or str(status), text)


def _text(error: AzureError) -> str:
    """The first line; what follows repeats it, and may hold more than a log should. An error without words goes by its class."""
    message = error.error.message if isinstance(error, HttpResponseError) and error.error else error.message
    lines = str(message or error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
