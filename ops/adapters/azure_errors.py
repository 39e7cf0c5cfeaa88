"""Translates errors from the Azure SDKs into the ports' errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, IncompleteReadError
from azure.identity import CredentialUnavailableError

from ops.adapters.http_client import retry_after_s
from ops.model.refusal import Answer, System
from ops.policy.refusals import classify
from ops.ports.errors import DeniedError, OutsideError, TryLaterError, error_of

_LONGEST_CODE = 100
# What the SDKs and the conversions to the model raise for an answer of another shape than documented.
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Translates errors from the Azure SDKs; each text begins with what was attempted. Convert the answer inside the block, too.

    Raises:
        DeniedError: the bot's identity was not accepted, or has no permission.
        NotFoundError: the resource does not exist.
        BusyError: another operation is running on it.
        RejectedError: Azure refused the call for another reason.
        AlreadyError: the resource is already in the desired state.
        TryLaterError: the call may succeed later, or its answer cannot be read, so its effect is unknown.
    """
    try:
        yield
    except CredentialUnavailableError as error:
        raise TryLaterError(f"{doing}: the endpoint of the bot's identity did not answer: {_text(error)}") from error
    except ClientAuthenticationError as error:
        raise DeniedError(f"{doing}: the bot's identity was not accepted: {_text(error)}") from error
    except HttpResponseError as error:
        refused = _refusal(doing, error)
        raise refused from error
    except IncompleteReadError as error:
        raise TryLaterError(f"{doing}: the response was incomplete") from error
    except AzureError as error:
        raise TryLaterError(f"{doing}: Azure could not be reached: {_text(error)}") from error
    except UNREADABLE as error:
        raise TryLaterError(
            f"{doing}: the answer cannot be read: {type(error).__name__}: {str(error)[:200]}"
        ) from error


def _refusal(doing: str, error: HttpResponseError) -> OutsideError:
    if not error.status_code:
        return TryLaterError(f"{doing}: {_text(error)}")
    # The SDK takes the code from the answer as it is, whatever its type.
    code = str(error.error.code)[:_LONGEST_CODE] if error.error is not None and error.error.code else ""
    refusal = classify(Answer(System.AZURE, error.status_code, code, _text(error)))
    return error_of(doing, refusal, retry_after_s(getattr(error.response, "headers", None)))


def _text(error: AzureError) -> str:
    """Returns the first line, since the others repeat it and can contain more than a log should; the class if the error has no text."""
    message = error.error.message if isinstance(error, HttpResponseError) and error.error else error.message
    lines = str(message or error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
