"""Wires adapters to ports, once a process, from the environment. Nothing is read at import."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.bundle import Ports
    from ops.config.current import ConfigFile
    from ops.model.settings import Settings
    from ops.ports import Chat, Clock, Events
    from ops.workflows.activities.context import Context

_PURGE_AFTER_H = 14 * 24


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

    def context(self, client: Any) -> "Context":
        """What one invocation works with; `client` is its durable client."""
        from ops.adapters.durable_engine import DurableEngine
        from ops.workflows.activities.context import Context

        config = self.config.current(self.ports.clock.now())
        ports = replace(self.ports, chats=self.chats(config.settings))
        return Context(ports, DurableEngine(client), config)


@cache
def wiring() -> Wiring:
    """This process's wiring. Raises NotConfiguredError."""
    return wire(os.environ)


def looking(environment: Mapping[str, str], folder: "Path", config: "Path | None") -> "Context":
    """For the command line: what only looks, with records in a folder that may be thrown away and no chat."""
    from ops.config.current import ConfigState
    from ops.workflows.activities.context import Context

    shown = {name: value for name, value in environment.items() if name != "SLACK_TOKEN"}
    settings = {"DAYTWO_STATE": str(folder), "DAYTWO_CONFIG": str(config or folder / "none.yaml")}
    wired = wire({**shown, **settings})
    state = wired.config.current(wired.ports.clock.now()) if config else ConfigState(None)
    return Context(wired.ports, NoEngine(), state)


class NoEngine:
    """Implements `Engine` where nothing is ever started."""

    def start(self, workflow: str, instance_id: str, payload: object) -> None:
        """Raises NotConfiguredError: looking starts nothing."""
        raise NotConfiguredError(f"{workflow} {instance_id} {payload} was to be started by a command that only looks")

    def hint(self, instance_id: str) -> None:
        """Nobody waits."""

    def is_live(self, instance_id: str) -> bool:
        """Nothing lives."""
        return not instance_id

    def purge(self, instance_id: str) -> None:
        """Nothing is kept."""


def wire(environment: Mapping[str, str]) -> Wiring:
    """The wiring of an environment. Raises NotConfiguredError."""
    from ops.adapters.azure_clusters import AzureClusters, AzureEndpoint
    from ops.adapters.feeds import fetch
    from ops.adapters.file_ledger import FileLedger
    from ops.adapters.kubernetes_nodes import KubernetesNodes
    from ops.adapters.sqlite_store import SqliteStore
    from ops.bundle import Ports
    from ops.config.current import ConfigFile

    state = environment.get("DAYTWO_STATE")
    if not state:
        raise NotConfiguredError("DAYTWO_STATE names no folder for Daytwo's records")
    folder = Path(state)
    folder.mkdir(parents=True, exist_ok=True)
    credential = _credential(environment)
    endpoint = AzureEndpoint(environment.get("ARM_URL", AzureEndpoint().url), environment.get("CA_FILE"))
    clusters = AzureClusters(credential, endpoint)
    store = SqliteStore(folder / "store.sqlite")
    config = ConfigFile(Path(environment.get("DAYTWO_CONFIG", "daytwo.yaml")), store, fetch)
    clock = _clock(environment)
    ports = Ports(
        clock=clock,
        store=store,
        ledger=FileLedger(folder / "ledger"),
        clusters=clusters,
        nodes=KubernetesNodes(credential, clusters.kubeconfig),
        chats=(),
        events=_events(environment, credential),
    )
    hours = float(environment.get("DAYTWO_PURGE_AFTER_H", _PURGE_AFTER_H))
    return Wiring(ports, config, timedelta(hours=hours), _chats(environment))


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
    """Slack, where the configuration names a channel and the app settings hold a token; one client a channel."""
    from ops.adapters.slack_chat import SlackChat

    token, base_url = environment.get("SLACK_TOKEN", ""), environment.get("SLACK_URL", "")

    @cache
    def slack(channel: str) -> SlackChat:
        return SlackChat(token, channel, base_url) if base_url else SlackChat(token, channel)

    def chats(settings: "Settings | None") -> "tuple[Chat, ...]":
        channel = settings.chat.slack_channel if settings else None
        return (slack(channel),) if channel and token else ()

    return chats


def _events(environment: Mapping[str, str], credential: Any) -> "Events":
    from ops.adapters.event_grid import EventGridTopic, NoEvents

    endpoint = environment.get("EVENTS_TOPIC_ENDPOINT")
    return EventGridTopic(endpoint, credential) if endpoint else NoEvents()
