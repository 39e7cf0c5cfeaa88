"""Connects adapters to ports, once per process, as the environment specifies. Nothing is read at import time."""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ops.chats.contract import Connection
    from ops.config.config_file import ConfigFile
    from ops.context import Context
    from ops.endpoints.approval_form import PageAccess
    from ops.endpoints.budget_alerts import BudgetAccess
    from ops.endpoints.routes import Process
    from ops.ports.bundle import Ports
    from ops.ports.runtime import Clock, Events
    from ops.ports.store import Ledger, Store
    from ops.telemetry.metrics import Metrics

_LOG = logging.getLogger(__name__)
_PURGE_AFTER_H = 14 * 24
_REFERENCE = "@Microsoft.KeyVault("
# Two stores or ledgers in one folder would not see each other's locks.
_WIRING = threading.Lock()


class NotConfiguredError(Exception):
    """An app setting that Daytwo requires is missing; the text names it."""


class Wiring(NamedTuple):
    """The objects that exist for the lifetime of the process.

    Attributes:
        ports: all ports except those that depend on the configuration (`chats`, `replies`).
        config: the configuration file.
        connections: the chats by name.
        page: creates the `PageAccess` of the approval page, once; it remembers which rejections are in the ledger.
        budget: creates the `BudgetAccess` of the budget webhook, once, for the same reason.
        process: the dependencies of the timers.
    """

    ports: "Ports"
    config: "ConfigFile"
    connections: "Mapping[str, Connection]"
    page: "Callable[[], PageAccess]"
    budget: "Callable[[], BudgetAccess]"
    process: "Process"

    def context(self, client: Any) -> "Context":
        """Returns the context of one invocation; `client` is its durable client."""
        from dataclasses import replace

        from ops.adapters.durable_engine import DurableEngine
        from ops.context import Context

        config = self.config.current(self.ports.clock.now())
        connected = self.connections.values()
        chats = tuple(chat for each in connected for chat in each.chats(config.settings))
        replies = tuple(way for each in connected for way in each.replies(config.settings))
        return Context(replace(self.ports, chats=chats, replies=replies), DurableEngine(client), config)


def wiring() -> Wiring:
    """Returns this process's wiring, created once; concurrent invocations during a cold start wait for it. Raises NotConfiguredError."""
    with _WIRING:
        return _wired()


def forget_wiring() -> None:
    """Makes the next invocation reread the environment; for tests."""
    with _WIRING:
        _wired.cache_clear()


@cache
def _wired() -> Wiring:
    return wire(os.environ)


def read_only_context(environment: Mapping[str, str], folder: "Path", config: "Path | None") -> "Context":
    """Returns the context for read-only commands: it has no chats, and keeps its records in a folder that can be deleted afterwards."""
    from ops.config.config_file import ConfigState
    from ops.context import Context

    records = {"DAYTWO_STATE": str(folder), "DAYTWO_CONFIG": str(config or folder / "none.yaml")}
    wired = wire({**environment, **records})
    wired.process.refresh_calendars()
    state = wired.config.current(wired.ports.clock.now()) if config else ConfigState(None)
    return Context(wired.ports, NoEngine(), state)


class NoEngine:
    """The `Engine` for commands that do not start anything."""

    def start(self, workflow: str, instance_id: str, payload: object) -> None:
        """Refuses.

        Raises:
            NotConfiguredError: always.
        """
        raise NotConfiguredError(f"a read-only command cannot start {workflow} {instance_id} {payload}")

    def wake(self, instance_id: str) -> None:
        """Does nothing: no instance is waiting."""

    def is_live(self, instance_id: str) -> bool:
        """Returns False: nothing is running."""
        return not instance_id

    def purge(self, instance_id: str) -> None:
        """Does nothing: no history is kept."""


