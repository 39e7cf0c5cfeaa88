"""NodeClaims and AKSNodeClasses in the forms that karpenter-provider-azure writes."""

import pytest

from ops.adapters.karpenter_documents import claim_of, class_of, image_name
from ops.model.auto_provisioning import NodeClaim, NodeClass

GALLERY = "/subscriptions/S/resourceGroups/AKS-Ubuntu/providers/Microsoft.Compute/galleries/AKSUbuntu"
MANAGED = f"{GALLERY}/images/2404gen2containerd/versions/202611.05.0"
COMMUNITY = (
    "/CommunityGalleries/AKSUbuntu-38d80f77-467a-481f-a8d4-09b6d4220bd2/images/2404gen2containerd/versions/202611.05.0"
)
LABEL = "AKSUbuntu-2404gen2containerd-202611.05.0"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (MANAGED, LABEL),
        (COMMUNITY, LABEL),
        (MANAGED.lower(), LABEL.lower()),
        (LABEL, LABEL),
        ("", ""),
        ("odd", "odd"),
    ],
)
def test_an_image_is_named_like_the_label_of_a_node(text: str, name: str) -> None:
    assert image_name(text) == name


def test_a_claim_has_its_node_class_image_and_drift() -> None:
    conditions = [{"type": "Ready", "status": "True"}, {"type": "Drifted", "status": "True", "reason": "ImageDrift"}]
    status = {"nodeName": "aks-default-a", "imageID": MANAGED, "conditions": conditions}
    spec = {"nodeClassRef": {"group": "karpenter.azure.com", "kind": "AKSNodeClass", "name": "default"}}
    claim = claim_of({"metadata": {"name": "default-a"}, "spec": spec, "status": status})
    assert claim == NodeClaim("default-a", "aks-default-a", "default", LABEL, "ImageDrift")


@pytest.mark.parametrize(
    "status", [None, {}, {"conditions": None}, {"conditions": [{"type": "Drifted", "status": "False"}]}]
)
def test_a_claim_that_says_little_is_still_a_claim(status: object) -> None:
    assert claim_of({"metadata": {"name": "a"}, "status": status}) == NodeClaim("a", "", "", "")


def test_a_class_has_the_images_of_new_nodes() -> None:
    images = [{"id": MANAGED, "requirements": []}, {"requirements": []}]
    found = class_of({"metadata": {"name": "default"}, "status": {"images": images}})
    assert found == NodeClass("default", (LABEL,))
    assert class_of({"metadata": {"name": "default"}}) == NodeClass("default", ())
