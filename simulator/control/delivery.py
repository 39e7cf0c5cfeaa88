"""Delivers Azure's events and alerts to webhooks: Event Grid's schemas, handshake and retries, and calls by action groups."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Literal, cast

import aiohttp

from simulator.azure.documents import cluster_id, zulu
from simulator.faults import Faults
from simulator.http_types import JsonObject
from simulator.world.core import Alert, Event
from simulator.world.world import World

type Schema = Literal["eventgrid", "cloudevents", "action-group"]

# Event Grid's retry schedule. Without a dead-letter destination, an event is dropped after a day.
RETRIES = (
    *(timedelta(seconds=s) for s in (10, 30)),
    *(timedelta(minutes=m) for m in (1, 5, 10, 30)),
    *(timedelta(hours=h) for h in (1, 3, 6, 12)),
)
RESPONSE_TIMEOUT_S = 30
NOT_RETRIED = (400, 401, 413)
VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"


class HandshakeError(Exception):
    """A webhook failed the validation handshake."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A webhook, and the schema in which it receives events."""

    url: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class _Due:
    event: Event | Alert
    subscriber: Subscriber
    attempt: int


class Delivery:
    """The subscribers and the events that are queued for them."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self.subscribers: list[Subscriber] = []
        self._queued_events = 0
        self._queued_alerts = 0
        self._due: list[_Due] = []
        self.delivered = 0
        self.dropped = 0

    def has_news(self) -> bool:
        """Whether an event is due for delivery now."""
        for event in self._fresh():
            for subscriber in self.subscribers:
                if isinstance(event, Alert) != (subscriber.schema == "action-group"):
                    continue
                for delay in self._faults.event_delays():
                    self._queue(_Due(event, subscriber, 0), delay)
        return bool(self._due)

    def skip_past(self) -> None:
        """Do not deliver what happened before: a process that was killed has delivered it, or it is lost."""
        self._fresh()

    def _fresh(self) -> list[Event | Alert]:
        """Return the events and alerts that have not been queued yet."""
        core = self._world.core
        fresh: list[Event | Alert] = [*core.events[self._queued_events :], *core.alerts[self._queued_alerts :]]
        self._queued_events, self._queued_alerts = len(core.events), len(core.alerts)
        return fresh

    def _queue(self, item: _Due, delay: timedelta) -> None:
        """Queue an event, immediately or with a delay."""
        if delay:
            self._world.core.scheduler.after(delay, lambda: self._due.append(item))
        else:
            self._due.append(item)

    async def deliver(self) -> None:
        """Send the due events. An event whose delivery fails is requeued."""
        due, self._due = self._due, []
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=RESPONSE_TIMEOUT_S)) as session:
            statuses = await asyncio.gather(*(self._send(session, item) for item in due))
        for item, status in zip(due, statuses, strict=True):
            self._settle(item, status)

    async def subscribe(self, subscriber: Subscriber) -> None:
        """Validate a webhook and add it. Action groups do not validate webhooks.

        Raises:
            HandshakeError: the webhook did not respond as Event Grid requires.
        """
        if subscriber.schema == "action-group":
            self.subscribers.append(subscriber)
            return
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=RESPONSE_TIMEOUT_S)) as session:
            try:
                if subscriber.schema == "cloudevents":
                    await _ask_cloudevents(session, subscriber.url)
                else:
                    await _ask_eventgrid(session, subscriber.url, zulu(self._world.now))
            except (aiohttp.ClientError, TimeoutError) as error:
                raise HandshakeError(f"The webhook {subscriber.url} is not reachable: {error}") from error
        self.subscribers.append(subscriber)

    async def _send(self, session: aiohttp.ClientSession, item: _Due) -> int:
        if isinstance(item.event, Alert):
            body: object = item.event.body
            # https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups: custom headers are not supported.
            headers = {"User-Agent": "IcMBroadcaster/1.0"}
        else:
            body, headers = self._message(item.event, item.subscriber.schema)
            headers["aeg-delivery-count"] = str(item.attempt)
        try:
            async with session.post(item.subscriber.url, json=body, headers=headers) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    def _settle(self, item: _Due, status: int) -> None:
        if HTTPStatus.OK <= status <= HTTPStatus.NO_CONTENT:
            self.delivered += 1
        elif status in NOT_RETRIED or item.attempt >= len(RETRIES):
            self.dropped += 1
        else:
            self._queue(_Due(item.event, item.subscriber, item.attempt + 1), RETRIES[item.attempt])

    def _message(self, event: Event, schema: Schema) -> tuple[object, dict[str, str]]:
        """Return the body and headers for an event. Its id is the same in every attempt."""
        topic = event.source or cluster_id(self._world.clusters[event.cluster])
        event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{topic}/{event.identity}"))
        if schema == "cloudevents":
            document: JsonObject = {
                "specversion": "1.0",
                "id": event_id,
                "source": topic,
                "type": event.type,
                "subject": event.subject or event.cluster,
                "time": zulu(event.at),
                "data": dict(event.data),
            }
            return document, {"Content-Type": "application/cloudevents+json; charset=utf-8"}
        return [
            {
                "id": event_id,
                "topic": topic,
                "subject": event.subject or event.cluster,
                "eventType": event.type,
                "eventTime": zulu(event.at),
                "data": dict(event.data),
                "dataVersion": "1",
                "metadataVersion": "1",
            }
        ], {"aeg-event-type": "Notification"}


async def _ask_cloudevents(session: aiohttp.ClientSession, url: str) -> None:
    headers = {"WebHook-Request-Origin": "eventgrid.azure.net"}
    async with session.options(url, headers=headers) as response:
        allowed = response.headers.get("WebHook-Allowed-Origin")
        if response.status != HTTPStatus.OK or allowed not in ("*", "eventgrid.azure.net"):
            raise HandshakeError(f"The webhook {url} responded with {response.status} and allows origin {allowed!r}.")


async def _ask_eventgrid(session: aiohttp.ClientSession, url: str, now: str) -> None:
    code = str(uuid.uuid4())
    event: JsonObject = {
        "id": str(uuid.uuid4()),
        "topic": "",
        "subject": "",
        "eventType": VALIDATION,
        "eventTime": now,
        "data": {"validationCode": code, "validationUrl": ""},
        "dataVersion": "1",
        "metadataVersion": "1",
    }
    async with session.post(url, json=[event], headers={"aeg-event-type": "SubscriptionValidation"}) as response:
        text = await response.text()
        if response.status != HTTPStatus.OK:
            raise HandshakeError(
                f"The webhook {url} responded to the validation event with {response.status}: {text[:200]}"
            )
        body = await response.json(content_type=None)
    if not isinstance(body, dict) or cast("JsonObject", body).get("validationResponse") != code:
        raise HandshakeError(f"The webhook {url} did not return the validation code.")
