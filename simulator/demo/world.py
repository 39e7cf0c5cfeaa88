"""The simulated world as a viewer sees it: clusters, pools and nodes, Slack's channels, and the journal."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from simulator.http_types import JsonObject
from simulator.oracle import read_journal
from simulator.running import control
from simulator.slack.workspace import USERS
from simulator.world.aks import WHO as AKS
from simulator.world.journal import Entry, Kind
from simulator.world.specs import FleetSpec


@dataclass(frozen=True, slots=True)
class WorldPool:
    """A pool (of agents or from node auto-provisioning) with each node's image and the number of Ready nodes."""

    name: str
    image: str
    newest: str
    node_images: tuple[str, ...]
    ready: int


@dataclass(frozen=True, slots=True)
class WorldCluster:
    """A cluster. `operation` is the operation in progress and who started it."""

    name: str
    region: str
    subscription: str
    resource_group: str
    tags: Mapping[str, str]
    channel: str
    automatic: bool
    running: bool
    operation: str
    pools: tuple[WorldPool, ...]

    @property
    def driven_by_aks(self) -> bool:
        """Whether AKS upgrades the cluster's node images (docs/node-image.md, rule 1)."""
        return self.automatic or self.channel in ("NodeImage", "SecurityPatch")


@dataclass(frozen=True, slots=True)
class WorldNow:
    """The state of the world at one point in time."""

    now: datetime
    clusters: tuple[WorldCluster, ...]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message as Slack stores it, with its blocks after the last edit.

    `ts` is Slack's id for the message, and `thread` is the id of the message that it replies to, if any. A message
    with `only_for` is private to that person.
    """

    channel: str
    posted: datetime
    edits: int
    text: str
    blocks: tuple[JsonObject, ...]
    subject: str
    ts: str = ""
    thread: str = ""
    only_for: str = ""


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form that is open for a person in Slack. `longest` is the maximum length of its field; 0 if it does not have one."""

    id: str
    person: str
    title: str
    blocks: tuple[JsonObject, ...]
    label: str
    hint: str
    longest: int
    send: str
    close: str
    error: str


async def read_world(environment: Mapping[str, str]) -> WorldNow:
    """Read the world's current state."""
    document: Any = await asyncio.to_thread(control, environment, "/world")
    return WorldNow(datetime.fromisoformat(document["now"]), tuple(_cluster(found) for found in document["clusters"]))


async def read_chat(environment: Mapping[str, str]) -> tuple[ChatMessage, ...]:
    """Every message in every channel, oldest first."""
    document: Any = await asyncio.to_thread(control, environment, "/slack")
    found = [_message(message, channel["id"]) for channel in document["channels"] for message in channel["messages"]]
    found += [_private(shown) for shown in document["ephemeral"]]
    return tuple(sorted(found, key=lambda message: message.posted))


async def read_forms(environment: Mapping[str, str]) -> tuple[OpenForm, ...]:
    """Every open form, oldest first."""
    document: Any = await asyncio.to_thread(control, environment, "/slack")
    return tuple(_form(view) for view in document["views"] if view["open"])


@dataclass(frozen=True, slots=True)
class AksUpgrade:
    """An image upgrade by AKS itself. `ended` is None while it is running."""

    cluster: str
    pool: str
    began: datetime
    ended: datetime | None


def aks_upgrades(entries: Iterable[Entry]) -> tuple[AksUpgrade, ...]:
    """All upgrades by AKS itself, according to the journal."""
    begun: dict[str, AksUpgrade] = {}
    for entry in entries:
        operation = str(entry.detail.get("operation", ""))
        if entry.kind is Kind.OPERATION_BEGUN and entry.detail.get("who") == AKS:
            begun[operation] = AksUpgrade(str(entry.cluster), entry.pool or "", entry.at, None)
        elif entry.kind is Kind.OPERATION_ENDED and operation in begun:
            begun[operation] = replace(begun[operation], ended=entry.at)
    return tuple(begun.values())


@dataclass(frozen=True, slots=True)
class StoppedPeriod:
    """A period during which a cluster is stopped. `ended` is None while the period lasts."""

    cluster: str
    began: datetime
    ended: datetime | None


def stopped_periods(fleet: FleetSpec, entries: Iterable[Entry]) -> tuple[StoppedPeriod, ...]:
    """The periods during which clusters were stopped, according to the journal."""
    last = {
        cluster.name: StoppedPeriod(cluster.name, fleet.start, None) for cluster in fleet.clusters if cluster.stopped
    }
    over: list[StoppedPeriod] = []
    for entry in entries:
        name = str(entry.cluster)
        if entry.kind is not Kind.POWER or entry.pool is not None:
            continue
        if entry.detail["power"] == "Stopped":
            last[name] = StoppedPeriod(name, entry.at, None)
        elif name in last:
            over.append(replace(last.pop(name), ended=entry.at))
    return (*over, *last.values())


async def journal(environment: Mapping[str, str]) -> list[Entry]:
    """The world's journal."""
    document: Any = await asyncio.to_thread(control, environment, "/journal")
    return read_journal(document["entries"])


def _cluster(found: Any) -> WorldCluster:
    pools = [_pool(pool) for pool in found["pools"]]
    provisioned = found["provisionedNodes"]
    if provisioned:
        images = tuple(node["image"] for node in provisioned)
        pools.append(WorldPool("default", images[0], images[0], images, sum(node["ready"] for node in provisioned)))
    operation = found["operation"]
    return WorldCluster(
        name=found["name"],
        region=found["region"],
        subscription=found["subscription"],
        resource_group=found["resourceGroup"],
        tags=found["tags"],
        channel=found["channel"],
        automatic=found["sku"] == "Automatic",
        running=found["powerState"] == "Running",
        operation=f"{operation['kind']} by {operation['who']}" if operation else "",
        pools=tuple(pools),
    )


def _pool(found: Any) -> WorldPool:
    nodes = found["nodes"]
    images = tuple(node["image"] for node in nodes)
    return WorldPool(found["name"], found["image"], found["newestImage"], images, sum(node["ready"] for node in nodes))


def _message(found: Any, channel: str) -> ChatMessage:
    metadata = found.get("metadata") or {}
    return ChatMessage(
        channel=channel,
        posted=datetime.fromisoformat(found["posted"]),
        edits=found["edits"],
        text=found["text"],
        blocks=tuple(found["blocks"]),
        subject=str(metadata.get("event_payload", {}).get("key", "")),
        ts=found["ts"],
        thread=found.get("thread_ts", ""),
    )


def _private(found: Any) -> ChatMessage:
    posted = datetime.fromisoformat(found["at"])
    only_for = USERS[found["user"]].name
    return ChatMessage(found["channel"], posted, 0, found["text"], tuple(found["blocks"]), "", only_for=only_for)


def _form(view: Any) -> OpenForm:
    fields = [block for block in view["blocks"] if block["type"] == "input"]
    field = fields[0] if fields else {}
    return OpenForm(
        id=view["id"],
        person=USERS[view["user"]].name,
        title=view["title"]["text"],
        blocks=tuple(block for block in view["blocks"] if block["type"] != "input"),
        label=field.get("label", {}).get("text", ""),
        hint=field.get("hint", {}).get("text", ""),
        longest=field.get("element", {}).get("max_length", 0),
        send=view.get("submit", {}).get("text", ""),
        close=view.get("close", {}).get("text", "Close"),
        error=" ".join(view["errors"].values()),
    )
