"""Converts the API server's JSON to the model. It uses plain JSON: the client's own models take ten times as long."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from ops.model.fleet import Node
from ops.model.workload import DisruptionBudget, LabelRequirement, Pod

type Document = Mapping[str, Any]

_POOL = "kubernetes.azure.com/agentpool"
_IMAGE = "kubernetes.azure.com/node-image-version"
_PROVISIONER = "karpenter.sh/nodepool"
_CORDON = "node.kubernetes.io/unschedulable"
# The second is set by Karpenter, for spot machines.
_SCHEDULED = ("VMEventScheduled", "PreemptionScheduled")
_MIRROR = "kubernetes.io/config.mirror"


def node_of(item: Document) -> Node:
    """Converts a node. Nodes created by node auto-provisioning have no pool."""
    metadata, status = item["metadata"], item.get("status") or {}
    labels = metadata.get("labels") or {}
    created = metadata.get("creationTimestamp")
    return Node(
        name=_name(metadata),
        pool=str(labels.get(_POOL) or "") if _PROVISIONER not in labels else "",
        image_label=str(labels.get(_IMAGE) or ""),
        ready=_is_true(status, "Ready"),
        boot_id=str((status.get("nodeInfo") or {}).get("bootID") or ""),
        unschedulable=bool((item.get("spec") or {}).get("unschedulable")),
        provisioner=str(labels.get(_PROVISIONER) or ""),
        created=_instant(created) if created else None,
        annotations=_texts(metadata.get("annotations")),
        provider_id=str((item.get("spec") or {}).get("providerID") or ""),
        event_scheduled=any(_is_true(status, kind) for kind in _SCHEDULED),
        uid=str(metadata.get("uid") or ""),
    )


def pod_of(item: Document) -> Pod:
    """Converts a pod."""
    metadata, status = item["metadata"], item.get("status") or {}
    owners = metadata.get("ownerReferences") or ()
    return Pod(
        namespace=str(metadata["namespace"]),
        name=_name(metadata),
        uid=str(metadata.get("uid") or ""),
        node=str((item.get("spec") or {}).get("nodeName") or ""),
        phase=str(status.get("phase") or ""),
        ready=_is_true(status, "Ready"),
        owner_kind=str(owners[0].get("kind") or "") if owners else "",
        mirror=_MIRROR in (metadata.get("annotations") or {}),
        labels=_texts(metadata.get("labels")),
        deleting=bool(metadata.get("deletionTimestamp")),
        ends=_time(metadata.get("deletionTimestamp")),
        finalizers=tuple(str(each) for each in metadata.get("finalizers") or ()),
        created=_time(metadata.get("creationTimestamp")),
        tolerates_cordon=any(_covers_cordon(each) for each in (item.get("spec") or {}).get("tolerations") or ()),
    )


def key_of(item: Document) -> tuple[str, str]:
    """Returns the namespace and name of an object."""
    return str(item["metadata"]["namespace"]), _name(item["metadata"])


def budget_of(item: Document, surging: Collection[tuple[str, str]] = ()) -> DisruptionBudget:
    """Converts a PDB. A PDB whose status is not set yet allows no evictions. `surging` are the keys of those that surge."""
    metadata, status = item["metadata"], item.get("status") or {}
    spec = item.get("spec") or {}
    selector = spec.get("selector") or {}
    return DisruptionBudget(
        namespace=str(metadata["namespace"]),
        name=_name(metadata),
        match_labels=_texts(selector.get("matchLabels")),
        disruptions_allowed=int(status.get("disruptionsAllowed") or 0),
        current_healthy=int(status.get("currentHealthy") or 0),
        desired_healthy=int(status.get("desiredHealthy") or 0),
        expected_pods=int(status.get("expectedPods") or 0),
        expressions=tuple(_requirement(each) for each in selector.get("matchExpressions") or ()),
        selects_nothing=spec.get("selector") is None,
        always_allows_unready=spec.get("unhealthyPodEvictionPolicy") == "AlwaysAllow",
        surges=key_of(item) in surging,
    )


def _name(metadata: Document) -> str:
    """Returns the object's name.

    Raises:
        ValueError: it has none.
    """
    name = metadata["name"]
    if not isinstance(name, str) or not name:
        raise ValueError("an object without a name")
    return name


def _texts(values: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in (values or {}).items()}


def _instant(text: str) -> datetime:
    """Returns an aware instant.

    Raises:
        ValueError: it is not one.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


def _requirement(expression: Document) -> LabelRequirement:
    values = tuple(str(value) for value in expression.get("values") or ())
    return LabelRequirement(str(expression.get("key") or ""), str(expression.get("operator") or ""), values)


def _covers_cordon(toleration: Document) -> bool:
    """Whether a toleration covers the taint of a cordoned node; one without a key covers every taint."""
    key, effect = toleration.get("key") or "", toleration.get("effect") or ""
    is_for_all = not key and toleration.get("operator") == "Exists"
    return (is_for_all or key == _CORDON) and effect in ("", "NoSchedule")


def _time(text: object) -> datetime | None:
    return _instant(text) if isinstance(text, str) and text else None


def _is_true(status: Document, kind: str) -> bool:
    conditions = status.get("conditions") or ()
    return any(condition["type"] == kind and condition["status"] == "True" for condition in conditions)
