"""Wires adapters to ports, once a process, from the environment. Nothing is read at import."""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.telemetry.log_fields import install_log_fields

if TYPE_CHECKING:
    from ops.chats.slack.endpoint import Guard
    from ops.chats.teams.wiring import Bot
    from ops.config.config_file import ConfigFile
    from ops.context import Context
    from ops.endpoints.page_access import PageAccess
    from ops.ports.bundle import Ports
    from ops.ports.chat import Chat, Forms
    from ops.ports.runtime import Clock, Events
    from ops.ports.store import Ledger, Store
    from ops.settings import Settings
    from ops.telemetry.metrics import Metrics

_LOG = logging.getLogger(__name__)
_PURGE_AFTER_H = 14 * 24
_REFERENCE = "@Microsoft.KeyVault("


# Two stores or ledgers on one folder would not know of each other.
_WIRING = threading.Lock()


class NotConfiguredError(Exception):
    """A setting that Daytwo cannot do without is missing; the text names it."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What lives as long as the process."""

    ports: "Ports"
    config: "ConfigFile"
    purge_after: timedelta
    # Asked for by each invocation: a configuration that comes later, or names another channel, needs no restart.
    chats: "Callable[[Settings | None], tuple[Chat, ...]]"
    # Made when Slack first knocks: it remembers, for the process, which refusals are in the ledger.
    slack_guard: "Callable[[], Guard]"
    bot: "Bot"
    page: "Callable[[], PageAccess]"
    # How a tick waits, in seconds, for a chat that takes so much a minute; None where waiting moves no clock.
    pause: Callable[[float], None] | None

    def read_calendars(self) -> None:
        """For timers, since it may wait for somebody's intranet: fetches the calendars whose time has come."""
        self.config.refresh(self.ports.clock.now())

    def context(self, client: Any) -> "Context":
        """What one invocation works with; `client` is its durable client."""
        from ops.adapters.durable_engine import DurableEngine
        from ops.chats.replies import RepliesByAddress
        from ops.context import Context

        config = self.config.current(self.ports.clock.now())
        door, chat = self.bot(config.settings)
        chats = self.chats(config.settings) + ((chat,) if chat is not None else ())
        ports = replace(self.ports, chats=chats, bot=door, answers=RepliesByAddress(self.ports.answers, door))
        return Context(ports, DurableEngine(client), config)


def wiring() -> Wiring:
    """This process's wiring, made once: invocations that come together at a cold start wait for one. Raises NotConfiguredError."""
    with _WIRING:
        return _wired()


def forget_wiring() -> None:
    """For a process that lives several lives, as tests do: the next invocation reads the environment anew."""
    with _WIRING:
        _wired.cache_clear()


@cache
def _wired() -> Wiring:
    return wire(os.environ)


def looking(environment: Mapping[str, str], folder: "Path", config: "Path | None") -> "Context":
    """For the command line: what only looks, with records in a folder that may be thrown away and no chat."""
    from ops.config.config_file import ConfigState
    from ops.context import Context

    shown = {name: value for name, value in environment.items() if name != "SLACK_TOKEN"}
    settings = {"DAYTWO_STATE": str(folder), "DAYTWO_CONFIG": str(config or folder / "none.yaml")}
    wired = wire({**shown, **settings})
    wired.read_calendars()
    state = wired.config.current(wired.ports.clock.now()) if config else ConfigState(None)
    return Context(wired.ports, NoEngine(), state)


class NoEngine:
    """Implements `Engine` where nothing is ever started."""

    def start(self, workflow: str, instance_id: str, payload: object) -> None:
        """Raises NotConfiguredError: looking starts nothing."""
        raise NotConfiguredError(f"{workflow} {instance_id} {payload} was to be started by a command that only looks")

    def wake(self, instance_id: str) -> None:
        """Nobody waits."""

    def is_live(self, instance_id: str) -> bool:
        """Nothing lives."""
        return not instance_id

    def purge(self, instance_id: str) -> None:
        """Nothing is kept."""


