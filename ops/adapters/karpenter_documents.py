"""Converts NodeClaims (karpenter.sh/v1) and AKSNodeClasses (karpenter.azure.com/v1beta1) to the model.

Source: the types of karpenter-provider-azure. `status.imageID` is either the id of a gallery image or, if AKS creates the
machine, the value of the node's label.
"""

import re
from collections.abc import Mapping
from typing import Any

from ops.model.auto_provisioning import NodeClaim, NodeClass

type Document = Mapping[str, Any]

_DRIFTED = "Drifted"
# A community gallery has a suffix: AKSUbuntu-38d80f77-467a-481f-a8d4-09b6d4220bd2.
_GALLERY = re.compile(
    r"/(?:galleries|communitygalleries)/([A-Za-z]+)[^/]*/images/([^/]+)/versions/([^/]+)$", re.IGNORECASE
)


def claim_of(item: Document) -> NodeClaim:
    """Converts a NodeClaim."""
    spec, status = item.get("spec") or {}, item.get("status") or {}
    return NodeClaim(
        name=str(item["metadata"]["name"]),
        node=str(status.get("nodeName") or ""),
        node_class=str((spec.get("nodeClassRef") or {}).get("name") or ""),
        image=image_name(str(status.get("imageID") or "")),
        drift=_drift(status),
    )


def class_of(item: Document) -> NodeClass:
    """Converts an AKSNodeClass."""
    images = (item.get("status") or {}).get("images") or ()
    named = (image_name(str(image.get("id") or "")) for image in images)
    return NodeClass(str(item["metadata"]["name"]), tuple(name for name in named if name))


def image_name(text: str) -> str:
    """Returns the id of a gallery image in the form of a node's label; any other text as it is."""
    found = _GALLERY.search(text)
    return "-".join(found.groups()) if found else text


def _drift(status: Document) -> str:
    for condition in status.get("conditions") or ():
        if condition.get("type") == _DRIFTED and condition.get("status") == "True":
            return str(condition.get("reason") or _DRIFTED)
    return ""