def wire(environment: Mapping[str, str]) -> Wiring:
    """Returns the wiring for an environment. Raises NotConfiguredError."""
    from ops.adapters.azure_clusters import AzureClusters
    from ops.adapters.azure_costs import AzureCosts
    from ops.adapters.azure_endpoint import AzureEndpoint
    from ops.adapters.azure_fleets import AzureFleets
    from ops.adapters.azure_machines import AzureMachines
    from ops.adapters.azure_rights import AzureRights
    from ops.adapters.calendar_feeds import calendar_feeds
    from ops.adapters.kubernetes_nodes import KubernetesNodes
    from ops.adapters.svg_to_png import to_png
    from ops.chats import chat_kinds
    from ops.config.config_file import ConfigFile
    from ops.endpoints.routes import Process
    from ops.model.wording import visible
    from ops.ports.bundle import Ports
    from ops.telemetry.log_fields import install_log_fields

    install_log_fields(visible)
    environment = without_unresolved({name: value.strip() for name, value in environment.items()})
    credential = _credential(environment)
    store, ledger = _records(environment, credential)
    endpoint = AzureEndpoint(environment.get("ARM_URL", AzureEndpoint().url), environment.get("CA_FILE"))
    clusters = AzureClusters(credential, endpoint)
    config = ConfigFile(Path(environment.get("DAYTWO_CONFIG", "daytwo.yaml")), store, calendar_feeds(environment).fetch)
    clock = _clock(environment)
    ports = Ports(
        clock=clock,
        metrics=_metrics(environment),
        store=store,
        ledger=ledger,
        clusters=clusters,
        nodes=KubernetesNodes(credential, clusters.kubeconfig),
        machines=AzureMachines(credential, endpoint),
        rights=AzureRights(credential, endpoint),
        costs=AzureCosts(credential, endpoint),
        fleets=AzureFleets(credential, endpoint),
        chats=(),
        events=_events(environment, credential),
        replies=(),
        address=_address(environment),
        paint=to_png,
    )
    kinds = chat_kinds()
    process = Process(
        pause=None if "CLOCK_URL" in environment else time.sleep,
        purge_after=timedelta(hours=float(environment.get("DAYTWO_PURGE_AFTER_H", _PURGE_AFTER_H))),
        refresh_calendars=lambda: config.refresh(clock.now()),
        housekeeping=tuple(kind.housekeeping for kind in kinds.values()),
    )
    connections = {name: kind.connect(environment, clock) for name, kind in kinds.items()}
    return Wiring(ports, config, connections, _page(environment), _budget(environment), process)