def wire(environment: Mapping[str, str]) -> Wiring:
    """The wiring of an environment. Raises NotConfiguredError."""
    install_log_fields()
    from ops.adapters.azure_clusters import AzureClusters, AzureEndpoint
    from ops.adapters.azure_costs import AzureCosts
    from ops.adapters.azure_machines import AzureMachines
    from ops.adapters.calendar_feeds import fetch
    from ops.adapters.kubernetes_nodes import KubernetesNodes
    from ops.adapters.svg_to_png import to_png
    from ops.chats.slack.response_url import SlackResponseUrl
    from ops.chats.teams.wiring import teams_bot
    from ops.config.config_file import ConfigFile
    from ops.ports.bundle import Ports

    environment = without_unresolved({name: value.strip() for name, value in environment.items()})
    # Its log lines hold whole addresses, and a webhook's address is a secret.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    credential = _credential(environment)
    store, ledger = _records(environment, credential)
    endpoint = AzureEndpoint(environment.get("ARM_URL", AzureEndpoint().url), environment.get("CA_FILE"))
    clusters = AzureClusters(credential, endpoint)
    config = ConfigFile(Path(environment.get("DAYTWO_CONFIG", "daytwo.yaml")), store, fetch)
    clock = _clock(environment)
    ports = Ports(
        clock=clock,
        metrics=_metrics(environment),
        store=store,
        ledger=ledger,
        clusters=clusters,
        nodes=KubernetesNodes(credential, clusters.kubeconfig),
        machines=AzureMachines(credential, endpoint),
        costs=AzureCosts(credential, endpoint),
        chats=(),
        events=_events(environment, credential),
        answers=SlackResponseUrl(_answer_hosts(environment)),
        address=_address(environment),
        paint=to_png,
        forms=_forms(environment),
    )
    hours = float(environment.get("DAYTWO_PURGE_AFTER_H", _PURGE_AFTER_H))
    chats, guard, bot = _chats(environment), _slack_guard(environment, clock), teams_bot(environment, clock)
    pause = None if "CLOCK_URL" in environment else time.sleep
    return Wiring(ports, config, timedelta(hours=hours), chats, guard, bot, _page(environment), pause)


