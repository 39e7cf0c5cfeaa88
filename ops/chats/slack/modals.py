"""Slack's modals through its SDK, within 1.5 s, because Slack allows only three seconds for everything after a button is used."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from ops.chats.slack.errors import refusals, required
from ops.model.json import Json
from ops.ports.errors import TryLaterError

if TYPE_CHECKING:
    from slack_sdk import WebClient

_WITHIN_S = 1.5
# Ends a call after it was abandoned; the SDK applies this timeout to each read.
_SOCKET_S = 2
_AT_ONCE = 8
_DOING = "opening a dialog in Slack"


@dataclass
class SlackModals:
    """Implements `Forms`. `base_url` is the address of Slack or of a test server."""

    token: str = field(repr=False)
    base_url: str = "https://slack.com/api/"

    def open(self, trigger: str, form: Mapping[str, Json]) -> None:
        """Makes one attempt, abandoned after 1.5 s in total.

        Raises:
            TryLaterError: Slack did not answer in time. Also raises the errors that `refusals` raises.
        """
        opening = self._pool.submit(self._open, trigger, form)
        try:
            opening.result(_WITHIN_S)
        except TimeoutError:
            opening.cancel()  # a call that is still queued does not start
            raise TryLaterError(f"{_DOING}: no answer within {_WITHIN_S} s") from None

    def _open(self, trigger: str, form: Mapping[str, Json]) -> None:
        with refusals(_DOING):
            answer = self._client.views_open(trigger_id=trigger, view=cast("Any", form))
            required(answer.get("view"), "id", _DOING)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="slack-modals")

    @cached_property
    def _client(self) -> "WebClient":
        from slack_sdk import WebClient

        return WebClient(token=self.token, base_url=self.base_url, timeout=_SOCKET_S, retry_handlers=[])
