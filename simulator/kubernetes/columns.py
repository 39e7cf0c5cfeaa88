"""The columns of each kind's table, as in the printers of the API server (pkg/printers/internalversion) and Karpenter's definitions."""

from datetime import datetime
from typing import cast

from simulator.http_types import JsonObject
from simulator.kubernetes.tables import AGE, NAME, Column, condition, number_at, part, since, text_at


def _node_status(item: JsonObject, _: datetime) -> str:
    ready = {"True": "Ready", "False": "NotReady"}.get(condition(item, "Ready"), "NotReady")
    return f"{ready},SchedulingDisabled" if part(item, "spec", "unschedulable") else ready


def _containers(item: JsonObject) -> list[JsonObject]:
    listed = part(item, "status", "containerStatuses")
    return cast("list[JsonObject]", listed) if isinstance(listed, list) else []


def _ready_containers(item: JsonObject, _: datetime) -> str:
    total = cast("list[object]", part(item, "spec", "containers"))
    return f"{sum(bool(each['ready']) for each in _containers(item))}/{len(total)}"


def _pod_status(item: JsonObject, _: datetime) -> str:
    if part(item, "metadata", "deletionTimestamp"):
        return "Terminating"
    phase = str(part(item, "status", "phase"))
    return "Completed" if phase == "Succeeded" else phase


def _restarts(item: JsonObject, _: datetime) -> str:
    return str(sum(int(str(each["restartCount"])) for each in _containers(item)))


def _limit(name: str) -> Column:
    def cell(item: JsonObject, _: datetime) -> str:
        value = part(item, "spec", name)
        return "N/A" if value is None else str(value)

    return Column({"minAvailable": "Min Available", "maxUnavailable": "Max Unavailable"}[name], cell)


def _last_seen(item: JsonObject, now: datetime) -> str:
    return since(str(item["lastTimestamp"]), now)


def _object(item: JsonObject, _: datetime) -> str:
    return f"{str(part(item, 'involvedObject', 'kind')).lower()}/{part(item, 'involvedObject', 'name')}"


NODE = (
    NAME,
    Column("Status", _node_status),
    Column("Roles", lambda _item, _now: "<none>"),
    AGE,
    Column("Version", text_at("status", "nodeInfo", "kubeletVersion")),
    Column("Internal-IP", lambda _item, _now: "<none>", 1),
    Column("External-IP", lambda _item, _now: "<none>", 1),
    Column("OS-Image", text_at("status", "nodeInfo", "osImage"), 1),
    Column("Kernel-Version", text_at("status", "nodeInfo", "kernelVersion"), 1),
    Column("Container-Runtime", text_at("status", "nodeInfo", "containerRuntimeVersion"), 1),
)
POD = (
    NAME,
    Column("Ready", _ready_containers),
    Column("Status", _pod_status),
    Column("Restarts", _restarts),
    AGE,
    Column("IP", text_at("status", "podIP"), 1),
    Column("Node", text_at("spec", "nodeName"), 1),
    Column("Nominated Node", text_at("status", "nominatedNodeName"), 1),
    Column("Readiness Gates", lambda _item, _now: "<none>", 1),
)
BUDGET = (
    NAME,
    _limit("minAvailable"),
    _limit("maxUnavailable"),
    Column("Allowed Disruptions", number_at("status", "disruptionsAllowed"), type="integer"),
    AGE,
)
DAEMON_SET = (
    NAME,
    Column("Desired", number_at("status", "desiredNumberScheduled"), type="integer"),
    Column("Current", number_at("status", "currentNumberScheduled"), type="integer"),
    Column("Ready", number_at("status", "numberReady"), type="integer"),
    AGE,
)
NAMESPACE = (NAME, Column("Status", text_at("status", "phase")), AGE)
EVENT = (
    Column("Last Seen", _last_seen),
    Column("Type", text_at("type")),
    Column("Reason", text_at("reason")),
    Column("Object", _object),
    Column("Message", text_at("message")),
)
NODE_CLAIM = (
    NAME,
    Column("Type", text_at("metadata", "labels", "node.kubernetes.io/instance-type")),
    Column("Capacity", text_at("metadata", "labels", "karpenter.sh/capacity-type")),
    Column("Zone", text_at("metadata", "labels", "topology.kubernetes.io/zone")),
    Column("Node", text_at("status", "nodeName")),
    Column("Ready", lambda item, _: condition(item, "Ready") or "Unknown"),
    AGE,
    Column("ID", text_at("status", "providerID"), 1),
    Column("NodePool", text_at("metadata", "labels", "karpenter.sh/nodepool"), 1),
    Column("NodeClass", text_at("spec", "nodeClassRef", "name"), 1),
    Column("Drifted", lambda item, _: condition(item, "Drifted"), 1),
)
NODE_POOL = (
    NAME,
    Column("NodeClass", text_at("spec", "template", "spec", "nodeClassRef", "name")),
    Column("Nodes", text_at("status", "resources", "nodes")),
    Column("Ready", lambda item, _: condition(item, "Ready") or "Unknown"),
    AGE,
)
NODE_CLASS = (
    NAME,
    Column("Ready", lambda item, _: condition(item, "Ready") or "Unknown"),
    AGE,
    Column("ImageFamily", text_at("spec", "imageFamily"), 1),
)