def without_unresolved(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment without vault references that App Service could not resolve.

    Their text stands in the settings instead of the secret, and everybody can read it in the template: a door that took
    it for its key would open to whoever does (Microsoft Learn, "Use Key Vault references": "the reference value is used").
    """
    unresolved = [name for name, value in environment.items() if value.strip().startswith(_REFERENCE)]
    for name in unresolved:
        _LOG.warning("%s is not there: its key vault reference was not resolved; put the secret into the vault", name)
    return {name: value for name, value in environment.items() if name not in unresolved}


def _records(environment: Mapping[str, str], credential: Any) -> "tuple[Store, Ledger]":
    """A storage account in Azure (DAYTWO_STORAGE names it), a folder elsewhere (DAYTWO_STATE)."""
    account, state = environment.get("DAYTWO_STORAGE"), environment.get("DAYTWO_STATE")
    if account:
        from ops.adapters.azure_ledger import AzureLedger
        from ops.adapters.azure_store import AzureStore

        tables, blobs = f"https://{account}.table.core.windows.net", f"https://{account}.blob.core.windows.net"
        return AzureStore(tables, blobs, credential), AzureLedger(blobs, credential)
    if not state:
        raise NotConfiguredError(
            "neither DAYTWO_STORAGE names a storage account nor DAYTWO_STATE a folder for Daytwo's records"
        )
    from ops.adapters.file_ledger import FileLedger
    from ops.adapters.sqlite_store import SqliteStore

    folder = Path(state)
    folder.mkdir(parents=True, exist_ok=True)
    return SqliteStore(folder / "store.sqlite"), FileLedger(folder / "ledger")


def _credential(environment: Mapping[str, str]) -> Any:
    """The managed identity in Azure, `az login` on an engineer's machine."""
    from azure.identity import AzureCliCredential, ManagedIdentityCredential

    if "IDENTITY_ENDPOINT" in environment:
        client_id = environment.get("AZURE_CLIENT_ID")
        return ManagedIdentityCredential(client_id=client_id) if client_id else ManagedIdentityCredential()
    return AzureCliCredential()


def _clock(environment: Mapping[str, str]) -> "Clock":
    from ops.adapters.clocks import WallClock, WorldClock

    url = environment.get("CLOCK_URL")
    return WorldClock(url) if url else WallClock()


def _chats(environment: Mapping[str, str]) -> "Callable[[Settings | None], tuple[Chat, ...]]":
    """Slack where the configuration names a channel, Teams where it has that section; each where the app settings hold its secret."""
    from ops.chats.slack.client import SlackChat
    from ops.chats.teams.webhook import TeamsChat, UnusableWebhookError

    token, base_url = environment.get("SLACK_TOKEN", ""), environment.get("SLACK_URL", "")
    webhook = environment.get("TEAMS_WEBHOOK", "")

    @cache
    def slack(channel: str) -> SlackChat:
        return SlackChat(token, channel, base_url) if base_url else SlackChat(token, channel)

    @cache
    def teams(envelope: str) -> TeamsChat | None:
        try:
            return TeamsChat(webhook, envelope)
        except UnusableWebhookError:
            return None  # `problems_of` says so; the other chats go on

    def chats(settings: "Settings | None") -> "tuple[Chat, ...]":
        if settings is None:
            return ()
        channel, envelope = settings.chat.slack_channel, settings.chat.teams_envelope
        found: list[Chat] = []
        if channel and token:
            found.append(slack(channel))
        if envelope and webhook and (hook := teams(envelope)) is not None:
            found.append(hook)
        return tuple(found)

    return chats


def _forms(environment: Mapping[str, str]) -> "Forms | None":
    """Slack's, by the token that posts there."""
    from ops.chats.slack.modals import SlackModals

    token, base_url = environment.get("SLACK_TOKEN", ""), environment.get("SLACK_URL", "")
    if not token:
        return None
    return SlackModals(token, base_url) if base_url else SlackModals(token)


def _slack_guard(environment: Mapping[str, str], clock: "Clock") -> "Callable[[], Guard]":
    """Slack's doors, closed where SLACK_SIGNING_SECRET is not set."""

    @cache
    def guard() -> "Guard":
        from ops.chats.slack.endpoint import Guard
        from ops.chats.slack.signature import SlackSignature
        from ops.endpoints.rejected_requests import RejectedRequests

        secret = environment.get("SLACK_SIGNING_SECRET", "").strip()
        return Guard(SlackSignature(secret, clock) if secret else None, RejectedRequests())

    return guard


def _answer_hosts(environment: Mapping[str, str]) -> frozenset[str]:
    """Where private answers may go: Slack's own host, and in a simulated world that world's."""
    from urllib.parse import urlsplit

    simulated = urlsplit(environment.get("SLACK_URL", "")).netloc
    return frozenset({"hooks.slack.com", simulated} - {""})


def _address(environment: Mapping[str, str]) -> str:
    """Where people reach the pages: DAYTWO_URL, else the name that App Service gives the app; empty where there is none."""
    host = environment.get("WEBSITE_HOSTNAME", "")
    url = environment.get("DAYTWO_URL") or (f"https://{host}" if host else "")
    return f"{url.rstrip('/')}/api" if url else ""


def _page(environment: Mapping[str, str]) -> "Callable[[], PageAccess]":
    """App Service says by WEBSITE_AUTH_ENABLED that it signs people in, and that nobody else can set its headers."""

    @cache
    def page() -> "PageAccess":
        from ops.endpoints.page_access import PageAccess
        from ops.endpoints.rejected_requests import RejectedRequests

        signs_in = environment.get("WEBSITE_AUTH_ENABLED", "").strip().casefold() == "true"
        return PageAccess(signs_in, environment.get("DAYTWO_PAGE_KEY", ""), RejectedRequests())

    return page


def _metrics(environment: Mapping[str, str]) -> "Metrics":
    """OpenTelemetry if DAYTWO_METRICS asks for it; otherwise nothing is measured."""
    if environment.get("DAYTWO_METRICS", "").strip().casefold() == "opentelemetry":
        from ops.adapters.otel_metrics import open_telemetry

        return open_telemetry(environment)
    from ops.telemetry.metrics import NoMetrics

    return NoMetrics()


def _events(environment: Mapping[str, str], credential: Any) -> "Events":
    from ops.adapters.event_grid import EventGridTopic, NoEvents

    endpoint = environment.get("EVENTS_TOPIC_ENDPOINT")
    return EventGridTopic(endpoint, credential) if endpoint else NoEvents()