def without_unresolved(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Returns the environment without Key Vault references that App Service could not resolve.

    If a reference cannot be resolved, the setting holds its text instead of the secret (Microsoft Learn, "Use Key Vault
    references": "the reference value is used"). That text is in the template, so it must never be used as a secret.
    """
    unresolved = [name for name, value in environment.items() if value.strip().startswith(_REFERENCE)]
    for name in unresolved:
        _LOG.warning("%s is missing: its Key Vault reference was not resolved. Put the secret into the vault.", name)
    return {name: value for name, value in environment.items() if name not in unresolved}


def _records(environment: Mapping[str, str], credential: Any) -> "tuple[Store, Ledger]":
    """Returns the store and the ledger: in a storage account (DAYTWO_STORAGE) in Azure, in a folder (DAYTWO_STATE) elsewhere.

    Raises:
        NotConfiguredError: neither is set.
    """
    account, state = environment.get("DAYTWO_STORAGE"), environment.get("DAYTWO_STATE")
    if account:
        from ops.adapters.azure_ledger import AzureLedger
        from ops.adapters.azure_store import AzureStore

        tables, blobs = f"https://{account}.table.core.windows.net", f"https://{account}.blob.core.windows.net"
        return AzureStore(tables, blobs, credential), AzureLedger(_ledger_url(environment, blobs), credential)
    if not state:
        raise NotConfiguredError(
            "Set DAYTWO_STORAGE to a storage account, or DAYTWO_STATE to a folder, for Daytwo's records."
        )
    from ops.adapters.file_ledger import FileLedger
    from ops.adapters.sqlite_store import SqliteStore
    from ops.adapters.state_folder import make_folder

    folder = Path(state)
    make_folder(folder)
    return SqliteStore(folder / "store.sqlite"), FileLedger(folder / "ledger")


def _ledger_url(environment: Mapping[str, str], store_url: str) -> str:
    """Returns where the ledger is: in an account of its own (DAYTWO_LEDGER_STORAGE), otherwise in that of the records.

    The Functions host must own the blobs of its account, and an owner can remove an unlocked immutability policy. Only in an
    account of its own can the ledger be protected from Daytwo's identity.
    """
    account = environment.get("DAYTWO_LEDGER_STORAGE")
    if account:
        return f"https://{account}.blob.core.windows.net"
    _LOG.warning(
        "DAYTWO_LEDGER_STORAGE is not set, so the ledger is in the storage account that the Functions host owns, where Daytwo's "
        "identity can delete it. Set it to an account on which the identity can only read and append (infra/main.bicep)."
    )
    return store_url


def _credential(environment: Mapping[str, str]) -> Any:
    """Returns the managed identity in Azure, or `az login` on an engineer's machine."""
    from azure.identity import AzureCliCredential, ManagedIdentityCredential

    if "IDENTITY_ENDPOINT" in environment:
        client_id = environment.get("AZURE_CLIENT_ID")
        return ManagedIdentityCredential(client_id=client_id) if client_id else ManagedIdentityCredential()
    return AzureCliCredential()


def _clock(environment: Mapping[str, str]) -> "Clock":
    from ops.adapters.clocks import WallClock, WorldClock

    url = environment.get("CLOCK_URL")
    return WorldClock(url) if url else WallClock()


def _address(environment: Mapping[str, str]) -> str:
    """Returns the base URL of the pages: DAYTWO_URL, otherwise the name that App Service gives the app; empty if neither is set."""
    host = environment.get("WEBSITE_HOSTNAME", "")
    url = environment.get("DAYTWO_URL") or (f"https://{host}" if host else "")
    return f"{url.rstrip('/')}/api" if url else ""


def _page(environment: Mapping[str, str]) -> "Callable[[], PageAccess]":
    """Whether people must sign in: if so, App Service sets WEBSITE_AUTH_ENABLED and removes its own headers from external requests."""

    @cache
    def page() -> "PageAccess":
        from ops.endpoints.approval_form import PageAccess
        from ops.endpoints.rejected_requests import RejectedRequests

        signs_in = environment.get("WEBSITE_AUTH_ENABLED", "").strip().casefold() == "true"
        return PageAccess(signs_in, environment.get("DAYTWO_PAGE_KEY", ""), RejectedRequests())

    return page


def _budget(environment: Mapping[str, str]) -> "Callable[[], BudgetAccess]":
    @cache
    def budget() -> "BudgetAccess":
        from ops.endpoints.budget_alerts import BudgetAccess
        from ops.endpoints.rejected_requests import RejectedRequests

        return BudgetAccess(environment.get("DAYTWO_BUDGET_KEY", ""), RejectedRequests())

    return budget


def _metrics(environment: Mapping[str, str]) -> "Metrics":
    """Returns OpenTelemetry if DAYTWO_METRICS requests it; otherwise nothing is measured."""
    if environment.get("DAYTWO_METRICS", "").strip().casefold() == "opentelemetry":
        from ops.adapters.otel_metrics import open_telemetry

        return open_telemetry(environment)
    from ops.telemetry.metrics import NoMetrics

    return NoMetrics()


def _events(environment: Mapping[str, str], credential: Any) -> "Events":
    from ops.adapters.event_grid import EventGridTopic, NoEvents

    endpoint = environment.get("EVENTS_TOPIC_ENDPOINT")
    return EventGridTopic(endpoint, credential) if endpoint else NoEvents()
