"""Translates errors from Slack's SDK into our ports' errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any

from ops.adapters.http_client import retry_after_s
from ops.ports.errors import (
    ClosedChannelError,
    NotDoneError,
    OutsideError,
    RejectedError,
    ThrottledError,
    TryLaterError,
    UneditableError,
)

_TROUBLE = 500
_LIMITED = 429
_LIMITED_S = 30.0
# Slack's errors are codes. Anything else comes from a proxy, or is a partial response that the SDK used as the error.
_CODE = re.compile(r"[a-z0-9_]{1,80}")
_TRANSIENT = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "access_limited"}
)
# A change of this message will never be accepted (api.slack.com/methods/chat.update, "Errors").
_UNEDITABLE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
# Nothing will be accepted in this channel until a person changes something (chat.postMessage and chat.update, "Errors").
_CLOSED = frozenset(
    {
        "is_archived",
        "channel_not_found",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "is_inactive",
    }
)
# Slack reports a file as uploaded before a block can show it (https://github.com/slackapi/python-slack-sdk/issues/1521).
_NOT_READY = "invalid slack file"
_READY_IN_S = 5.0


class PictureNotReadyError(NotDoneError):
    """The picture was uploaded, but Slack has not processed it yet."""


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Translates errors from Slack's SDK. `doing` says what the call does.

    Raises:
        RejectedError: Slack refused the call; the code is Slack's.
        UneditableError: the message can never be edited.
        ClosedChannelError: Slack accepts nothing in this channel.
        TryLaterError: Slack did not answer, rate-limited the call, or is not ready to show a picture.
    """
    from slack_sdk.errors import SlackApiError, SlackClientError

    try:
        yield
    except SlackApiError as error:
        refused = _refusal(doing, error)
        raise refused from error
    except (SlackClientError, HTTPException, OSError) as error:
        raise TryLaterError(f"{doing}: {type(error).__name__}") from error
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        # The SDK raises these if a response does not come from Slack: not JSON, a list, or an unknown charset.
        raise TryLaterError(f"{doing}: the response does not come from Slack ({type(error).__name__})") from error


def required(answer: Any, name: str, doing: str) -> str:
    """Returns a required text from a response.

    Raises:
        TryLaterError: the text is missing, so the outcome is unknown.
    """
    value = _answer(answer).get(name)
    if not isinstance(value, str) or not value:
        raise TryLaterError(f"{doing}: Slack's response has no {name}")
    return value


def _refusal(doing: str, error: Any) -> OutsideError:
    response = error.response
    status = getattr(response, "status_code", 0)
    answer = _answer(response)
    code = str(answer.get("error", ""))
    if status == _LIMITED or code in ("ratelimited", "rate_limited"):
        return ThrottledError(f"{doing}: rate limited", retry_after_s(getattr(response, "headers", None), _LIMITED_S))
    if status >= _TROUBLE or code in _TRANSIENT:
        return TryLaterError(f"{doing}: {code or status}")
    if not _CODE.fullmatch(code):
        return TryLaterError(f"{doing}: the response does not come from Slack (status {status})")
    if code == "invalid_blocks" and _NOT_READY in str(answer.get("errors", "")):
        return PictureNotReadyError(f"{doing}: its picture is not ready", _READY_IN_S)
    kind = UneditableError if code in _UNEDITABLE else ClosedChannelError if code in _CLOSED else RejectedError
    return kind(code, f"{doing}: Slack answered {code}")


def _answer(response: Any) -> dict[str, Any]:
    data = getattr(response, "data", response)
    return data if isinstance(data, dict) else {}
