"""The changes that a patch can make to a node: annotations, labels, taints, and whether it is schedulable."""

from http import HTTPStatus
from typing import cast

from simulator.http_types import HttpRequest, JsonObject
from simulator.kubernetes.nodes import derived_taints, node_document, set_labels_of
from simulator.kubernetes.patches import patched
from simulator.kubernetes.status import MODIFIED, StatusError, conflict
from simulator.world import nodes
from simulator.world.core import Core
from simulator.world.state import Cluster, Node, Taint

CHANGEABLE = frozenset({"annotations", "labels"})


def patch_node(core: Core, cluster: Cluster, node: Node, request: HttpRequest, who: str) -> JsonObject:
    """Apply a patch and return the node.

    Raises:
        StatusError: 409 (for another version or another node with the same name), 422 (a field that cannot be changed).
    """
    before = node_document(cluster, node)
    after = patched(before, request)
    old, new = _part(before, "metadata"), _part(after, "metadata")
    if new.get("uid") != old["uid"]:
        what = f"Precondition failed: UID in precondition: {new.get('uid')}, UID in object meta: {old['uid']}"
        raise conflict("nodes", node.name, what)
    if new.get("resourceVersion") not in (None, old["resourceVersion"]):
        raise conflict("nodes", node.name, MODIFIED)
    spec = _part(after, "spec")
    _check_fixed(node.name, before, after)
    if request.query.get("dryRun") == "All":
        return after
    _set_metadata(cluster, node, new)
    _set_taints(cluster, node, spec)
    unschedulable = bool(spec.get("unschedulable", False))
    (nodes.cordon if unschedulable else nodes.uncordon)(core, cluster, node, who)
    return node_document(cluster, node)


def _part(document: JsonObject, name: str) -> JsonObject:
    part = document.get(name)
    return cast("JsonObject", part) if isinstance(part, dict) else {}


def _check_fixed(name: str, before: JsonObject, after: JsonObject) -> None:
    """Reject changes to immutable fields. As in a real API server, changes to the status are ignored."""
    old_spec = {**_part(before, "spec"), "unschedulable": None, "taints": None}
    new_spec = {**_part(after, "spec"), "unschedulable": None, "taints": None}
    if old_spec != new_spec or _part(after, "metadata").get("name") != name:
        message = f'Node "{name}" is invalid: spec: Forbidden: node updates may only change labels, taints, or capacity'
        details: JsonObject = {"name": name, "kind": "Node"}
        raise StatusError(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", message, details)
    for part in CHANGEABLE:
        values = _part(after, "metadata").get(part)
        if isinstance(values, dict) and not all(isinstance(value, str) for value in values.values()):
            raise StatusError(HTTPStatus.BAD_REQUEST, "BadRequest", f"metadata.{part} must map strings to strings")


def _set_metadata(cluster: Cluster, node: Node, metadata: JsonObject) -> None:
    annotations = cast("dict[str, str]", _part(metadata, "annotations"))
    wanted = cast("dict[str, str]", _part(metadata, "labels"))
    given = set_labels_of(cluster, node)
    labels: dict[str, str | None] = {key: value for key, value in wanted.items() if given.get(key) != value}
    labels |= dict.fromkeys(given.keys() - wanted.keys())
    if (annotations, labels) != (node.annotations, node.labels):
        node.annotations, node.labels = dict(annotations), labels
        cluster.touch(node)


def _set_taints(cluster: Cluster, node: Node, spec: JsonObject) -> None:
    listed = spec.get("taints")
    found = cast("list[dict[str, str]]", listed) if isinstance(listed, list) else []
    derived = {(taint.key, taint.effect) for taint in derived_taints(cluster, node)}
    taints = [
        Taint(item["key"], item["effect"], item.get("value", ""))
        for item in found
        if (item["key"], item["effect"]) not in derived
    ]
    if taints != node.taints:
        node.taints = taints
        cluster.touch(node)
